"""Missed calls in the database: ended calls of callers without a connection, and who sees to them.

Whether the caller was served later is not stored: it is looked up by number, so that it holds whatever call it was and
however it came about. `queues/live/served.py` is the rule, for the figure `callersNotServed` too.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum, auto
from uuid import UUID

import asyncpg

from tongdai.call_outcome import InboundOutcome
from tongdai.calls.missed.model import CLAIM_HOLDS, MISSED, MissedCall, MissedKey, MissedState
from tongdai.calls.sql import month_of
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, Author, QueueId, TenantId
from tongdai.queues.live.served import served_later

_OUTCOMES = ", ".join(f"'{outcome.value}'" for outcome in MISSED)
_IS_MISSED = f"""c.direction = 'inbound' and c.connected_at is null and c.ended_at is not null
        and c.outcome in ({_OUTCOMES}) and (c.outcome <> '{InboundOutcome.CALLBACK}' or exists (
            select from callback k where k.tenant_id = $1 and k.from_call = c.call_id
                and k.state in ('failed', 'expired', 'forbidden')
        ))"""
_HOLDS = f"c.seen_to_since > coalesce(c.closed_at, now()) - interval '{CLAIM_HOLDS.total_seconds():.0f} s'"
"""Whether the claim of a call has not lapsed, or had not when it was closed."""
_STATE = f"""case when c.closed_at is not null then '{MissedState.CLOSED}'
        when served.found is not null then '{MissedState.SERVED}'
        when c.seen_to_by is not null and {_HOLDS} then '{MissedState.CLAIMED}' else '{MissedState.OPEN}' end"""
_FOUND = f"""
    select c.call_id, c.queue_id, c.phone, c.called, c.outcome, c.opened_at, c.answered_at, c.ended_at,
        {_STATE} as state, case when {_HOLDS} then c.seen_to_by end as agent_id,
        case when {_HOLDS} then c.seen_to_since end as claimed_at, served.found as served_by,
        c.closed_at
    from call c left join lateral ({served_later("c")}) served on true
    where c.tenant_id = $1 and {_IS_MISSED}"""
_FILTERED = f"""{_FOUND}
        and ($2::bigint is null or c.queue_id = $2) and ($3::text is null or {_STATE} = $3)
        and c.opened_at >= coalesce($4::timestamptz, '-infinity')
        and c.ended_month >= coalesce({month_of("$4::timestamptz")}, '-infinity')
        and c.opened_at < coalesce($5::timestamptz, 'infinity')"""
PAGE = f"{_FILTERED} order by c.opened_at desc, c.call_id desc limit $6 offset $7"
COUNT = f"select count(*) from ({_FILTERED}) found"
AFTER = f"""{_FILTERED}
        and (c.opened_at, c.call_id) < (coalesce($6::timestamptz, 'infinity'), $7::uuid)
    order by c.opened_at desc, c.call_id desc limit $8
"""
COUNTS = f"""
select date_bin('15 minutes', opened_at, '2000-01-01T00:00:00Z'::timestamptz) as quarter, queue_id, outcome, state,
    count(*) as calls, coalesce(sum(floor(extract(epoch from ended_at - answered_at) * 1000)), 0)::bigint as wait_ms
