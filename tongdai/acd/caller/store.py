"""Callers in queues and their offers, in the database.

    join ──▶ waiting ◀── offer_ended ── offered ── leave ──▶ (no row)
                └──────── offer ──────────▲

Each statement is guarded by the state from which it starts: one that is late or repeated changes nothing. The agent of
an offer is reserved in the same transaction, before (agents/store.py); the call is locked before both
(docs/architecture.md, "Lock order").
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from tongdai.call_outcome import OfferOutcome
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, QueueId, TenantId

_COLUMNS = "call_id, queue_id, state, arrived_at, joined_at, hops, offers, announced"
PLACE_KEPT_FOR = timedelta(minutes=5)
"""How long the place of a caller is kept whose call was lost."""


class CallerRow(NamedTuple):
    call_id: UUID
    queue_id: QueueId
    state: str
    arrived_at: datetime
    joined_at: datetime
    hops: int
    offers: int
    announced: int | None = None
    """The place that was announced to the caller last."""


# Repeated, it changes nothing: the caller is in the queue already, perhaps offered to an agent by now.
JOIN = f"""
with joined as (
    insert into caller as c (tenant_id, call_id, queue_id, arrived_at, joined_at, hops)
    values ($1, $2, $3, $4, $5, $6)
    on conflict (tenant_id, call_id) do update set queue_id = excluded.queue_id, joined_at = excluded.joined_at,
        hops = excluded.hops
    where c.hops < excluded.hops and c.state = 'waiting'
    returning {_COLUMNS}
)
select {_COLUMNS} from joined union all
select {_COLUMNS} from caller where tenant_id = $1 and call_id = $2 and not exists (select from joined)
"""


async def join(
    conn: Connection,
    tenant_id: TenantId,
    call_id: UUID,
    queue_id: QueueId,
    *,
    arrived_at: datetime,
    at: datetime,
    hops: int,
) -> CallerRow:
    """The caller waits in a queue from an instant on, after `hops` others. One who was in another queue keeps the
    place."""
    row = await conn.fetchrow(JOIN, tenant_id, call_id, queue_id, arrived_at, at, hops)
    assert row is not None
    return CallerRow._make(row)


# A call that was lost is one that a crash of the switch ended. The months are those of the partitions.
PLACE = """
select min(c.opened_at) from live_call l join call c on c.tenant_id = $1 and c.phone = l.phone
where l.tenant_id = $1 and l.call_id = $2 and l.phone <> ''
    and c.opened_at between l.opened_at - interval '1 day' and l.opened_at
    and c.ended_month < 'infinity' and c.ended_month >= date_trunc('month', l.opened_at - $3::interval)::date
    and c.ended_at > l.opened_at - $3::interval
    and c.direction = 'inbound' and c.outcome = 'lost' and c.connected_at is null
"""


async def place_of(conn: Connection, tenant_id: TenantId, call_id: UUID) -> datetime | None:
    """When somebody arrived whose call was lost, and who rings again soon: their place. None: nobody has one."""
    return await conn.fetchval(PLACE, tenant_id, call_id, PLACE_KEPT_FOR)


OFFER = """
with clock as materialized (
    select $4::timestamptz as at
), offered as (
    update caller set state = 'offered', offers = offers + 1
    where tenant_id = $1 and call_id = $2 and (state = 'waiting' or $5) returning call_id, queue_id
), made as (
    insert into offer (tenant_id, call_id, queue_id, agent_id, offered_at)
    select $1, call_id, queue_id, $3, clock.at from offered cross join clock returning true
)
select exists (select from made)
"""


async def offer(
    conn: Connection, tenant_id: TenantId, call_id: UUID, agent_id: AgentId, at: datetime, *, also: bool = False
) -> bool:
    """waiting → offered to an agent; or to another one too (`also`). False: the caller does not wait, or is offered
    already."""
    return await conn.fetchval(OFFER, tenant_id, call_id, agent_id, at, also)


OFFER_ENDED = """
with ended as (
    update offer set outcome = $4, ended_at = greatest(offered_at, $5)
    where tenant_id = $1 and call_id = $2 and agent_id = coalesce($3::bigint, agent_id) and outcome is null
    returning agent_id
), again as (
    update caller set state = 'waiting'
    where tenant_id = $1 and call_id = $2 and state = 'offered' and exists (select from ended) and not exists (
        select from offer o where o.tenant_id = $1 and o.call_id = $2 and o.outcome is null
            and o.agent_id <> all (select agent_id from ended)
    )
)
select agent_id from ended order by agent_id
"""


async def offer_ended(
    conn: Connection,
    tenant_id: TenantId,
    call_id: UUID,
    agent_id: AgentId | None,
    outcome: OfferOutcome,
    at: datetime,
) -> list[AgentId]:
    """offered → waiting, at the same place, when the last offer ends: the one to the agent (None: all of them). The
    agents whose offers ended, in the order of ids."""
    return [row["agent_id"] for row in await conn.fetch(OFFER_ENDED, tenant_id, call_id, agent_id, outcome, at)]


LEAVE = """
with ended as (
    update offer set outcome = $3, ended_at = greatest(offered_at, $4)
    where tenant_id = $1 and call_id = $2 and outcome is null
), gone as (
    delete from caller where tenant_id = $1 and call_id = $2 returning true
)
select exists (select from gone)
"""


async def leave(conn: Connection, tenant_id: TenantId, call_id: UUID, outcome: OfferOutcome, at: datetime) -> bool:
    """The caller leaves the queue; an offer ends with the outcome. False: the caller was in no queue."""
    return await conn.fetchval(LEAVE, tenant_id, call_id, outcome, at)


ANNOUNCED = "update caller set announced = $3 where tenant_id = $1 and call_id = $2"


async def announced(conn: Connection, tenant_id: TenantId, call_id: UUID, position: int) -> None:
    """Record the place that was announced to a caller."""
    await conn.execute(ANNOUNCED, tenant_id, call_id, position)


DELETED_AT_ONCE = 5_000
OLD_OFFERS = """
with old as materialized (
    select offer_id from offer
    where tenant_id = $1 and offered_at < now() - $2::interval and outcome is not null limit $3::bigint
), deleted as (
    delete from offer o using old where o.tenant_id = $1 and o.offer_id = old.offer_id returning true
)
select count(*) from deleted
"""


async def delete_old_offers(conn: Connection, tenants: Sequence[TenantId], keep: timedelta) -> int:
    """Delete offers older than `keep`, in batches of one tenant; returns the number of rows."""
    total = 0
    for tenant_id in tenants:
        while deleted := await conn.fetchval(OLD_OFFERS, tenant_id, keep, DELETED_AT_ONCE):
            total += deleted
    return total


OF_CALLS = f"select {_COLUMNS} from caller where tenant_id = $1 and call_id = any($2::uuid[])"


async def of_calls(conn: Connection, tenant_id: TenantId, call_ids: Sequence[UUID]) -> dict[UUID, CallerRow]:
    """The callers who are in queues, of these calls."""
    rows: list[Any] = await conn.fetch(OF_CALLS, tenant_id, call_ids)
    return {row["call_id"]: CallerRow._make(row) for row in rows}


async def find(conn: Connection, tenant_id: TenantId, call_id: UUID) -> CallerRow | None:
    return (await of_calls(conn, tenant_id, [call_id])).get(call_id)


WAITING = "select count(*) from caller where tenant_id = $1 and queue_id = $2"


async def waiting(conn: Connection, tenant_id: TenantId, queue_id: QueueId) -> int:
    """The number of callers in a queue, offered or not."""
    return await conn.fetchval(WAITING, tenant_id, queue_id)
