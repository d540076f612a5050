"""`tongdai queue`."""

import json

import pytest

from tests.cli.conftest import Run
from tests.support.programs import complaint_of, output_of


@pytest.mark.usefixtures("two_tenants")
def test_queue_is_created_and_its_number_is_its_own(run: Run) -> None:
    made = output_of(run("queue", "create", "--tenant", "5", "--name", "Hỗ trợ", "--number", "19006363"))
    again = run("queue", "create", "--tenant", "5", "--name", "Other", "--number", "19006363")
    assert "has number 19006363" in complaint_of(again, 1)
    assert f"{made.strip()}\tHỗ trợ\t19006363\tnormal\t-\t-\t-\n" in output_of(run("queue", "list", "--tenant", "5"))
    rows = json.loads(output_of(run("queue", "list", "--tenant", "5", "--json")))
    assert [(row["queueId"], row["strategy"]) for row in rows] == [(int(made), "normal")]


@pytest.mark.usefixtures("two_tenants")
def test_number_that_was_not_given_to_the_tenant_is_reported(run: Run) -> None:
    made = run("queue", "create", "--tenant", "5", "--name", "A", "--number", "02873001234")
    assert int(output_of(made))
    assert made.stderr == "Its callers are refused until: tongdai number give 02873001234 --tenant 5\n"
    output_of(run("number", "give", "02873001235", "--tenant", "5"))
    for more in (["--number", "02873001235"], []):
        made = run("queue", "create", "--tenant", "5", "--name", "B", *more)
        assert int(output_of(made))
        assert not made.stderr
