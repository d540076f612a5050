"""Calls to queues, made straight in the database: live ones and ended ones, with their segments."""

import itertools
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from tongdai.db.pool import Connection
from tongdai.ids import AgentId, QueueId, TenantId

_numbers = itertools.count(84_970_000_000)
LIVE = """
insert into live_call (tenant_id, call_id, channel, direction, queue_id, called, phone, state, opened_at, answered_at,
    connected_at, agent_id, dial_until, lease_until)
values ($1, $2, $2::uuid::text, 'inbound', $3, '+842873001234', $4, 'answered', $5, $5, $6, $7, 'infinity', now())
"""
CALLER = "insert into caller (tenant_id, call_id, queue_id, arrived_at, joined_at) values ($1, $2, $3, $4, $5)"
OPEN = """
insert into open_segment (tenant_id, call_id, kind, started_at, queue_id, agent_id) values ($1, $2, $3, $4, $5, $6)
"""
ENDED = """
insert into call (tenant_id, call_id, ended_month, direction, queue_id, called, phone, state, outcome, opened_at,
    answered_at, connected_at, ended_at, dial_until, lease_until)
values ($1, $2, date_trunc('month', $7::timestamptz at time zone 'UTC')::date, 'inbound', $3, '+842873001234', $4,
    'ended', $5, $6, $6, $8, $7, 'infinity', $7)
"""
CLOSED = """
insert into segment (tenant_id, call_id, kind, started_at, ended_at, ended_month, queue_id, agent_id)
values ($1, $2, $3, $4, $5::timestamptz, date_trunc('month', $5::timestamptz at time zone 'UTC')::date, $6, $7)
"""


def ago(seconds: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)


def _number() -> str:
    return f"+{next(_numbers)}"


async def waiting(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, waits_s: float, *, arrived_s: float | None = None
) -> UUID:
    """A caller who has waited in the queue for so long. `arrived_s`: who arrived earlier, and has that place back."""
    call_id, since = uuid4(), ago(waits_s)
    arrived_at = since if arrived_s is None else ago(arrived_s)
    await conn.execute(LIVE, tenant_id, call_id, queue_id, _number(), since, None, None)
    await conn.execute(CALLER, tenant_id, call_id, queue_id, arrived_at, since)
    await conn.execute(OPEN, tenant_id, call_id, "wait", since, queue_id, None)
    return call_id


async def talking(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, agent_id: AgentId, call_id: UUID | None = None
) -> UUID:
    """A caller who is connected with an agent."""
    call_id, since = call_id or uuid4(), ago(60)
    await conn.execute(LIVE, tenant_id, call_id, queue_id, _number(), since, since, agent_id)
    await conn.execute(OPEN, tenant_id, call_id, "talk", since, queue_id, agent_id)
    return call_id


async def ended(
    conn: Connection,
    tenant_id: TenantId,
    queue_id: QueueId,
    *,
    began: datetime,
    waited_s: float,
    agent_id: AgentId | None = None,
    outcome: str = "abandoned",
    elsewhere_s: float = 0,
    phone: str | None = None,
) -> UUID:
    """A call that waited in the queue; with an agent it was answered. `elsewhere_s`: it lasted so much longer."""
    call_id, over = uuid4(), began + timedelta(seconds=waited_s)
    rest = timedelta(seconds=120 if agent_id is not None else elsewhere_s)
    kept = "answered" if agent_id is not None else outcome
    number = _number() if phone is None else phone
    connected = over if agent_id is not None else None
    await conn.execute(ENDED, tenant_id, call_id, queue_id, number, kept, began, over + rest, connected)
    await conn.execute(CLOSED, tenant_id, call_id, "wait", began, over, queue_id, None)
    if agent_id is not None:
        await conn.execute(CLOSED, tenant_id, call_id, "talk", over, over + rest, queue_id, agent_id)
    return call_id
