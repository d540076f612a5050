"""Calls to queues in the database, from their arrival to their end.

    arrive ──▶ ringing ── join ──▶ answered, waiting in a queue ── connect ──▶ talking ──┐
                  ├── answer ──▶ answered, in a menu, or hears a message ──────────────────┤
                  └────────────────────────────────────────────────────────────────── end ─┴──▶ ended

A call to somebody who is to be called back (callbacks/) is one of the queue, too, from its answer on: `dial` opens it,
outbound and with a channel of our choice.

Each step is guarded by the state from which it may start: one that is late or repeated changes nothing. `end` is the
one place where such a call ends; it has no contact and no counters. Like calls/finish.end it is the first locking
statement of its transaction, and its caller frees the agent. Locks: docs/architecture.md, "Lock order".
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from tongdai.calls import segments
from tongdai.calls import store as calls
from tongdai.calls.finish import KEPT
from tongdai.calls.inbound.model import Arrival, InboundCall, InboundEnding
from tongdai.calls.model import CallState
from tongdai.calls.sql import month_of
from tongdai.db.columns import qualified
from tongdai.db.plans import by_index
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, QueueId, SwitchId, TenantId
from tongdai.numbers.endpoints.model import EndpointKind
from tongdai.numbers.endpoints.rule import may_use
from tongdai.webhooks import outbox
from tongdai.webhooks.model import Event

COLUMNS = """tenant_id, call_id, switch_id, coalesce(channel, call_id::text) as channel, queue_id,
    coalesce(called, '') as called, phone, state, opened_at, lease_until, agent_id, answered_at, connected_at,
    contact_id is not null as to_contact"""
ARRIVE = f"""
with clock as materialized (
    select clock_timestamp() as now_at
)
insert into live_call (tenant_id, call_id, switch_id, direction, queue_id, called, phone, channel, state, opened_at,
    ringing_at, dial_until, lease_until)
select $1, gen_random_uuid(), $2, 'inbound', $3, $4, $5, $6, 'ringing', now_at, now_at, 'infinity',
    now_at + $7::interval
from clock
on conflict (tenant_id, phone, channel) do nothing
returning {COLUMNS}, {outbox.subscribed(Event.CALL_RINGING)} as subscribed
"""
ARRIVED = f"select {COLUMNS} from live_call where tenant_id = $1 and phone = $2 and channel = $3"


async def arrive(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, arrival: Arrival, lease: timedelta
) -> InboundCall | None:
    """Open a call that came in, for the queue of its number; the same one when that was done before. None: it has
    ended meanwhile."""
    values = (arrival.switch_id, queue_id, arrival.called, arrival.phone, arrival.channel, lease)
    async with conn.transaction():
        row = await conn.fetchrow(ARRIVE, tenant_id, *values)
        if row is None:
            row = await conn.fetchrow(ARRIVED, tenant_id, arrival.phone, arrival.channel)
            return None if row is None else call_of(row)
        if row["subscribed"]:
            await outbox.publish_calls(conn, tenant_id, [row["call_id"]], Event.CALL_RINGING)
    return call_of(row)


# A caller who comes from another queue, or a menu, leaves it: the part there ends when the wait in this queue begins.
JOIN = f"""
with clock as materialized (
    select clock_timestamp() + $5::interval as lease_until
), held as materialized (
    select a.call_id, $4::timestamptz as at, greatest($4::timestamptz, a.answered_at) as since from (
        select call_id, answered_at from live_call
        where tenant_id = $1 and call_id = $2 and queue_id is not null
            and not exists (
                select from open_segment where tenant_id = $1 and call_id = $2 and kind in {segments.TALKS}
            )
            and not exists (select from call_party where tenant_id = $1 and call_id = $2)
        limit 1 for update
    ) a
), joined as (
    update live_call a set state = 'answered', answered_at = coalesce(a.answered_at, held.at), queue_id = $3,
        lease_until = clock.lease_until
    from held cross join clock where a.tenant_id = $1 and a.call_id = held.call_id
    returning a.call_id
), waited as (
    delete from open_segment s using held
    where s.tenant_id = $1 and s.call_id = held.call_id
        and (s.kind = 'menu' or s.kind = 'wait' and s.queue_id is distinct from $3)
    returning s.*, greatest(s.started_at, held.since) as over_at
), waits as (
    insert into segment (tenant_id, {segments.COLUMNS}, ended_at, ended_month)
    select $1, {segments.COLUMNS}, over_at, {month_of("over_at")} from waited
), waiting as (
    insert into open_segment (tenant_id, call_id, kind, started_at, queue_id)
    select $1, held.call_id, 'wait', greatest(held.since, waited.over_at), $3
    from held left join waited on waited.call_id = held.call_id
    where not exists (
        select from open_segment
        where tenant_id = $1 and call_id = $2 and kind = 'wait' and queue_id = $3
    )
)
select exists (select from joined)
"""


async def join(
    conn: Connection, tenant_id: TenantId, call_id: UUID, queue_id: QueueId, at: datetime, lease: timedelta
) -> bool:
    """The caller waits in a queue from an instant on; the call is answered then, if it was not. False: it has ended,
    somebody talks with the caller, or a number is called for them."""
    return await conn.fetchval(JOIN, tenant_id, call_id, queue_id, at, lease)


ANSWER = """
with clock as materialized (
    select clock_timestamp() + $4::interval as lease_until
), answered as (
    update live_call set state = 'answered', answered_at = $3, lease_until = clock.lease_until from clock
    where tenant_id = $1 and call_id = $2 and direction = 'inbound' and state = 'ringing' returning true
)
select exists (select from answered)
"""


async def answer(conn: Connection, tenant_id: TenantId, call_id: UUID, at: datetime, lease: timedelta) -> bool:
    """ringing → answered, for a message or a menu."""
    return await conn.fetchval(ANSWER, tenant_id, call_id, at, lease)


# A message continues the part of the call in which it is heard, so that the parts of a call that had any have no gap.
ENTER_MENU = f"""
with left_queue as (
    delete from open_segment s where s.tenant_id = $1 and s.call_id = $2 and s.kind = 'wait'
    returning s.*, greatest(s.started_at, $3::timestamptz) as over_at
), waits as (
    insert into segment (tenant_id, {segments.COLUMNS}, ended_at, ended_month)
    select $1, {segments.COLUMNS}, over_at, {month_of("over_at")} from left_queue
)
insert into open_segment (tenant_id, call_id, kind, started_at, queue_id)
select $1, a.call_id, 'menu', greatest(a.answered_at, left_queue.over_at, $3::timestamptz), a.queue_id
from live_call a left join left_queue on left_queue.call_id = a.call_id
where a.tenant_id = $1 and a.call_id = $2 and a.answered_at is not null
    and not exists (select from open_segment where tenant_id = $1 and call_id = $2 and kind not in ('wait', 'wrap_up'))
