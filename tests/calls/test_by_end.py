"""Calls in the order in which they ended, for a reader that follows them."""

import json
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.api import Tenant, refused
from tests.support.calls import NOW, a_call
from tests.support.plans import nodes
from tongdai.call_outcome import Outcome
from tongdai.calls import by_end, retention
from tongdai.calls.by_end import EndedKey
from tongdai.calls.history import IN_ORDER, Filter
from tongdai.db.pool import Connection, connect
from tongdai.ids import AgentId, CampaignId, TenantId

BEFORE = "2026-03-10T01:00:00Z"
SECOND = timedelta(seconds=1)


async def parts(tenant: Tenant, query: str) -> list[Any]:
    """All answers of a reader."""
    read = [await tenant.done("GET", f"/v1/calls?{query}")]
    while read[-1]["nextCursor"] is not None:
        read.append(await tenant.done("GET", f"/v1/calls?{query}&cursor={read[-1]['nextCursor']}"))
    return read


def ids(read: list[Any]) -> list[str]:
    return [call["callId"] for response in read for call in response["data"]]


async def ended(conn: Connection, tenant: Tenant, campaign_id: CampaignId, at: datetime, **more: Any) -> str:
    """A call that ended at an instant, opened an hour before."""
    return await a_call(conn, tenant.tenant_id, campaign_id, opened_at=at - 3600 * SECOND, ended_s=3600, **more)


