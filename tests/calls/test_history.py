"""Pages of calls: a filter that few calls match does not read all of them."""

import re
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from tests.support.calls import NOW
from tests.support.databases import FreshDatabase
from tongdai.call_outcome import Outcome
from tongdai.calls.history import IN_ORDER, Filter, OpenedKey, Statement, count_of, page_of
from tongdai.calls.model import CallState, Directions
from tongdai.db.pool import Connection, connect
from tongdai.ids import AgentId, CampaignId, ContactId, QueueId, TenantId

MANY = 20_000
DAY = timedelta(days=1)
_FILL_QUEUE = """
insert into call (tenant_id, call_id, queue_id, called, direction, phone, state, outcome, agent_id, opened_at,
    ended_at, ended_month, dial_until, lease_until)
select $1, gen_random_uuid(), case when n % 4000 = 0 then 1 else 2 end, '+842873001234', $5,
    '+8491' || lpad(n::text, 7, '0'), 'ended', case when n % 5000 = 0 then 'lost' else 'answered' end, 8,
    $3::timestamptz + n * interval '1 second', $3,
    date_trunc('month', $3 at time zone 'UTC')::date, 'infinity', 'infinity' from generate_series($2::integer, $4) n
"""
_FILL = """
insert into call (tenant_id, call_id, campaign_id, contact_id, phone, state, outcome, agent_id, opened_at,
    ended_at, ended_month, dial_until, lease_until)
select $1, gen_random_uuid(), $2, n, '+8490' || lpad(n::text, 7, '0'), 'ended',
    case when n % 5000 = 0 then 'lost' else 'busy' end, case when n % 4000 = 0 then 7 else 8 end,
    $3::timestamptz + n * interval '1 second', $3,
    date_trunc('month', $3 at time zone 'UTC')::date, 'infinity', 'infinity' from generate_series(1, $4::integer) n
"""
FEW = {
    "contact": Filter(contact_id=ContactId(77)),
    "number": Filter(phone="+84900000077"),
    "number and outcome": Filter(phone="+84900000077", outcome=Outcome.BUSY),
    "live": Filter(state=CallState.RINGING),
    "live of a campaign": Filter(campaign_id=CampaignId(1), state=CallState.RINGING),
    "agent": Filter(agent_id=AgentId(7)),
    "agent and outcome": Filter(agent_id=AgentId(7), outcome=Outcome.BUSY),
    "rare outcome": Filter(outcome=Outcome.LOST),
    "rare outcome of a campaign": Filter(campaign_id=CampaignId(1), outcome=Outcome.LOST),
    "outcome that no call has": Filter(outcome=Outcome.DNC),
    "campaign without calls": Filter(campaign_id=CampaignId(2)),
    "an hour long ago": Filter(opened_from=NOW - timedelta(days=9), opened_before=NOW - timedelta(days=8)),
    "all ended calls": Filter(state=CallState.ENDED),
    "rare outcome of callers": Filter(direction=Directions.INBOUND, outcome=Outcome.LOST),
    "rare outcome outbound": Filter(direction=Directions.OUTBOUND, outcome=Outcome.LOST),
    "rare outcome of all": Filter(direction=Directions.ALL, outcome=Outcome.LOST),
    "outcome that no caller has": Filter(direction=Directions.INBOUND, outcome=Outcome.BUSY),
    "caller by number": Filter(direction=Directions.INBOUND, phone="+84910000077"),
    "callers of a campaign": Filter(direction=Directions.INBOUND, campaign_id=CampaignId(1)),
    "all of a campaign without calls": Filter(direction=Directions.ALL, campaign_id=CampaignId(2)),
    "queue": Filter(queue_id=QueueId(1)),
    "queue and outcome": Filter(queue_id=QueueId(1), outcome=Outcome.BUSY),
    "queue and direction": Filter(queue_id=QueueId(1), direction=Directions.OUTBOUND),
    "all": Filter(),
}
MANY_OF_A_DIRECTION = {
    "callers": Filter(direction=Directions.INBOUND),
    "callers with an outcome": Filter(direction=Directions.INBOUND, outcome=Outcome.ANSWERED),
    "outbound": Filter(direction=Directions.OUTBOUND),
    "both": Filter(direction=Directions.ALL),
    "both with an outcome": Filter(direction=Directions.ALL, outcome=Outcome.BUSY),
    "large queue": Filter(queue_id=QueueId(2)),
}


