"""`tongdai number`."""

import json

import pytest

from tests.cli.conftest import Run
from tests.support.programs import complaint_of, output_of

pytestmark = pytest.mark.usefixtures("two_tenants")


def test_number_is_given_listed_and_taken(run: Run) -> None:
    assert output_of(run("number", "give", "028 7300 1234", "--tenant", "5")) == "Number +842873001234 is tenant 5's.\n"
    said = output_of(run("number", "give", "19006363", "--tenant", "8", "--trunk", "carrier"))
    assert said == "Number +8419006363 is tenant 8's, whose calls come by carrier.\n"
    rows = json.loads(output_of(run("number", "list", "--tenant", "5", "--json")))
    assert rows == [{"number": "+842873001234", "national": "02873001234", "tenantId": 5, "trunk": None}]
    assert "+8419006363\t19006363\t8\tcarrier\n" in output_of(run("number", "list"))
    other = complaint_of(run("number", "give", "+842873001234", "--tenant", "8"), 1)
    assert "another tenant's: take it first with tongdai number take +842873001234" in other
    claimed = complaint_of(run("queue", "create", "--tenant", "8", "--name", "A", "--number", "02873001234"), 1)
    assert "another tenant's number" in claimed
    assert output_of(run("number", "take", "02873001234")) == "Number +842873001234 is no longer tenant 5's.\n"
    assert "nobody has number 02873001234" in complaint_of(run("number", "take", "02873001234"), 1)
    output_of(run("number", "take", "19006363"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("give", "abc", "--tenant", "5"), "is not a phone number"),
        (("give", "02873001234", "--tenant", "77"), "tenant 77 not found"),
        (("list", "--tenant", "77"), "tenant 77 not found"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_given(run: Run, words: tuple[str, ...], said: str) -> None:
    assert said in complaint_of(run("number", *words), 1)
    assert json.loads(output_of(run("number", "list", "--json"))) == []


def test_trunk_of_another_tenant_brings_no_number(run: Run) -> None:
    output_of(run("endpoint", "give", "their-carrier", "--trunk", "--tenant", "8"))
    said = complaint_of(run("number", "give", "02873001234", "--tenant", "5", "--trunk", "their-carrier"), 1)
    assert "their-carrier is no trunk of tenant 5" in said
    output_of(run("endpoint", "take", "their-carrier"))