async def test_calls_come_in_the_order_of_their_ends_whenever_they_were_opened(
    tenant: Tenant, conn: Connection
) -> None:
    campaign_id = await tenant.campaign()
    second = await a_call(conn, tenant.tenant_id, campaign_id, opened_at=NOW, ended_s=90)
    first = await a_call(conn, tenant.tenant_id, campaign_id, opened_at=NOW + 30 * SECOND, ended_s=10)
    await a_call(conn, tenant.tenant_id, campaign_id, opened_at=NOW, state="ringing")
    assert ids(await parts(tenant, f"endedAfter={BEFORE}")) == [first, second]
    assert ids(await parts(tenant, f"endedAfter={BEFORE}&cursor=*")) == [first, second]
    assert ids(await parts(tenant, f"endedAfter={BEFORE}&state=ringing")) == []


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
async def test_calls_that_ended_together_come_once_each(tenant: Tenant, conn: Connection, size: int) -> None:
    campaign_id = await tenant.campaign()
    made = [await ended(conn, tenant, campaign_id, NOW + n // 4 * SECOND) for n in range(10)]
    read = ids(await parts(tenant, f"endedAfter={BEFORE}&size={size}"))
    assert [made.index(call) // 4 for call in read] == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2]
    assert sorted(read) == sorted(made)


async def test_a_reader_that_comes_back_begins_behind_the_last_end(tenant: Tenant, conn: Connection) -> None:
    campaign_id = await tenant.campaign()
    await ended(conn, tenant, campaign_id, NOW)
    (response,) = await parts(tenant, f"endedAfter={BEFORE}")
    last = response["data"][-1]["endedAt"]
    assert ids(await parts(tenant, f"endedAfter={last}")) == []
    later = await ended(conn, tenant, campaign_id, NOW + SECOND)
    assert ids(await parts(tenant, f"endedAfter={last}")) == [later]


async def test_filters_narrow_what_is_read(tenant: Tenant, conn: Connection) -> None:
    campaign_id, other = await tenant.campaign(), await tenant.campaign("other")
    busy = await ended(conn, tenant, campaign_id, NOW, outcome="busy", phone="+84900000001", contact_id=1)
    lost = await ended(
        conn, tenant, other, NOW + SECOND, outcome="lost", agent_id=7, phone="+84900000002", contact_id=2
    )
    wanted = {
        f"campaignId={campaign_id}": [busy], f"campaignId={other}": [lost], "contactId=1": [busy],
        "phoneNumber=0900000002": [lost], "outcome=lost": [lost], "agentId=7": [lost], "state=ended": [busy, lost],
        "from=2026-03-10T01:00:01Z": [lost], "to=2026-03-10T01:00:01Z": [busy], "outcome=dnc": [],
    }  # fmt: skip
    for query, calls in wanted.items():
        assert ids(await parts(tenant, f"endedAfter={BEFORE}&{query}")) == calls, query


async def test_a_file_has_the_same_calls_in_the_same_order(tenant: Tenant, conn: Connection) -> None:
    campaign_id = await tenant.campaign()
    made = [await ended(conn, tenant, campaign_id, NOW - n * SECOND) for n in range(3)]
    response = await tenant.get(f"/v1/calls?endedAfter={BEFORE}", headers={"Accept": "text/csv"})
    assert [line.partition(",")[0] for line in response.text.splitlines()[1:]] == made[::-1]


async def test_numbered_pages_of_them_are_refused(tenant: Tenant) -> None:
    refused(await tenant.get(f"/v1/calls?endedAfter={BEFORE}&page=0"), 400, "INVALID_INPUT")
    refused(await tenant.get("/v1/calls?endedAfter=yesterday"), 400, "INVALID_INPUT")


async def test_no_call_is_shown_while_one_that_ended_before_it_may_still_appear(
    tenant: Tenant, conn: Connection, dsn: str
) -> None:
    """Two transactions end calls; that of the earlier end commits last."""
    campaign_id = await tenant.campaign()
    begun = await conn.fetchval("select now()")
    query = f"endedAfter={begun.isoformat().replace('+00:00', 'Z')}"
    slow = await connect(dsn, name=by_end.ENDING)
    try:
        transaction = slow.transaction()
        await transaction.start()
        at = await slow.fetchval("select clock_timestamp()")
        earlier = await ended(slow, tenant, campaign_id, at, outcome="busy")
        at = await conn.fetchval("select clock_timestamp()")
        later = await ended(conn, tenant, campaign_id, at, outcome="failed")
        assert ids(await parts(tenant, query)) == []
        await transaction.commit()
        assert ids(await parts(tenant, query)) == [earlier, later]
    finally:
        await slow.close()


async def test_an_open_transaction_that_ends_no_calls_delays_nothing(
    tenant: Tenant, conn: Connection, dsn: str
) -> None:
    campaign_id = await tenant.campaign()
    begun = await conn.fetchval("select now()")
    idle = await connect(dsn, name="pg_dump")
    try:
        await idle.execute("begin")
        made = await ended(conn, tenant, campaign_id, await conn.fetchval("select clock_timestamp()"))
        assert ids(await parts(tenant, f"endedAfter={begun.isoformat().replace('+00:00', 'Z')}")) == [made]
    finally:
        await idle.close()


# What a page reads

MANY = 25_000
MONTHS = 3
FILL = """
insert into call (tenant_id, call_id, campaign_id, contact_id, phone, state, outcome, opened_at, ended_at, ended_month,
    dial_until, lease_until)
select 1, gen_random_uuid(), 1, n, '+84901234567', 'ended', case when n = $3 then 'lost' else 'busy' end, at, at,
    date_trunc('month', at at time zone 'UTC')::date, 'infinity', 'infinity'
from (select n, $1::timestamptz + n * interval '90 days' / $2 as at from generate_series(1, $2::integer) n) calls
"""
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
RARE = MANY - 10


@pytest.fixture(scope="module")
async def filled(
    fresh_database: Callable[..., AbstractAsyncContextManager[str]],
) -> AsyncGenerator[Connection]:
    """A quarter of calls, of which one was lost near its end."""
    async with fresh_database() as dsn:
        conn = await connect(dsn, name="tests")
        await conn.execute("insert into tenant (tenant_id, name) values (1, 'A')")
        await conn.execute("insert into campaign (tenant_id, campaign_id, name, type) values (1, 1, 'A', 'A')")
        for month in retention.months_from(FIRST.date(), MONTHS + 1):
            async with conn.transaction():
                for statement in retention.creation("call", month):
                    await conn.execute(statement)
        await conn.execute(FILL, FIRST, MANY, RARE)
        await conn.execute("vacuum analyze call")
        yield conn
        await conn.close()


async def test_a_page_reads_a_bounded_number_of_calls_whatever_matches(filled: Connection) -> None:
    after, pages = EndedKey(FIRST, by_end.LAST_ID), 0
    found: list[uuid.UUID] = []
    while True:
        read = await by_end.page(filled, TenantId(1), Filter(outcome=Outcome.LOST), after, 20)
        found += [call.call_id for call in read.calls]
        pages += 1
        if read.until is None:
            break
        assert read.until > after
        after = read.until
    assert (len(found), pages) == (1, -(-MANY // by_end.READ_AT_ONCE))
    assert (await by_end.page(filled, TenantId(1), Filter(agent_id=AgentId(7)), after, 20)).until is None


async def test_a_page_reads_through_the_index_and_leaves_out_earlier_months(filled: Connection) -> None:
    after = datetime(2026, 3, 1, tzinfo=UTC)
    args = (1, after, by_end.LAST_ID, datetime(2030, 1, 1, tzinfo=UTC), 20, 20, *[None] * 8, True, None, None)
    async with filled.transaction():
        await filled.execute(IN_ORDER)
        plan = await filled.fetchval(f"explain (analyze, format json) {by_end.PAGE}", *args)
    scans = [node for node in nodes(json.loads(plan)[0]["Plan"]) if "Relation Name" in node]
    assert {node["Relation Name"] for node in scans} <= {"call_2026_03", "call_2026_04", "call_other", "live_call"} | {
        f"call_{month:%Y_%m}" for month in retention.months_from(datetime.now(UTC).date(), 6)
    }
    assert all("Index Name" in node for node in scans), scans
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in scans) <= 40
