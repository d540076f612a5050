"""DialerStore in PostgreSQL: what is written together does not hang together."""

import asyncio

import asyncpg
import pytest

from tests.support.call_scene import due_contacts, placed, running_campaign, terms_of
from tongdai.calls.model import Ending, Outcome
from tongdai.db.pool import connect
from tongdai.dialer.postgres_store import PostgresStore
from tongdai.testing import factories

BUSY = Ending(Outcome.BUSY)


@pytest.fixture
async def calls(conn):
    """Twelve that the switch may have."""
    tenant_id = await factories.tenant(conn)
    campaign_id = await running_campaign(conn, tenant_id)
    await due_contacts(conn, tenant_id, campaign_id, range(12))
    yield await placed(conn, terms_of(tenant_id, campaign_id), 12)
    await conn.execute("delete from call where tenant_id = $1", tenant_id)


async def test_ends_asked_for_at_once_are_all_written(pool, calls):
    records = PostgresStore(pool)
    assert await asyncio.gather(*(records.end(call, BUSY) for call in calls)) == [True] * 12
    assert await asyncio.gather(*(records.end(call, BUSY) for call in calls)) == [False] * 12


async def test_row_that_somebody_holds_holds_up_its_own_end_alone(pool, dsn, calls):
    records, held = PostgresStore(pool), calls[5]
    other = await connect(dsn, name="tests")
    async with other.transaction():
        await other.execute("select from contact where contact_id = $1 for update", held.contact_id)
        ends = await asyncio.gather(*(records.end(call, BUSY) for call in calls), return_exceptions=True)
        assert [end is True for end in ends] == [call is not held for call in calls]
        assert isinstance(ends[5], asyncpg.LockNotAvailableError)
    await other.close()
    assert await records.end(held, BUSY)
