"""`tongdai queue holidays` and `holiday`."""

import json
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.support.programs import complaint_of, output_of

pytestmark = pytest.mark.usefixtures("two_tenants")


def listed(run: Run) -> dict[str, Any]:
    rows = json.loads(output_of(run("queue", "holidays", "--tenant", "5", "--year", "2027", "--json")))
    return {row.pop("date"): row for row in rows}


def test_holidays_are_listed_and_changed(run: Run) -> None:
    before = listed(run)
    assert before["2027-02-06"]["name"] == "Tết Nguyên Đán"
    day = ("queue", "holiday", "--tenant", "5")
    assert output_of(run(*day, "2027-07-10", "--name", "Du lịch")) == "2027-07-10 set.\n"
    output_of(run(*day, "2027-02-05", "--open", "08:00-10:00", "--open", "13:00-14:00"))
    assert output_of(run(*day, "2027-09-03", "--remove")) == "2027-09-03 removed.\n"
    after = listed(run)
    assert after["2027-07-10"]["name"] == "Du lịch"
    assert after["2027-02-05"]["open"] == ["08:00-10:00", "13:00-14:00"]
    assert after["2027-09-03"]["removed"]
    for one in ("2027-07-10", "2027-02-05", "2027-09-03"):
        assert output_of(run(*day, one, "--reset")) == f"{one} reset.\n"
    assert listed(run) == before


def test_what_cannot_be_is_refused(run: Run) -> None:
    day = ("queue", "holiday", "--tenant", "5")
    assert "name is missing: 2027-07-10 is no public holiday" in complaint_of(run(*day, "2027-07-10"), 1)
    assert "date must be a day" in complaint_of(run(*day, "10/07/2027", "--name", "A"), 1)
    assert "expected two times" in complaint_of(run(*day, "2027-01-01", "--open", "8-12"), 2)
    assert "Give one of" in complaint_of(run(*day, "2027-01-01", "--remove", "--reset"), 2)