@pytest.fixture(scope="module")
async def filled(fresh_database: FreshDatabase) -> AsyncGenerator[Connection]:
    """A connection to a database with 20,000 calls of one campaign, none of another, later ones of 20,000 callers, and
    then a few callbacks."""
    async with fresh_database() as dsn:
        conn = await connect(dsn, name="tests")
        await conn.execute("insert into tenant (tenant_id, name) values (1, 'A')")
        for campaign_id in (1, 2):
            await conn.execute(
                "insert into campaign (tenant_id, campaign_id, name, type) values (1, $1, 'A', 'A')", campaign_id
            )
        await conn.execute(_FILL, 1, 1, NOW, MANY)
        await conn.execute(_FILL_QUEUE, 1, 1, NOW + DAY, MANY, "inbound")
        await conn.execute(_FILL_QUEUE, 1, MANY + 1, NOW + DAY, MANY + 10, "outbound")
        await conn.execute("vacuum analyze call")
        await conn.execute(IN_ORDER.replace("local ", ""))
        yield conn
        await conn.close()


async def rows_read(conn: Connection, statement: Statement) -> float:
    """Run a statement and count the rows that its plan reads, those that it discards included."""
    lines = await conn.fetch(f"explain (analyze, costs off, timing off) {statement.sql}", *statement.args)
    read = 0.0
    for (line,) in lines:
        if "Scan" in line and "CTE" not in line:
            found = re.search(r"rows=([\d.]+) loops=(\d+)", line)
            read += float(found[1]) * int(found[2]) if found else 0
        if found := re.search(r"Rows Removed by (?:Filter|Index Recheck): (\d+)", line):
            read += int(found[1])
    return read


@pytest.mark.parametrize("name", FEW)
@pytest.mark.parametrize("generic", [False, True])
async def test_page_of_few_reads_few(filled: Connection, name: str, generic: bool) -> None:
    mode = "force_generic_plan" if generic else "force_custom_plan"
    await filled.execute(f"set plan_cache_mode = {mode}")
    by = FEW[name]
    assert await rows_read(filled, page_of(TenantId(1), by, 20)) <= 100
    if name != "all":
        assert await rows_read(filled, count_of(TenantId(1), by)) <= 100


@pytest.mark.parametrize("name", MANY_OF_A_DIRECTION)
@pytest.mark.parametrize("generic", [False, True])
async def test_page_of_a_direction_reads_no_others(filled: Connection, name: str, generic: bool) -> None:
    mode = "force_generic_plan" if generic else "force_custom_plan"
    await filled.execute(f"set plan_cache_mode = {mode}")
    by = MANY_OF_A_DIRECTION[name]
    assert await rows_read(filled, page_of(TenantId(1), by, 20)) <= 150
    page = page_of(TenantId(1), by, 1, 15_000)
    rows = await filled.fetch(page.sql, *page.args)
    after = OpenedKey(rows[0]["opened_at"], rows[0]["call_id"])
    assert await rows_read(filled, page_of(TenantId(1), by, 20, after=after)) <= 150


async def test_callers_are_counted_by_the_index_that_has_them(filled: Connection) -> None:
    for by, rows in (
        (Filter(direction=Directions.INBOUND), MANY),
        (Filter(direction=Directions.ALL), MANY + 10),
        (Filter(direction=Directions.OUTBOUND), 10),
    ):
        assert rows <= await rows_read(filled, count_of(TenantId(1), by)) <= rows + 100


async def test_total_is_read_from_counters_and_not_call_by_call(filled: Connection) -> None:
    for by in (
        Filter(),
        Filter(campaign_id=CampaignId(1)),
        Filter(outcome=Outcome.BUSY),
        Filter(state=CallState.ENDED),
    ):
        assert await rows_read(filled, count_of(TenantId(1), by)) <= 100


async def test_next_page_of_a_file_begins_where_the_last_ended(filled: Connection) -> None:
    for by in (Filter(), Filter(campaign_id=CampaignId(1)), Filter(outcome=Outcome.BUSY)):
        page = page_of(TenantId(1), by, 1, 15_000)
        rows = await filled.fetch(page.sql, *page.args)
        after = OpenedKey(rows[0]["opened_at"], rows[0]["call_id"])
        assert await rows_read(filled, page_of(TenantId(1), by, 20, after=after)) <= 100


async def test_reading_all_calls_is_detected(filled: Connection) -> None:
    assert await rows_read(filled, Statement("select from call where phone || '' = $1", ["+84900000077"])) >= MANY
