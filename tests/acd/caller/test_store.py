"""Callers in queues and their offers, in the database."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.support.call_scene import now_of
from tests.support.calls import new_agent, new_queue
from tongdai.acd.caller import store
from tongdai.acd.caller.store import CallerRow
from tongdai.call_outcome import OfferOutcome
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, QueueId, TenantId

SECOND = timedelta(seconds=1)
OFFERS = "select agent_id, queue_id, outcome, offered_at, ended_at from offer where tenant_id = $1 order by offered_at"


@pytest.fixture
async def queue_id(conn: Connection, tenant_id: TenantId) -> QueueId:
    return await new_queue(conn, tenant_id)


@pytest.fixture
async def agent_id(conn: Connection, tenant_id: TenantId, queue_id: QueueId) -> AgentId:
    return await new_agent(conn, tenant_id, queue_id)


@pytest.fixture
async def at(conn: Connection) -> datetime:
    return await now_of(conn)


async def joined(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, at: datetime, call_id: UUID | None = None, hops: int = 0
) -> CallerRow:
    return await store.join(conn, tenant_id, call_id or uuid4(), queue_id, arrived_at=at, at=at + SECOND, hops=hops)


async def test_caller_joins_a_queue_once(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, at: datetime
) -> None:
    row = await joined(conn, tenant_id, queue_id, at)
    assert row == CallerRow(row.call_id, queue_id, "waiting", at, at + SECOND, 0, 0)
    assert await joined(conn, tenant_id, queue_id, at + 9 * SECOND, row.call_id) == row, "repeated"
    assert await store.waiting(conn, tenant_id, queue_id) == 1


async def test_caller_who_is_sent_to_another_queue_keeps_the_place(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, at: datetime
) -> None:
    row, other, later = await joined(conn, tenant_id, queue_id, at), await new_queue(conn, tenant_id), at + 9 * SECOND
    moved = await joined(conn, tenant_id, other, later, row.call_id, hops=1)
    assert moved == CallerRow(row.call_id, other, "waiting", at, later + SECOND, 1, 0)
    assert await joined(conn, tenant_id, queue_id, at, row.call_id) == moved, "late"
    assert await store.waiting(conn, tenant_id, queue_id) == 0


async def test_offer_is_made_once(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, agent_id: AgentId, at: datetime
) -> None:
    row = await joined(conn, tenant_id, queue_id, at)
    assert await store.offer(conn, tenant_id, row.call_id, agent_id, at)
    assert not await store.offer(conn, tenant_id, row.call_id, AgentId(agent_id + 1), at)
    assert await store.find(conn, tenant_id, row.call_id) == row._replace(state="offered", offers=1)
    assert [tuple(offer) for offer in await conn.fetch(OFFERS, tenant_id)] == [(agent_id, queue_id, None, at, None)]


async def test_offer_needs_a_caller(conn: Connection, tenant_id: TenantId, agent_id: AgentId, at: datetime) -> None:
    assert not await store.offer(conn, tenant_id, uuid4(), agent_id, at)
    assert await conn.fetch(OFFERS, tenant_id) == []


async def test_agent_has_one_offer_at_a_time(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, agent_id: AgentId, at: datetime
) -> None:
    first, second = [await joined(conn, tenant_id, queue_id, at) for _ in range(2)]
    assert await store.offer(conn, tenant_id, first.call_id, agent_id, at)
    with pytest.raises(asyncpg.UniqueViolationError):
        await store.offer(conn, tenant_id, second.call_id, agent_id, at)


@pytest.mark.parametrize("outcome", [outcome for outcome in OfferOutcome if outcome is not OfferOutcome.ANSWERED])
async def test_caller_whose_offer_failed_waits_at_the_same_place(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, agent_id: AgentId, at: datetime, outcome: OfferOutcome
) -> None:
    row = await joined(conn, tenant_id, queue_id, at)
    await store.offer(conn, tenant_id, row.call_id, agent_id, at)
    other = AgentId(agent_id + 1)
    assert await store.offer_ended(conn, tenant_id, row.call_id, other, outcome, at + SECOND) == []
    assert await store.offer_ended(conn, tenant_id, row.call_id, agent_id, outcome, at + SECOND) == [agent_id]
    assert await store.offer_ended(conn, tenant_id, row.call_id, None, OfferOutcome.REJECTED, at + SECOND) == []
    assert await store.find(conn, tenant_id, row.call_id) == row._replace(offers=1)
    assert await store.offer(conn, tenant_id, row.call_id, agent_id, at + 2 * SECOND)
    first, second = await conn.fetch(OFFERS, tenant_id)
    assert tuple(first) == (agent_id, queue_id, outcome, at, at + SECOND)
    assert second["outcome"] is None


async def test_caller_who_is_offered_to_several_waits_again_when_the_last_offer_ends(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, agent_id: AgentId, at: datetime
) -> None:
    row = await joined(conn, tenant_id, queue_id, at)
    await store.offer(conn, tenant_id, row.call_id, agent_id, at)
    others = [AgentId(agent_id + 1), AgentId(agent_id + 2)]
    assert not await store.offer(conn, tenant_id, row.call_id, others[0], at)
    for other in others:
        assert await store.offer(conn, tenant_id, row.call_id, other, at, also=True)
    assert await store.offer_ended(conn, tenant_id, row.call_id, agent_id, OfferOutcome.REJECTED, at) == [agent_id]
    assert await store.find(conn, tenant_id, row.call_id) == row._replace(state="offered", offers=3)
    assert await store.offer_ended(conn, tenant_id, row.call_id, None, OfferOutcome.UNREACHABLE, at) == others
    assert await store.find(conn, tenant_id, row.call_id) == row._replace(offers=3)


async def test_offer_does_not_end_before_it_was_made(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, agent_id: AgentId, at: datetime
) -> None:
    row = await joined(conn, tenant_id, queue_id, at)
    await store.offer(conn, tenant_id, row.call_id, agent_id, at)
    assert await store.leave(conn, tenant_id, row.call_id, OfferOutcome.ANSWERED, at - SECOND)
    assert [tuple(offer) for offer in await conn.fetch(OFFERS, tenant_id)] == [(agent_id, queue_id, "answered", at, at)]


async def test_caller_leaves_once(conn: Connection, tenant_id: TenantId, queue_id: QueueId, at: datetime) -> None:
    row = await joined(conn, tenant_id, queue_id, at)
    assert await store.leave(conn, tenant_id, row.call_id, OfferOutcome.CALLER_GONE, at)
    assert not await store.leave(conn, tenant_id, row.call_id, OfferOutcome.CALLER_GONE, at)
    assert await store.find(conn, tenant_id, row.call_id) is None
    assert await store.offer_ended(conn, tenant_id, row.call_id, None, OfferOutcome.WITHDRAWN, at) == []


async def test_offers_that_have_ended_long_ago_are_deleted(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, agent_id: AgentId, at: datetime
) -> None:
    row = await joined(conn, tenant_id, queue_id, at)
    for days in (31, 29):
        then = at - timedelta(days=days)
        await store.offer(conn, tenant_id, row.call_id, agent_id, then)
        await store.offer_ended(conn, tenant_id, row.call_id, agent_id, OfferOutcome.REJECTED, then)
    await store.offer(conn, tenant_id, row.call_id, agent_id, at - timedelta(days=60))
    assert await store.delete_old_offers(conn, [tenant_id], timedelta(days=30)) == 1
    kept = await conn.fetch(OFFERS, tenant_id)
    assert [at - offer["offered_at"] for offer in kept] == [timedelta(days=60), timedelta(days=29)]
    assert kept[0]["outcome"] is None, "still open"


async def test_outcomes_of_offers_in_the_database_are_those_of_the_model(conn: Connection) -> None:
    check: str = await conn.fetchval(
        "select pg_get_constraintdef(oid) from pg_constraint where conname = 'offer_outcome_check'"
    )
    assert all(f"'{outcome}'" in check for outcome in OfferOutcome)
