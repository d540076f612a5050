"""`tongdai tenant`: creating, listing, moving, time zones, rate limits."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support.calls import a_call, new_agent, new_queue
from tests.support.contacts import new_campaign
from tests.support.programs import PLAIN, PROGRAM, complaint_of, output_of
from tongdai.db.pool import Connection
from tongdai.ids import TenantId
from tongdai.switches import store as switches
from tongdai.switches.model import DEFAULT_NAME


def test_tenant_is_created_listed_and_not_created_twice(run: Run) -> None:
    output_of(run("tenant", "create", "123456789012345678", "--name", "[red]Đông Á[/red]", "--country", "us"))
    assert "tenant 123456789012345678 exists already" in complaint_of(
        run("tenant", "create", "123456789012345678", "--name", "Again"), 1
    )
    lines = [line.split("\t") for line in output_of(run("tenant", "list")).splitlines()]
    assert lines[0] == ["tenantId", "name", "country", "tenantLimit", "routeLimit", "createdAt", "timeZone"]
    assert ["123456789012345678", "[red]Đông Á[/red]", "US", "-", "-"] in [line[:5] for line in lines]
    listed = json.loads(output_of(run("tenant", "list", "--json")))
    mine = next(row for row in listed if row["tenantId"] == 123456789012345678)
    assert (mine["name"], mine["country"], mine["tenantLimit"]) == ("[red]Đông Á[/red]", "US", None)


@pytest.mark.parametrize(
    ("tenant_id", "args", "zone"),
    [
        ("701", "", "Asia/Ho_Chi_Minh"),
        ("702", "--country SG", "Asia/Singapore"),
        ("703", "--country US", "UTC"),
        ("704", "--country US --zone America/New_York", "America/New_York"),
    ],
)
def test_tenant_is_in_the_zone_given_or_the_only_one_of_its_country(
    run: Run, tenant_id: str, args: str, zone: str
) -> None:
    assert f"in {zone}." in output_of(run("tenant", "create", tenant_id, "--name", "A", *args.split()))
    listed = json.loads(output_of(run("tenant", "list", "--json")))
    assert [row["timeZone"] for row in listed if row["tenantId"] == int(tenant_id)] == [zone]


def test_zone_of_a_tenant_is_set_and_must_be_one(run: Run) -> None:
    output_of(run("tenant", "create", "705", "--name", "A"))
    output_of(run("tenant", "zone", "705", "Asia/Bangkok"))
    listed = json.loads(output_of(run("tenant", "list", "--json")))
    assert [row["timeZone"] for row in listed if row["tenantId"] == 705] == ["Asia/Bangkok"]
    assert "'Bangkok' is no time zone" in complaint_of(run("tenant", "zone", "705", "Bangkok"), 2)
    assert "tenant 706 not found; list tenants with tongdai tenant list" in complaint_of(
        run("tenant", "zone", "706", "UTC"), 1
    )


async def test_tenant_moves_to_another_switch(run: Run, two_tenants: Connection) -> None:
    for name in ("first", "second"):
        await switches.find_or_add(two_tenants, name)
    output_of(run("tenant", "create", "801", "--name", "A"))
    output_of(run("tenant", "create", "802", "--name", "B", "--switch", "second"))
    assert output_of(run("tenant", "move", "801", "--switch", "first")) == "Tenant 801 is on switch first.\n"
    output_of(run("tenant", "move", "801", "--switch", "first"))
    found = [(await switches.of_tenant(two_tenants, TenantId(tenant_id))).name for tenant_id in (801, 802)]
    assert found == ["first", "second"]


async def test_tenant_with_live_calls_or_agents_who_are_signed_in_does_not_move(
    run: Run, two_tenants: Connection
) -> None:
    await switches.find_or_add(two_tenants, "third")
    output_of(run("tenant", "create", "803", "--name", "A"))
    tenant_id, move = TenantId(803), ("tenant", "move", "803", "--switch", "third")
    call_id = await a_call(two_tenants, tenant_id, await new_campaign(two_tenants, tenant_id), state="ringing")
    queue_id = await new_queue(two_tenants, tenant_id)
    await new_agent(two_tenants, tenant_id, queue_id, "offline")
    for state in ("idle", "talking"):
        await new_agent(two_tenants, tenant_id, queue_id, state)
    assert "tenant 803 has 1 active call and 2 agents signed in: pause its campaigns" in complaint_of(run(*move), 1)
    await two_tenants.execute("delete from call where tenant_id = $1 and call_id = $2", tenant_id, call_id)
    assert "tenant 803 has 0 active calls and 2 agents signed in" in complaint_of(run(*move), 1)
    await two_tenants.execute("delete from agent where tenant_id = $1 and state <> 'offline'", tenant_id)
    assert (await switches.of_tenant(two_tenants, tenant_id)).name == DEFAULT_NAME
    output_of(run(*move))
    assert (await switches.of_tenant(two_tenants, tenant_id)).name == "third"


async def test_moves_of_an_unknown_tenant_or_to_an_unknown_switch_are_refused(
    run: Run, two_tenants: Connection
) -> None:
    await switches.find_or_add(two_tenants, "fourth")
    output_of(run("tenant", "create", "804", "--name", "A"))
    assert "tenant 404 not found" in complaint_of(run("tenant", "move", "404", "--switch", "fourth"), 1)
    assert "switch nowhere not found; list switches with tongdai switch list" in complaint_of(
        run("tenant", "move", "804", "--switch", "nowhere"), 1
    )
    assert "--switch" in complaint_of(run("tenant", "move", "804"), 2)
    assert (await switches.of_tenant(two_tenants, TenantId(804))).name == DEFAULT_NAME


def test_calling_hours_of_a_tenant_are_shown_set_and_restored(run: Run) -> None:
    output_of(run("tenant", "create", "707", "--name", "A"))
    default = "calling hours: daily 08:00-21:00 (default)\n"
    assert output_of(run("tenant", "hours", "707")) == default
    own = "calling hours: mon-fri 08:00-20:00; sat 08:00-12:00\n"
    assert output_of(run("tenant", "hours", "707", "mon-fri 08:00-20:00", "sat 08:00-12:00")) == own
    assert output_of(run("tenant", "hours", "707")) == own
    assert output_of(run("tenant", "hours", "707", "--default")) == default
    assert "over midnight" in complaint_of(run("tenant", "hours", "707", "mon 20:00-08:00"), 2)
    assert "expected days and times" in complaint_of(run("tenant", "hours", "707", "always"), 2)
    assert "give it alone" in complaint_of(run("tenant", "hours", "707", "daily 08:00-09:00", "--default"), 2)
    assert "tenant 708 not found" in complaint_of(run("tenant", "hours", "708", "daily 08:00-09:00"), 1)


@pytest.mark.usefixtures("two_tenants")
def test_limits_change_only_where_they_are_given(run: Run) -> None:
    def limits(*args: str) -> list[str]:
        return output_of(run("tenant", "limits", "5", *args)).splitlines()

    tenant_default, route_default = (
        "tenant limit: 600 requests in 10 s (default)",
        "route limit: 200 requests in 10 s (default)",
    )
    assert limits() == [tenant_default, route_default]
    assert limits("--tenant-limit", "1200") == ["tenant limit: 1200 requests in 10 s", route_default]
    both = ["tenant limit: 1200 requests in 10 s", "route limit: 7 requests in 10 s"]
    assert limits("--route-limit", "7") == both
    assert limits() == both
    assert limits("--default") == [tenant_default, route_default]
    assert limits() == [tenant_default, route_default]


@pytest.mark.parametrize("options", [(), ("--tenant-limit", "5"), ("--default",)])
def test_limits_of_an_unknown_tenant(run: Run, options: tuple[str, ...]) -> None:
    assert "tenant 404 not found" in complaint_of(run("tenant", "limits", "404", *options), 1)


@pytest.mark.parametrize(
    "args",
    ["key create --tenant 404 --scopes queue", "key list --tenant 404", "campaign create --tenant 404 --name x",
     "campaign list --tenant 404", "campaign start --tenant 404 --campaign 1",
     "queue create --tenant 404 --name x", "queue list --tenant 404"],
)  # fmt: skip
def test_commands_of_an_unknown_tenant(run: Run, args: str) -> None:
    assert "tenant 404 not found" in complaint_of(run(*args.split()), 1)


def test_a_terminal_gets_a_table(own_data_dir: tuple[Path, str], run: Run) -> None:
    run("tenant", "create", "6", "--name", "[bold]Six[/bold]")
    screen, terminal = pty.openpty()
    env = PLAIN | {"TONGDAI_DATA_DIR": str(own_data_dir[0]), "TERM": "xterm", "COLUMNS": "120"}
    subprocess.run([PROGRAM, "tenant", "list"], env=env, stdout=terminal, check=True)
    os.close(terminal)
    shown = os.read(screen, 65536).decode()
    os.close(screen)
    assert "[bold]Six[/bold]" in shown
    assert "───" in shown