from ({_FILTERED}) found group by 1, 2, 3, 4
"""
FIND = f"{_FOUND} and c.call_id = $2"
LAST_ID = UUID(int=2**128 - 1)

Filter = tuple[QueueId | None, MissedState | None, datetime | None, datetime | None]
"""Queue, state, and the instants from which on and before which the calls came in."""


async def page(
    conn: Connection, tenant_id: TenantId, by: Filter, limit: int, offset: int
) -> tuple[list[MissedCall], int]:
    """A page of the missed calls that match, newest first, and their number."""
    rows = await conn.fetch(PAGE, tenant_id, *by, limit, offset)
    return [MissedCall(*row) for row in rows], await conn.fetchval(COUNT, tenant_id, *by)


async def after(
    conn: Connection, tenant_id: TenantId, by: Filter, key: MissedKey | None, limit: int
) -> Sequence[MissedCall]:
    """The next missed calls that match, behind a key; None: the first."""
    opened_at, call_id = key or (None, LAST_ID)
    return [MissedCall(*row) for row in await conn.fetch(AFTER, tenant_id, *by, opened_at, call_id, limit)]


async def counts(conn: Connection, tenant_id: TenantId, by: Filter) -> list[asyncpg.Record]:
    """The numbers of the missed calls that match by quarter of an hour, queue, outcome and state, with their waits."""
    return await conn.fetch(COUNTS, tenant_id, *by)


async def find(conn: Connection, tenant_id: TenantId, call_id: UUID) -> MissedCall | None:
    row = await conn.fetchrow(FIND, tenant_id, call_id)
    return None if row is None else MissedCall(*row)


class Refusal(Enum):
    """Why nothing was changed."""

    NO_CALL = auto()
    NO_AGENT = auto()
    OF_OTHER = auto()
    """Another agent has claimed the call."""
    DONE = auto()
    """It is served or closed."""
    NOT_CLAIMED = auto()


AGENT = "select true from agent where tenant_id = $1 and agent_id = $2"
HOLD = "select true from call where tenant_id = $1 and call_id = $2 and ended_at is not null for update"
CLAIM = """
with clock as materialized (
    select now() as now_at
)
update call set seen_to_by = $3, seen_to_since = clock.now_at from clock where tenant_id = $1 and call_id = $2
"""
RELEASE = "update call set seen_to_by = null, seen_to_since = null where tenant_id = $1 and call_id = $2"
CLOSE = """
with clock as materialized (
    select now() as now_at
)
update call set closed_at = clock.now_at from clock where tenant_id = $1 and call_id = $2
"""


async def _held(conn: Connection, tenant_id: TenantId, call_id: UUID) -> MissedCall | Refusal:
    """A missed call that is open or claimed, locked until the transaction ends."""
    await conn.fetchval(HOLD, tenant_id, call_id)
    found = await find(conn, tenant_id, call_id)
    if found is None:
        return Refusal.NO_CALL
    return found if found.state in {MissedState.OPEN, MissedState.CLAIMED} else Refusal.DONE


async def claim(
    conn: Connection, tenant_id: TenantId, call_id: UUID, agent_id: AgentId, by: Author | None
) -> Refusal | None:
    """An agent takes on an open missed call. Idempotent."""
    async with conn.transaction():
        found = await _held(conn, tenant_id, call_id)
        if isinstance(found, Refusal):
            return found
        if found.agent_id is not None:
            return None if found.agent_id == agent_id else Refusal.OF_OTHER
        if not await conn.fetchval(AGENT, tenant_id, agent_id):
            return Refusal.NO_AGENT
        await conn.execute(CLAIM, tenant_id, call_id, agent_id)
        await audit.record(conn, tenant_id, by, "missed_call.claim", f"call {call_id}", {"agent": agent_id})
    return None


async def release(conn: Connection, tenant_id: TenantId, call_id: UUID, by: Author | None) -> Refusal | None:
    """claimed → open."""
    async with conn.transaction():
        found = await _held(conn, tenant_id, call_id)
        if isinstance(found, Refusal):
            return found
        if found.agent_id is None:
            return Refusal.NOT_CLAIMED
        await conn.execute(RELEASE, tenant_id, call_id)
        await audit.record(conn, tenant_id, by, "missed_call.release", f"call {call_id}", {"agent": found.agent_id})
    return None


async def close(conn: Connection, tenant_id: TenantId, call_id: UUID, by: Author | None) -> Refusal | None:
    """open, claimed → closed."""
    async with conn.transaction():
        found = await _held(conn, tenant_id, call_id)
        if isinstance(found, Refusal):
            return found
        await conn.execute(CLOSE, tenant_id, call_id)
        await audit.record(conn, tenant_id, by, "missed_call.close", f"call {call_id}")
    return None


assert set(MISSED) | {InboundOutcome.ANSWERED, InboundOutcome.REFUSED} == set(InboundOutcome)
