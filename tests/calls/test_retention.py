"""Partitions of calls by month: created ahead or later, and dropped when all of their calls have expired."""

from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.support.call_scene import running_campaign
from tests.support.calls import a_call
from tests.support.databases import FreshDatabase
from tongdai.calls import history, retention
from tongdai.calls.history import Filter
from tongdai.calls.model import CallState
from tongdai.db import audit
from tongdai.db.pool import Connection, connect
from tongdai.ids import ContactId
from tongdai.testing import factories

DAY = timedelta(days=1)


def test_months_continue_into_the_next_year() -> None:
    assert retention.months_from(date(2026, 11, 27), 3) == [date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)]


@pytest.mark.parametrize(("days", "last"), [(29, 3), (30, 2), (60, 2), (61, 1), (88, 1), (89, 0)])
def test_month_expires_with_its_last_call(days: int, last: int) -> None:
    """At the beginning of 30 April, March ended 29 days ago, February 60 and January 88."""
    months = retention.months_from(date(2026, 1, 1), 4)
    now = datetime(2026, 4, 30, tzinfo=UTC)
    expired = [month.month for month in retention.expired(months, now, days * DAY)]
    assert expired == list(range(1, last + 1))


@pytest.fixture
async def own(fresh_database: FreshDatabase) -> AsyncGenerator[Connection]:
    """A connection to a database of its own."""
    async with fresh_database() as dsn:
        conn = await connect(dsn, name="tests")
        yield conn
        await conn.close()


async def partition_of(conn: Connection, call_id: str) -> str:
    return await conn.fetchval("select tableoid::regclass::text from call where call_id = $1", call_id)


async def test_calls_of_a_missing_month_are_stored_and_move_when_it_is_created(own: Connection) -> None:
    tenant_id = await factories.tenant(own)
    campaign_id = await running_campaign(own, tenant_id)
    now = await own.fetchval("select now()")
    call_id = await a_call(own, tenant_id, campaign_id, outcome="busy", opened_at=now)
    assert await partition_of(own, call_id) == "call_other"
    made = await retention.create_partitions(own)
    assert len(made) == 3 * (retention.MONTHS_AHEAD + 1)
    assert await partition_of(own, call_id) == f"call_{now:%Y_%m}"
    assert await retention.create_partitions(own) == []
    later = await a_call(own, tenant_id, campaign_id, ContactId(2), "+84900000002", outcome="busy", opened_at=now)
    assert await partition_of(own, later) == f"call_{now:%Y_%m}"
    found, total = await history.page(own, tenant_id, Filter(campaign_id, phone="+84900000002"), 10, 0)
    assert ([str(call.call_id) for call in found], total) == ([later], 1)


async def test_expired_months_are_dropped_and_totals_count_the_rest(own: Connection) -> None:
    tenant_id = await factories.tenant(own)
    campaign_id = await running_campaign(own, tenant_id)
    now = await own.fetchval("select now()")
    old = (now - 100 * DAY).replace(day=1)
    await retention.create_partitions(own)
    async with own.transaction():
        for table in retention.TABLES:
            for statement in retention.creation(table, date(old.year, old.month, 1)):
                await own.execute(statement)
    dropped = await a_call(own, tenant_id, campaign_id, ContactId(1), outcome="busy", opened_at=old)
    kept = await a_call(own, tenant_id, campaign_id, ContactId(2), "+84900000002", outcome="busy", opened_at=now)
    assert await partition_of(own, dropped) == f"call_{old:%Y_%m}"
    assert (await history.page(own, tenant_id, Filter(state=CallState.ENDED), 10, 0))[1] == 2
    assert await retention.drop_expired_partitions(own, 60 * DAY) == [
        f"{table}_{old:%Y_%m}" for table in ("call", "segment", "agent_state")
    ]
    found, total = await history.page(own, tenant_id, Filter(state=CallState.ENDED), 10, 0)
    assert ([str(call.call_id) for call in found], total) == ([kept], 1)
    assert await retention.drop_expired_partitions(own, 60 * DAY) == []


async def test_old_counters_and_audit_entries_of_each_tenant_are_deleted(own: Connection) -> None:
    for _ in range(2):
        tenant_id = await factories.tenant(own)
        campaign_id = await running_campaign(own, tenant_id)
        now = await own.fetchval("select now()")
        await a_call(own, tenant_id, campaign_id, outcome="busy", opened_at=now - 400 * DAY)
        await a_call(own, tenant_id, campaign_id, ContactId(2), "+84900000002", outcome="busy", opened_at=now)
        await audit.record(own, tenant_id, None, "old", "it")
        await own.execute("update audit set at = now() - interval '3 years' where action = 'old'")
    assert await retention.delete_hourly_stats(own, 300 * DAY) == 2
    assert await own.fetchval("select count(*) from call_hour") == 2
    assert await audit.delete_old(own, 700 * DAY) == 2
    assert await own.fetchval("select count(*) from audit where action = 'old'") == 0
