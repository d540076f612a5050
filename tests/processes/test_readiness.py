"""Readiness: whether switches are led and imports are worked at, by what the database knows."""

from collections.abc import AsyncGenerator

import pytest

from tests.support.contacts import new_campaign
from tests.support.databases import FreshDatabase
from tongdai.contacts import store as contacts
from tongdai.db.pool import Connection, connect
from tongdai.ids import TenantId
from tongdai.processes.readiness import WorkStatus, work_status
from tongdai.switches import store as switches
from tongdai.switches.model import DEFAULT, DEFAULT_NAME, Heartbeat, Kind
from tongdai.testing import factories

UP = Heartbeat(Kind.SIMULATED, True, "simulated", "tongdai", "here", live_calls=0, placed_10s=0)
_BEAT_AT = "update switch set alive_at = now() - $2::float8 * interval '1 second' where switch_id = $1"
_POST = """
insert into import_job (tenant_id, campaign_id, list_id, list_name, total_rows, status, created_at, finished_at,
    lease_until, undo_requested_at, undone_at)
values ($1, $2, $3, 'A', 0, $4, now() - interval '1 minute', case when $4 in ('done', 'failed') then now() end,
    now() + $5::float8 * interval '1 second', case when $6 then now() end, case when $6 then now() end)
"""
_CLAIMED = """
insert into import_turn (tenant_id, served_at) values ($1, now() - $2::float8 * interval '1 second')
on conflict (tenant_id) do update set served_at = excluded.served_at
"""
LONG_S = 3600.0
"""Longer than the test takes."""


@pytest.fixture(scope="module")
async def own(fresh_database: FreshDatabase) -> AsyncGenerator[Connection]:
    """A connection to a database without switches that are led, and without imports."""
    async with fresh_database() as dsn:
        conn = await connect(dsn, name="tests")
        yield conn
        await conn.close()


@pytest.fixture
async def conn(own: Connection) -> AsyncGenerator[Connection]:
    """The same, in a transaction that is rolled back."""
    transaction = own.transaction()
    await transaction.start()
    yield own
    await transaction.rollback()


async def post_import(
    conn: Connection,
    tenant_id: TenantId,
    status: str = "pending",
    lease_s: float | None = None,
    *,
    undone: bool = False,
) -> None:
    """Insert an import that was posted a minute ago."""
    campaign_id = await new_campaign(conn, tenant_id)
    list_id = await contacts.list_named(conn, tenant_id, campaign_id, "A")
    await conn.execute(_POST, tenant_id, campaign_id, list_id, status, lease_s, undone)


# Switches


async def test_switch_that_nobody_has_led_has_no_leader(conn: Connection) -> None:
    status = await work_status(conn)
    assert status.heartbeats == {DEFAULT_NAME: None}
    assert not status.leads(DEFAULT_NAME)
    assert not status.leads("hanoi")


async def test_switch_is_led_while_its_heartbeat_is_recent(conn: Connection) -> None:
    hanoi = await switches.find_or_add(conn, "hanoi")
    for switch_id, age_s in ((DEFAULT, -LONG_S), (hanoi.switch_id, 11)):
        await switches.beat(conn, switch_id, UP)
        await conn.execute(_BEAT_AT, switch_id, age_s)
    status = await work_status(conn)
    assert (status.leads(DEFAULT_NAME), status.leads("hanoi")) == (True, False)


@pytest.mark.parametrize(("age_s", "led"), [(0.0, True), (9.9, True), (10.0, False), (60.0, False)])
def test_heartbeat_is_recent_for_less_than_ten_seconds(age_s: float, led: bool) -> None:
    assert WorkStatus({"hanoi": age_s}, None, None).leads("hanoi") is led


async def test_leader_that_is_not_connected_leads_nevertheless(conn: Connection) -> None:
    """The switch is down, not the work of this installation."""
    down = Heartbeat(Kind.ASTERISK, False, "", "tongdai", "here", live_calls=0, placed_10s=0)
    await switches.beat(conn, DEFAULT, down)
    await conn.execute(_BEAT_AT, DEFAULT, -LONG_S)
    assert (await work_status(conn)).leads(DEFAULT_NAME)


# Imports


async def test_imports_are_worked_at_while_none_waits(conn: Connection) -> None:
    status = await work_status(conn)
    assert (status.import_claim_s, status.import_waiting_s) == (None, None)
    assert status.imports


async def test_import_that_nobody_claims_is_not_worked_at(conn: Connection, tenant_id: TenantId) -> None:
    await post_import(conn, tenant_id)
    status = await work_status(conn)
    assert status.import_waiting_s is not None
    assert status.import_waiting_s >= 60
    assert not status.imports


@pytest.mark.parametrize(("claimed_s", "worked_at"), [(-LONG_S, True), (60, False)], ids=["lately", "long ago"])
async def test_import_may_wait_while_others_are_claimed(
    conn: Connection, tenant_id: TenantId, claimed_s: float, worked_at: bool
) -> None:
    """The last claim of any tenant counts."""
    await post_import(conn, tenant_id)
    await conn.execute(_CLAIMED, tenant_id, 120)
    await conn.execute(_CLAIMED, await factories.tenant(conn), claimed_s)
    assert (await work_status(conn)).imports is worked_at


@pytest.mark.parametrize(
    ("status", "lease_s", "undone", "worked_at"),
    [
        ("processing", LONG_S, False, True),
        ("processing", -1, False, False),
        ("done", None, False, True),
        ("failed", None, False, True),
        ("done", None, True, True),
    ],
    ids=["held", "lease expired", "done", "failed", "undone"],
)
async def test_only_an_open_import_without_a_lease_waits(
    conn: Connection, tenant_id: TenantId, status: str, lease_s: float | None, undone: bool, worked_at: bool
) -> None:
    await post_import(conn, tenant_id, status, lease_s, undone=undone)
    assert (await work_status(conn)).imports is worked_at


@pytest.mark.parametrize(
    ("claim_s", "waiting_s", "worked_at"),
    [(None, 9.9, True), (None, 10.0, False), (9.9, 10.0, True), (10.0, 10.0, False), (10.0, None, True)],
)
def test_import_may_wait_for_less_than_ten_seconds(
    claim_s: float | None, waiting_s: float | None, worked_at: bool
) -> None:
    assert WorkStatus({}, claim_s, waiting_s).imports is worked_at
