"""Callbacks as requests list, create, change and cancel them, in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from uuid import UUID

from msgspec import UNSET, UnsetType

from tongdai.callbacks.model import PATIENCE_S, AskedFor, Callback, CallbackKey, CallbackState, Source
from tongdai.callbacks.store import COLUMNS, callback_of, schedule, term
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, Author, QueueId, TenantId
from tongdai.queues.hours import store as hours

CLOCKS_DIFFER = timedelta(minutes=1)
"""A time that has just passed is now."""
Filter = tuple[QueueId | None, CallbackState | None, AgentId | None, datetime | None, datetime | None]
"""Queue, state, agent, and the instants from which on and before which they are due."""
_FILTERED = f"""select {COLUMNS} from callback
    where tenant_id = $1 and ($2::bigint is null or queue_id = $2) and ($3::text is null or state = $3)
        and ($4::bigint is null or agent_id = $4) and due_at >= coalesce($5::timestamptz, '-infinity')
        and due_at < coalesce($6::timestamptz, 'infinity')"""
PAGE = f"{_FILTERED} order by due_at desc, callback_id desc limit $7 offset $8"
COUNT = f"select count(*) from ({_FILTERED}) found"
AFTER = f"""{_FILTERED}
        and (due_at, callback_id) < (coalesce($7::timestamptz, 'infinity'), $8::uuid)
    order by due_at desc, callback_id desc limit $9
"""
_LAST_ID = UUID(int=2**128 - 1)
FIND = f"select {COLUMNS} from callback where tenant_id = $1 and callback_id = $2"
HOLD = f"{FIND} for no key update"


async def page(
    conn: Connection, tenant_id: TenantId, by: Filter, limit: int, offset: int
) -> tuple[list[Callback], int]:
    """A page of the callbacks that match, those that are due last first, and their number."""
    rows = await conn.fetch(PAGE, tenant_id, *by, limit, offset)
    return [callback_of(row) for row in rows], await conn.fetchval(COUNT, tenant_id, *by)


async def after(
    conn: Connection, tenant_id: TenantId, by: Filter, key: CallbackKey | None, limit: int
) -> Sequence[Callback]:
    """The next callbacks that match, behind a key; None: the first."""
    due_at, callback_id = key or (None, _LAST_ID)
    return [callback_of(row) for row in await conn.fetch(AFTER, tenant_id, *by, due_at, callback_id, limit)]


async def find(conn: Connection, tenant_id: TenantId, callback_id: UUID) -> Callback | None:
    row = await conn.fetchrow(FIND, tenant_id, callback_id)
    return None if row is None else callback_of(row)


class Refusal(Enum):
    """Why nothing was changed."""

    NO_CALLBACK = auto()
    NO_QUEUE = auto()
    NO_AGENT = auto()
    EXISTS = auto()
    """The number is to be called back for the queue already."""
    NOT_PENDING = auto()
    """It is being called, or over."""
    PAST = auto()
    """The time has passed."""


AGENT = "select true from agent where tenant_id = $1 and agent_id = $2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A callback for a time."""

    queue_id: QueueId
    phone: str
    source: Source
    due_at: datetime | None = None
    """None: now."""
    agent_id: AgentId | None = None
    patience_s: int = PATIENCE_S
    from_call: UUID | None = None
    called: str | None = None
    """The number that is shown; None: the queue's."""
    note: str | None = None


async def create(conn: Connection, tenant_id: TenantId, wanted: Wanted, by: Author | None) -> Callback | Refusal:
    """Schedule a callback, within the caller's transaction."""
    now = await hours.now(conn)
    due_at = now if wanted.due_at is None else wanted.due_at
    if due_at < now - CLOCKS_DIFFER:
        return Refusal.PAST
    limits = await term(conn, tenant_id, wanted.queue_id, due_at)
    if limits is None:
        return Refusal.NO_QUEUE
    if wanted.agent_id is not None and not await conn.fetchval(AGENT, tenant_id, wanted.agent_id):
        return Refusal.NO_AGENT
    new = AskedFor(
        queue_id=wanted.queue_id,
        phone=wanted.phone,
        called=limits.number if wanted.called is None else wanted.called,
        source=wanted.source,
        arrived_at=due_at,
        due_at=due_at,
        expires_at=limits.expires_at,
        agent_id=wanted.agent_id,
        agent_until=None if wanted.agent_id is None else due_at + timedelta(seconds=wanted.patience_s),
        from_call=wanted.from_call,
        note=wanted.note,
    )
    made = await schedule(conn, tenant_id, new)
    if made is None:
        return Refusal.EXISTS
    detail = {"queue": wanted.queue_id, "dueAt": due_at.isoformat(), "agent": wanted.agent_id}
    await audit.record(conn, tenant_id, by, "callback.create", f"callback {made.callback_id}", detail)
    return made