"""


async def enter_menu(conn: Connection, tenant_id: TenantId, call_id: UUID, at: datetime) -> None:
    """The caller of an answered call is in a menu from an instant on, and in no queue. Nothing changes when they are
    in one already."""
    await conn.execute(ENTER_MENU, tenant_id, call_id, at)


# The wait for a number that is called is one in no queue, and counts in none.
LEAVE_MENU = f"""
with menu as (
    delete from open_segment s where s.tenant_id = $1 and s.call_id = $2 and s.kind = 'menu'
    returning s.*, greatest(s.started_at, $3::timestamptz) as over_at
), parts as (
    insert into segment (tenant_id, {segments.COLUMNS}, ended_at, ended_month)
    select $1, {segments.COLUMNS}, over_at, {month_of("over_at")} from menu
)
insert into open_segment (tenant_id, call_id, kind, started_at, queue_id)
select $1, a.call_id, 'wait', greatest(a.answered_at, menu.over_at, $3::timestamptz), null
from live_call a left join menu on menu.call_id = a.call_id
where a.tenant_id = $1 and a.call_id = $2 and a.answered_at is not null
    and not exists (select from open_segment where tenant_id = $1 and call_id = $2 and kind not in ('menu', 'wrap_up'))
"""


async def leave_menu(conn: Connection, tenant_id: TenantId, call_id: UUID, at: datetime) -> None:
    """A number is called for the caller, who comes from a menu, or was in no queue. Whoever waits in one still does."""
    await conn.execute(LEAVE_MENU, tenant_id, call_id, at)


WAIT = """
insert into open_segment (tenant_id, call_id, kind, started_at, queue_id)
select $1, call_id, 'wait', greatest(answered_at, $3::timestamptz), queue_id from live_call
where tenant_id = $1 and call_id = $2
"""


async def wait(conn: Connection, tenant_id: TenantId, call_id: UUID, at: datetime) -> None:
    """Whoever talked with the caller has left, and a number is called for them."""
    await conn.execute(WAIT, tenant_id, call_id, at)


LINE = f"""
select n.trunk, a.called as caller_id from live_call a left join called_number n
    on n.tenant_id = $1 and n.number = nullif(ltrim(a.called, '+'), '')::bigint
        and {may_use("$1", "a.switch_id", "n.trunk", EndpointKind.TRUNK)}
