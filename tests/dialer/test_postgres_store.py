"""PostgresStore: writes that share a transaction do not wait for each other's locked rows."""

import asyncio
from collections.abc import AsyncGenerator

import asyncpg
import pytest

from tests.support.call_scene import due_contacts, placed, running_campaign, terms_of
from tongdai.call_outcome import Outcome
from tongdai.calls.model import Call, Ending
from tongdai.db.pool import Connection, Pool, connect
from tongdai.dialer.postgres_store import PostgresStore
from tongdai.testing import factories

BUSY = Ending(Outcome.BUSY)


@pytest.fixture
async def calls(conn: Connection) -> AsyncGenerator[list[Call]]:
    """Twelve calls that are dialled."""
    tenant_id = await factories.tenant(conn)
    campaign_id = await running_campaign(conn, tenant_id)
    await due_contacts(conn, tenant_id, campaign_id, range(12))
    yield await placed(conn, terms_of(tenant_id, campaign_id), 12)
    await conn.execute("delete from call where tenant_id = $1", tenant_id)


async def test_concurrent_ends_are_all_written(pool: Pool, calls: list[Call]) -> None:
    store = PostgresStore(pool)
    assert await asyncio.gather(*(store.end(call, BUSY) for call in calls)) == [True] * 12
    assert await asyncio.gather(*(store.end(call, BUSY) for call in calls)) == [False] * 12


async def test_locked_row_delays_only_the_end_of_its_own_call(pool: Pool, dsn: str, calls: list[Call]) -> None:
    store, locked = PostgresStore(pool), calls[5]
    other = await connect(dsn, name="tests")
    async with other.transaction():
        await other.execute("select from contact where contact_id = $1 for update", locked.contact_id)
        ends = await asyncio.gather(*(store.end(call, BUSY) for call in calls), return_exceptions=True)
        assert [end is True for end in ends] == [call is not locked for call in calls]
        assert isinstance(ends[5], asyncpg.LockNotAvailableError)
    await other.close()
    assert await store.end(locked, BUSY)