SCHEDULED_BY = """
select callback_id from callback
where tenant_id = $1 and from_call = $2 and source = 'wrap_up' and state = 'pending' for no key update
"""


async def scheduled_by(conn: Connection, tenant_id: TenantId, call_id: UUID) -> UUID | None:
    """The pending callback that a wrap-up code of a call has scheduled, locked."""
    return await conn.fetchval(SCHEDULED_BY, tenant_id, call_id)


RESCHEDULE = """
update callback set due_at = $3, arrived_at = $3, expires_at = $4, agent_until = $5
where tenant_id = $1 and callback_id = $2 and state = 'pending'
"""
KEEP_FOR = """
update callback set agent_id = $3, agent_until = $4 where tenant_id = $1 and callback_id = $2 and state = 'pending'
"""


async def change(
    conn: Connection,
    tenant_id: TenantId,
    callback_id: UUID,
    *,
    due_at: datetime | UnsetType,
    agent: tuple[AgentId | None, int] | UnsetType,
    by: Author | None,
) -> Refusal | None:
    """Change the time of a pending callback, or whom it is kept for and how long. A caller's place that is moved to
    another time is the one at that time."""
    async with conn.transaction():
        row = await conn.fetchrow(HOLD, tenant_id, callback_id)
        if row is None:
            return Refusal.NO_CALLBACK
        found = callback_of(row)
        if found.state is not CallbackState.PENDING:
            return Refusal.NOT_PENDING
        # Before anything is written: a refusal does not roll the caller's transaction back.
        if agent is not UNSET and agent[0] is not None and not await conn.fetchval(AGENT, tenant_id, agent[0]):
            return Refusal.NO_AGENT
        begins = found.due_at
        if due_at is not UNSET:
            if due_at < await hours.now(conn) - CLOCKS_DIFFER:
                return Refusal.PAST
            limits = await term(conn, tenant_id, found.queue_id, due_at)
            assert limits is not None, "a callback goes with its queue"
            until = None if found.agent_until is None else due_at + (found.agent_until - found.due_at)
            await conn.execute(RESCHEDULE, tenant_id, callback_id, due_at, limits.expires_at, until)
            begins = due_at
        if agent is not UNSET:
            agent_id, patience_s = agent
            until = None if agent_id is None else begins + timedelta(seconds=patience_s)
            await conn.execute(KEEP_FOR, tenant_id, callback_id, agent_id, until)
        sent = {"dueAt": None if due_at is UNSET else due_at.isoformat(), "agent": None if agent is UNSET else agent[0]}
        await audit.record(conn, tenant_id, by, "callback.change", f"callback {callback_id}", sent)
    return None


CANCEL = """
with clock as materialized (
    select now() as now_at
)
update callback set state = 'cancelled', ended_at = clock.now_at from clock
where tenant_id = $1 and callback_id = $2 and state = 'pending'
"""


async def cancel(conn: Connection, tenant_id: TenantId, callback_id: UUID, by: Author | None) -> Refusal | None:
    """pending → cancelled. One that is cancelled already stays so."""
    async with conn.transaction():
        row = await conn.fetchrow(HOLD, tenant_id, callback_id)
        if row is None:
            return Refusal.NO_CALLBACK
        state = callback_of(row).state
        if state is CallbackState.CANCELLED:
            return None
        if state is not CallbackState.PENDING:
            return Refusal.NOT_PENDING
        await conn.execute(CANCEL, tenant_id, callback_id)
        await audit.record(conn, tenant_id, by, "callback.cancel", f"callback {callback_id}")
    return None