where a.tenant_id = $1 and a.call_id = $2
"""


async def line(conn: Connection, tenant_id: TenantId, call_id: UUID) -> tuple[str | None, str | None]:
    """The trunk of the called number, if it has one that the tenant may use, and the number."""
    row = await conn.fetchrow(LINE, tenant_id, call_id)
    return (None, None) if row is None else (row["trunk"], row["caller_id"])


async def connect(conn: Connection, tenant_id: TenantId, call_id: UUID, agent_id: AgentId | None, at: datetime) -> bool:
    """Record the connection with an agent, or a number; the wait ends and the talk begins."""
    rows = await by_index(conn, calls.TALKS, tenant_id, [call_id], [at], [agent_id])
    if rows and rows[0]["subscribed"]:
        await outbox.publish_calls(conn, tenant_id, [call_id], Event.CALL_ANSWERED)
    return bool(rows)


_GONE = qualified(KEPT, "gone")
# The call moves from live_call to the partition of the month in which it ends.
END = f"""
with clock as materialized (
    select clock_timestamp() as now_at
), gone as (
    delete from live_call a where a.tenant_id = $1 and a.call_id = $2 and a.queue_id is not null returning a.*
), ended as (
    insert into call (tenant_id, {KEPT}, state, outcome, hangup_cause, dialled_at, connected_at, ended_at, ended_month)
    select $1, {_GONE}, 'ended', $3, $4, gone.dialled_at, gone.connected_at, clock.now_at, {month_of("clock.now_at")}
    from gone cross join clock
    returning call_id, ended_at, failure
){segments.ENDED}
select call_id, {outbox.subscribed(*outbox.ENDS)} as subscribed from ended
"""


async def end(conn: Connection, call: InboundCall, ending: InboundEnding) -> bool:
    """End a live call; False when it has ended before, and nothing changed. The caller frees the agent."""
    rows = await by_index(conn, END, call.tenant_id, call.call_id, ending.outcome, ending.hangup_cause)
    if rows and rows[0]["subscribed"]:
        await outbox.publish_calls(conn, call.tenant_id, [call.call_id], *outbox.ENDS)
    return bool(rows)


ACTIVE = f"""
select {COLUMNS} from live_call
where switch_id = $1 and queue_id is not null and (direction = 'inbound' or state = 'answered')
order by opened_at, call_id
"""
# A call to a contact has a queue of its own once it is transferred: from then on the ACD has it, and not the dialer.
# The agent who had it first may have left it to a number or a phone, which has no queue: the talk keeps it.
TAKE = f"""
update live_call a set queue_id = talk.queue_id from (
    select queue_id from (
        select 1 as turn, g.queue_id from agent g
        where g.tenant_id = $1 and g.call_id = $2 and g.state = 'talking'
        union all
        select 2, s.queue_id from open_segment s
        where s.tenant_id = $1 and s.call_id = $2 and s.kind in {segments.TALKS} and s.queue_id is not null and exists (
            select from call_party p where p.tenant_id = $1 and p.call_id = $2 and p.state = 'talking'
        )
    ) found
    order by turn limit 1
) talk
where a.tenant_id = $1 and a.call_id = $2 and a.contact_id is not null and a.queue_id is null
    and a.state = 'answered' and a.connected_at is not null
returning true
"""


async def take(conn: Connection, tenant_id: TenantId, call_id: UUID) -> bool:
    """A call to a contact who talks with an agent, or with whom an agent left them to, becomes one of the queue of the
    talk. False: they do not talk, or it is one."""
    return bool(await conn.fetchval(TAKE, tenant_id, call_id))


async def active(conn: Connection, switch_id: SwitchId) -> list[InboundCall]:
    """The live calls to queues of all tenants of a switch, in the order of their arrival; not those to customers who
    have not answered."""
    return [call_of(row) for row in await conn.fetch(ACTIVE, switch_id)]


DIAL = f"""
with clock as materialized (
    select clock_timestamp() as now_at
)
insert into live_call (tenant_id, call_id, switch_id, direction, queue_id, called, phone, channel, state, opened_at,
    dialled_at, dial_until, lease_until)
select $1, $2, $3, 'outbound', $4, $5, $6, $2::uuid::text, 'dialing', now_at, now_at, 'infinity',
    now_at + $7::interval
from clock
returning {COLUMNS}
"""


async def dial(
    conn: Connection,
    tenant_id: TenantId,
    call_id: UUID,
    queue_id: QueueId,
    *,
    switch_id: SwitchId,
    called: str,
    phone: str,
    lease: timedelta,
) -> InboundCall:
    """Open a call to a customer, who is called once this is committed. `called` is the number that is shown."""
    row = await conn.fetchrow(DIAL, tenant_id, call_id, switch_id, queue_id, called, phone, lease)
    assert row is not None
    return call_of(row)


DIALLED = f"""
select {COLUMNS}, lease_until < clock_timestamp() as overdue from live_call
where switch_id = $1 and queue_id is not null and direction = 'outbound' and state <> 'answered'
order by opened_at, call_id
"""


async def dialled(conn: Connection, switch_id: SwitchId) -> list[tuple[InboundCall, bool]]:
    """The calls to customers of all tenants of a switch who have not answered, and whether the lease of each has
    expired."""
    rows = [dict(row) for row in await conn.fetch(DIALLED, switch_id)]
    return [(_call(row), overdue) for row in rows for overdue in (row.pop("overdue"),)]


FIND = f"select {COLUMNS} from live_call where tenant_id = $1 and call_id = $2 and queue_id is not null"


async def find(conn: Connection, tenant_id: TenantId, call_id: UUID) -> InboundCall | None:
    row = await conn.fetchrow(FIND, tenant_id, call_id)
    return None if row is None else call_of(row)


def call_of(row: asyncpg.Record) -> InboundCall:
    return _call({name: value for name, value in row.items() if name != "subscribed"})


def _call(values: dict[str, Any]) -> InboundCall:
    values["state"] = CallState(values["state"])
    return InboundCall(**values)
