"""Callbacks in the database.

    ask, schedule ──▶ pending ── begin_try ──▶ calling ── connected ──▶ done
                         ▲  └── expire, cancel, replace, forbid           │
                         └───────────────── try_ended ────────────────────┴──▶ failed

Each statement is guarded by the state from which it starts: one that is late or repeated changes nothing. A live call
is locked before its callback, and a callback before the agent of a try (docs/architecture.md, "Lock order").
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from tongdai.call_outcome import InboundOutcome, Outcome
from tongdai.callbacks import core
from tongdai.callbacks.model import (
    OTHERS_A_DAY,
    WITHHELD_A_DAY,
    Askable,
    AskedFor,
    Callback,
    CallbackState,
    Source,
)
from tongdai.campaigns.hours import store as calling_hours
from tongdai.campaigns.settings.windows import Week
from tongdai.db.columns import qualified
from tongdai.db.pool import Connection
from tongdai.dialing.rule import HELD
from tongdai.do_not_call.rule import is_listed
from tongdai.ids import QueueId, SwitchId, TenantId
from tongdai.queues.hours import store as hours
from tongdai.queues.hours.core import open_at

COLUMNS = """tenant_id, callback_id, queue_id, phone, called, source, state, arrived_at, due_at, expires_at, agent_id,
    agent_until, tries, from_call, call_id, note, created_at, ended_at"""
_OF = qualified(COLUMNS, "c")
_NEW = """queue_id, phone, called, source, arrived_at, due_at, expires_at, agent_id, agent_until, from_call, note"""
_INSERT = f"""
insert into callback as c (tenant_id, {_NEW}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
on conflict (tenant_id, queue_id, phone) where ended_at is null"""
# A number that is to be called already keeps the earlier place, and is called now.
ASK = f"""{_INSERT} do update set arrived_at = least(c.arrived_at, excluded.arrived_at),
    due_at = least(c.due_at, excluded.due_at), expires_at = greatest(c.expires_at, excluded.expires_at)
returning {COLUMNS}
"""
ASKED_IN = f"""
select from_call from callback where tenant_id = $1 and from_call = any($2::uuid[]) and source = '{Source.CALLER}'
"""
SCHEDULE = f"{_INSERT} do nothing returning {COLUMNS}"


async def ask(conn: Connection, tenant_id: TenantId, new: AskedFor) -> Callback:
    """A caller asks to be called back: one callback for a number and queue, at the earlier place."""
    row = await conn.fetchrow(ASK, tenant_id, *_values(new))
    assert row is not None, "inserted or updated"
    return callback_of(row)


async def asked_in(conn: Connection, tenant_id: TenantId, call_ids: Sequence[UUID]) -> set[UUID]:
    """The calls, of these, in which the caller has asked to be called back."""
    return {row["from_call"] for row in await conn.fetch(ASKED_IN, tenant_id, call_ids)}


async def schedule(conn: Connection, tenant_id: TenantId, new: AskedFor) -> Callback | None:
    """A callback for a time; None: the number is to be called back for the queue already."""
    row = await conn.fetchrow(SCHEDULE, tenant_id, *_values(new))
    return None if row is None else callback_of(row)


ASKABLE = """
select coalesce((select array_agg('+' || number) from called_number where tenant_id = $1), '{}') as own, (
    select count(*) from callback b
    where b.tenant_id = $1 and b.due_at > $3::timestamptz - interval '1 day'
        and b.created_at > $3::timestamptz - interval '1 day' and b.source = 'caller' and b.phone <> $2
        and b.from_call is distinct from $4
        and exists (
            select from call c where c.tenant_id = $1 and c.call_id = b.from_call and c.phone = $2
                and c.ended_month >= date_trunc('month', $3::timestamptz - interval '1 day')::date
        )
) as others
"""


async def askable(conn: Connection, tenant_id: TenantId, phone: str, at: datetime) -> Askable:
    """Read which numbers somebody may have called back who calls from one (empty: withheld)."""
    return await _askable(conn, tenant_id, phone, at, None)


async def _askable(conn: Connection, tenant_id: TenantId, phone: str, at: datetime, but_for: UUID | None) -> Askable:
    """`but_for`: a call whose callbacks are not counted."""
    row = await conn.fetchrow(ASKABLE, tenant_id, phone, at, but_for)
    assert row is not None, "a row of aggregates"
    return Askable(frozenset(row["own"]), row["others"] < (OTHERS_A_DAY if phone else WITHHELD_A_DAY))


LOCK_ASKING = "select pg_advisory_xact_lock(hashtextextended('callback/' || $2, $1))"


async def may_ask(conn: Connection, tenant_id: TenantId, phone: str, wanted: str, call_id: UUID, at: datetime) -> bool:
    """Whether somebody who calls from `phone` may have another number called back, in the transaction that records it:
    others who ask with the same number wait for its end. What was asked for in the same call before does not count."""
    await conn.execute(LOCK_ASKING, tenant_id, phone)
    askable = await _askable(conn, tenant_id, phone, at, call_id)
    return askable.others and wanted not in askable.own


def _values(new: AskedFor) -> tuple[object, ...]:
    return (
        new.queue_id, new.phone, new.called, new.source, new.arrived_at, new.due_at, new.expires_at, new.agent_id,
        new.agent_until, new.from_call, new.note,
    )  # fmt: skip


SETTINGS = """
select coalesce(s.callback_expires_s, 14400) as expires_s, coalesce(q.number, '') as number
from inbound_queue q left join queue_setting s on s.tenant_id = $1 and s.queue_id = q.queue_id
where q.tenant_id = $1 and q.queue_id = $2
"""


class Term(NamedTuple):
    """How long a callback of a queue holds that is asked for at an instant."""

    expires_at: datetime
    expires_s: int
    number: str
    """The number of the queue; empty: it has none."""


async def term(conn: Connection, tenant_id: TenantId, queue_id: QueueId, at: datetime) -> Term | None:
    """None: there is no such queue."""
    row = await conn.fetchrow(SETTINGS, tenant_id, queue_id)
    opening = await hours.find(conn, tenant_id, queue_id)
    if row is None or opening is None:
        return None
    state = open_at(await hours.rules(conn, tenant_id, opening), at)
    return Term(core.expires_at(state, at, row["expires_s"]), row["expires_s"], row["number"])


# Those that are due


TENANTS_WITH_PENDING = """
select distinct c.tenant_id, t.zone, h.windows from callback c join tenant t using (tenant_id)
left join calling_hours h using (tenant_id)
where c.state = 'pending' and c.due_at <= now() and t.switch_id = $1 order by c.tenant_id
"""
EXPIRE = """
with clock as materialized (
    select now() as now_at
)
update callback set state = 'expired', ended_at = clock.now_at from clock
where tenant_id = $1 and state = 'pending' and expires_at <= clock.now_at
"""
MOST_DUE = 5000
"""The most callbacks of a queue that are in order with the callers, and the size of a page."""
FIRST = (datetime.min.replace(tzinfo=UTC), UUID(int=0))
DUE = f"""
select {COLUMNS} from callback
where tenant_id = $1 and state = 'pending' and due_at <= now() and expires_at > now()
    and (arrived_at, callback_id) > ($2::timestamptz, $3::uuid) and queue_id <> all($4::bigint[])
order by arrived_at, callback_id limit $5
"""


async def due(conn: Connection, switch_id: SwitchId) -> list[Callback]:
    """The callbacks of all tenants of a switch that may be dialled now, by calling hours too. Those whose term has
    ended expire."""
    found: list[Callback] = []
    for tenant in await conn.fetch(TENANTS_WITH_PENDING, switch_id):
        await conn.execute(EXPIRE, tenant["tenant_id"])
        found += await _due(conn, tenant["tenant_id"], tenant["zone"], tenant["windows"])
    return found


CALLING_HOURS = """
select t.zone, h.windows from tenant t left join calling_hours h on h.tenant_id = $1 where t.tenant_id = $1
"""


async def due_of_tenant(conn: Connection, tenant_id: TenantId) -> list[Callback]:
    """Likewise, the callbacks of a tenant; none is changed."""
    row = await conn.fetchrow(CALLING_HOURS, tenant_id)
    return [] if row is None else await _due(conn, tenant_id, row["zone"], row["windows"])


async def _due(conn: Connection, tenant_id: TenantId, zone: str, windows: Any) -> list[Callback]:
    """Read the callbacks of a tenant that may be dialled now. Those that must wait, as they are of another zone or of a
    queue without agents, keep no others from being among them."""
    now, week = await hours.now(conn), calling_hours.week_of(windows)
    found: list[Callback] = []
    of_queue: Counter[int] = Counter()
    after = FIRST
    while True:
        full = [queue_id for queue_id, count in of_queue.items() if count >= MOST_DUE]
        rows = await conn.fetch(DUE, tenant_id, *after, full, MOST_DUE)
        for row in rows:
            if of_queue[row["queue_id"]] < MOST_DUE and core.may_call(week, row["phone"], zone, now):
                of_queue[row["queue_id"]] += 1
                found.append(callback_of(row))
        if len(rows) < MOST_DUE:
            return found
        after = (rows[-1]["arrived_at"], rows[-1]["callback_id"])


# Tries


class Check(NamedTuple):
    """Whether a callback may be dialled now."""

    state: str
    due: bool
    held: bool
    """Dialing is held."""
    listed: bool
    """The number is on a do-not-call list of the tenant."""
    busy: bool
    """The number is in a call."""
    zone: str
    windows: Any


_LISTED = is_listed("c.phone", "null::bigint")
CHECK = f"""
select c.state, c.due_at <= now() and c.expires_at > now() as due, {HELD} as held, {_LISTED} as listed,
    exists (select from live_call where tenant_id = $1 and phone = c.phone) as busy, t.zone, h.windows
from callback c join tenant t on t.tenant_id = $1 left join calling_hours h on h.tenant_id = $1
where c.tenant_id = $1 and c.callback_id = $2 for no key update of c
"""
FORBID = """
with clock as materialized (
    select now() as now_at
)
update callback set state = 'forbidden', ended_at = clock.now_at from clock
where tenant_id = $1 and callback_id = $2 and state = 'pending'
"""
BEGIN_TRY = f"""
update callback as c set state = 'calling', tries = tries + 1, call_id = $3
where tenant_id = $1 and callback_id = $2 and state = 'pending' returning {_OF}
"""


async def may_dial(conn: Connection, callback: Callback) -> bool:
    """Whether a callback may be dialled now; it is locked. One whose number is on a do-not-call list is over."""
    row = await conn.fetchrow(CHECK, callback.tenant_id, callback.callback_id)
    if row is None:
        return False
    found = Check(*row)
    if found.state != CallbackState.PENDING or not found.due or found.held or found.busy:
        return False
    if found.listed:
        await conn.execute(FORBID, callback.tenant_id, callback.callback_id)
        return False
    week: Week | None = calling_hours.week_of(found.windows)
    return core.may_call(week, callback.phone, found.zone, await hours.now(conn))


async def begin_try(conn: Connection, callback: Callback, call_id: UUID) -> Callback | None:
    """pending → calling: the customer is called in this call, which is not dialled again."""
    row = await conn.fetchrow(BEGIN_TRY, callback.tenant_id, callback.callback_id, call_id)
    return None if row is None else callback_of(row)


CONNECTED = """
with clock as materialized (
    select now() as now_at
)
update callback set state = 'done', ended_at = clock.now_at from clock
where tenant_id = $1 and call_id = $2 and state = 'calling'
"""


async def connected(conn: Connection, tenant_id: TenantId, call_id: UUID) -> None:
    """calling → done: the customer talks to an agent in the call."""
    await conn.execute(CONNECTED, tenant_id, call_id)


OF_TRY = "select tries from callback where tenant_id = $1 and call_id = $2 and state = 'calling' for no key update"
TRY_ENDED = """
update callback set state = $3, tries = $4, due_at = greatest(due_at, $5::timestamptz),
    ended_at = case when $3 = 'failed' then $5::timestamptz end
where tenant_id = $1 and call_id = $2 and state = 'calling'
"""


async def try_ended(
    conn: Connection, tenant_id: TenantId, call_id: UUID, outcome: Outcome | InboundOutcome, at: datetime
) -> None:
    """calling → pending, or failed: the call ended, and the customer talked to nobody. Nothing for any other call."""
    tries = await conn.fetchval(OF_TRY, tenant_id, call_id)
    if tries is not None:
        state, count, again_at = core.after_try(outcome, tries, at)
        await conn.execute(TRY_ENDED, tenant_id, call_id, state, count, again_at)


REPLACE = f"""
with clock as materialized (
    select now() as now_at
)
update callback as c set state = 'replaced', ended_at = clock.now_at from clock
where tenant_id = $1 and queue_id = $2 and phone = $3 and ended_at is null and source = '{Source.CALLER}'
    and call_id is distinct from $4
returning arrived_at
"""


async def replace(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, phone: str, call_id: UUID
) -> datetime | None:
    """The customer rings again in another call: the callback that they asked for is over. Returns its place; None:
    there is none."""
    return await conn.fetchval(REPLACE, tenant_id, queue_id, phone, call_id) if phone else None


def callback_of(row: asyncpg.Record) -> Callback:
    values: dict[str, Any] = dict(row)
    values |= {"source": Source(values["source"]), "state": CallbackState(values["state"])}
    return Callback(**values)


CALLING = "select true from callback where tenant_id = $1 and phone = $2 and state = 'calling' limit 1"
FORGET = """
with held as (
    select callback_id from callback where tenant_id = $1 and phone = $2 order by callback_id for update
), gone as (
    delete from callback c using held
    where c.tenant_id = $1 and c.callback_id = held.callback_id and c.state <> 'calling'
    returning c.callback_id
)
select count(*) from gone
"""


async def forget(conn: Connection, tenant_id: TenantId, phone: str) -> int | None:
    """Delete the callbacks to a number, those that have ended too, within the caller's transaction.

    Returns their number. None: one is being called, and the transaction must not commit.
    """
    gone = await conn.fetchval(FORGET, tenant_id, phone)
    return None if await conn.fetchval(CALLING, tenant_id, phone) else gone
