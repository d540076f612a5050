"""`tongdai endpoint`, and what the first tenant keeps when a second is created."""

import json

import pytest

from tests.cli.conftest import Run
from tests.support.databases import FreshDatabase, environment_of
from tests.support.programs import complaint_of, output_of
from tongdai.db.pool import connect
from tongdai.switches import store as switches
from tongdai.switches.model import DEFAULT, Kind


@pytest.mark.usefixtures("two_tenants")
def test_endpoints_are_given_listed_and_taken(run: Run) -> None:
    said = output_of(run("endpoint", "give", "agent-7", "agent-8", "--phone", "--tenant", "5"))
    assert said == "agent-7, agent-8 on switch default: phone of tenant 5.\n"
    output_of(run("endpoint", "give", "carrier", "--trunk", "--all-tenants"))
    rows = json.loads(output_of(run("endpoint", "list", "--json")))
    assert rows == [
        {"switch": "default", "name": "agent-7", "kind": "phone", "tenantId": 5},
        {"switch": "default", "name": "agent-8", "kind": "phone", "tenantId": 5},
        {"switch": "default", "name": "carrier", "kind": "trunk", "tenantId": None},
    ]
    assert "carrier" not in output_of(run("endpoint", "list", "--tenant", "5"))
    taken = complaint_of(run("endpoint", "give", "agent-9", "agent-7", "--phone", "--tenant", "8"), 1)
    assert "agent-7 is a phone of tenant 5: take it first with tongdai endpoint take agent-7" in taken
    assert "agent-9" not in output_of(run("endpoint", "list"))  # all or none
    said = output_of(run("endpoint", "take", "carrier"))
    assert said == "carrier on switch default is no longer a trunk of all tenants.\n"
    assert "nobody has carrier" in complaint_of(run("endpoint", "take", "carrier"), 1)
    for name in ("agent-7", "agent-8"):
        output_of(run("endpoint", "take", name))


@pytest.mark.usefixtures("two_tenants")
@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (("a", "--tenant", "5"), "Expected --phone or --trunk", 2),
        (("a", "--phone"), "either --tenant ID or --all-tenants", 2),
        (("a", "--phone", "--all-tenants"), "Only trunks are given to all tenants", 2),
        (("a b", "--phone", "--tenant", "5"), "name of a PJSIP endpoint", 2),
        (("a", "--phone", "--tenant", "5", "--switch", "nowhere"), "switch nowhere not found", 1),
        (("a", "--phone", "--tenant", "77"), "tenant 77 not found", 1),
    ],
)
def test_what_is_wrong_is_said(run: Run, words: tuple[str, ...], said: str, code: int) -> None:
    assert said in complaint_of(run("endpoint", "give", *words), code)


@pytest.mark.usefixtures("two_tenants")
def test_trunk_of_another_is_refused_in_a_campaign_by_the_command_line(run: Run) -> None:
    output_of(run("endpoint", "give", "theirs", "--trunk", "--tenant", "8"))
    said = complaint_of(run("campaign", "create", "--tenant", "5", "--name", "By their trunk", "--trunk", "theirs"), 1)
    assert "tongdai endpoint give theirs --trunk --tenant 5" in said
    assert "By their trunk" not in output_of(run("campaign", "list", "--tenant", "5"))
    output_of(run("endpoint", "take", "theirs"))


async def test_second_tenant_is_created_with_a_word_on_what_the_first_keeps(
    run: Run, fresh_database: FreshDatabase
) -> None:
    async with fresh_database() as dsn:
        env = environment_of(dsn)
        conn = await connect(dsn, name="tests")
        await switches.set_kind(conn, DEFAULT, Kind.ASTERISK)
        await conn.close()
        output_of(run("tenant", "create", "5", "--name", "Five", **env))
        output_of(run("campaign", "create", "--tenant", "5", "--name", "A", "--trunk", "carrier", **env))
        made = run("tenant", "create", "8", "--name", "Eight", **env)
        assert "The first tenant keeps the phones and trunks that it uses: carrier." in made.stderr
        new = ("campaign", "create", "--tenant", "8", "--name", "B", "--trunk", "carrier")
        assert "tongdai endpoint give carrier --trunk --tenant 8" in complaint_of(run(*new, **env), 1)
