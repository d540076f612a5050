"""`tongdai switch`: listing, and letting an Asterisk be simulated."""

import json
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.support.programs import complaint_of, output_of
from tongdai.db.pool import Connection
from tongdai.ids import TenantId
from tongdai.switches import store
from tongdai.switches.model import DEFAULT_NAME, Heartbeat, Kind, Switch
from tongdai.tenants import store as tenants

HEARTBEAT = Heartbeat(Kind.ASTERISK, True, "Asterisk 22.1", "tongdai", "pbx1", live_calls=3, placed_10s=7)
_AGE = "update switch set alive_at = now() - $2::float8 * interval '1 second' where switch_id = $1"


async def led(conn: Connection, name: str, heartbeat: Heartbeat, age_s: float) -> Switch:
    """A switch of that name whose leader wrote this heartbeat so long ago; negative: it will not get old."""
    switch = await store.find_or_add(conn, name)
    await store.beat(conn, switch.switch_id, heartbeat)
    await conn.execute(_AGE, switch.switch_id, age_s)
    return switch


def listed(run: Run) -> dict[str, dict[str, Any]]:
    """The rows of `tongdai switch list --json` by name."""
    return {row["name"]: row for row in json.loads(output_of(run("switch", "list", "--json")))}


async def test_switch_is_listed_with_the_report_of_its_leader_and_its_tenants(
    run: Run, two_tenants: Connection
) -> None:
    hanoi = await led(two_tenants, "hanoi", HEARTBEAT, age_s=-3600)
    output_of(run("tenant", "create", "810", "--name", "A"))
    assert await tenants.set_switch(two_tenants, TenantId(810), hanoi)
    row = listed(run)["hanoi"]
    assert row.pop("aliveAt") is not None
    assert row == {
        "name": "hanoi", "kind": "asterisk", "description": "Asterisk 22.1", "running": True, "up": True,
        "host": "pbx1", "liveCalls": 3, "tenants": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "connected", "age_s", "running", "up"),
    [("hue", False, -3600, True, False), ("dalat", True, 60, False, False), ("cantho", True, -3600, True, True)],
    ids=["disconnected", "without a heartbeat", "connected"],
)
async def test_switch_is_up_while_its_leader_runs_and_is_connected(
    run: Run, two_tenants: Connection, name: str, connected: bool, age_s: float, running: bool, up: bool
) -> None:
    heartbeat = Heartbeat(Kind.ASTERISK, connected, "Asterisk 22.1", "tongdai", "pbx1", live_calls=0, placed_10s=0)
    await led(two_tenants, name, heartbeat, age_s)
    row = listed(run)[name]
    assert (row["running"], row["up"]) == (running, up)


async def test_switch_that_nobody_has_led_is_listed_without_a_report(run: Run, two_tenants: Connection) -> None:
    await store.find_or_add(two_tenants, "vinh")
    head, *lines = [line.split("\t") for line in output_of(run("switch", "list")).splitlines()]
    assert head == ["name", "kind", "description", "running", "up", "aliveAt", "host", "liveCalls", "tenants"]
    assert lines[0][0] == DEFAULT_NAME
    assert ["vinh", "-", "-", "False", "False", "-", "-", "0", "0"] in lines


async def test_switch_that_was_an_asterisk_may_be_simulated(run: Run, two_tenants: Connection) -> None:
    for name in ("saigon", "danang"):
        await led(two_tenants, name, HEARTBEAT, age_s=60)
    assert output_of(run("switch", "simulate", "saigon")) == "Switch saigon may be simulated.\n"
    found = {switch.name: switch.kind for switch in await store.list_switches(two_tenants)}
    assert (found["saigon"], found["danang"]) == (Kind.SIMULATED, Kind.ASTERISK)


@pytest.mark.usefixtures("two_tenants")
def test_unknown_switch_is_not_simulated_and_not_added(run: Run) -> None:
    complaint = complaint_of(run("switch", "simulate", "nowhere"), 1)
    assert "switch nowhere not found; list switches with tongdai switch list" in complaint
    assert "nowhere" not in listed(run)
