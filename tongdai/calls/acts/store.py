"""Acts in the database: asked by the API, done by the leader of the switch that carries the call.

    API: ask ──→ call_act ──→ leader: asked, begin (or refuse), …the switch…, finish ──→ API: ended

`begin` is committed before the switch is asked: an act that was not begun in time is never done, and one that was begun
and has no end may have been done. Of these the repeatable ones are completed by the next leader (`interrupted`).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from tongdai.calls.acts.model import LAPSES_AFTER, REPEATABLE, Act, Ended, Kind, Result
from tongdai.calls.events import store as events
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, Author, QueueId, SwitchId, TenantId

CHANNEL = "call_act"
"""Notifications; the payload is the switch's id."""

ASK = """
with asked as (
    insert into call_act (tenant_id, call_id, switch_id, kind, arguments, key_id, user_id)
    select $1, call_id, switch_id, $3, $4, $5, $6 from live_call where tenant_id = $1 and call_id = $2
    returning act_id, switch_id
)
select act_id, pg_notify('call_act', switch_id::text) from asked
"""


async def ask(
    conn: Connection,
    tenant_id: TenantId,
    call_id: UUID,
    kind: Kind,
    arguments: Mapping[str, Any],
    by: Author | None,
) -> UUID | None:
    """Ask for an act; returns its id. None: there is no such live call."""
    return await conn.fetchval(ASK, tenant_id, call_id, kind, dict(arguments), *audit.columns(by))


HAS_CALL = "select exists (select from call where tenant_id = $1 and call_id = $2)"


async def has_call(conn: Connection, tenant_id: TenantId, call_id: UUID) -> bool:
    """Whether there is such a call of the tenant, live or ended, with a contact or a caller."""
    return await conn.fetchval(HAS_CALL, tenant_id, call_id)


ENDED = "select result, message from call_act where tenant_id = $1 and act_id = $2 and result is not null"


async def ended(conn: Connection, tenant_id: TenantId, act_id: UUID) -> Ended | None:
    """None: it has not ended."""
    row = await conn.fetchrow(ENDED, tenant_id, act_id)
    return None if row is None else Ended(Result(row["result"]), row["message"] or "")


LAPSE = """
with clock as materialized (
    select clock_timestamp() as now_at
)
update call_act a set done_at = clock.now_at, result = 'lapsed'
from clock where a.tenant_id = $1 and a.act_id = $2 and a.begun_at is null and a.done_at is null
returning true
"""


async def lapse(conn: Connection, tenant_id: TenantId, act_id: UUID) -> bool:
    """Give an act up; it is not done any more. False: it was begun, or has ended."""
    return bool(await conn.fetchval(LAPSE, tenant_id, act_id))


ASKED = """
select a.tenant_id, a.act_id, a.call_id, coalesce(c.channel, a.call_id::text) as channel, a.kind, a.arguments,
    a.key_id, a.user_id
from call_act a left join live_call c on c.tenant_id = a.tenant_id and c.call_id = a.call_id
where a.switch_id = $1 and a.begun_at is null and a.done_at is null and a.asked_at > clock_timestamp() - $2::interval
order by a.asked_at, a.act_id limit 200
"""


async def asked(conn: Connection, switch_id: SwitchId) -> list[Act]:
    """The acts of a switch that wait to be begun, oldest first."""
    return [_act(row) for row in await conn.fetch(ASKED, switch_id, LAPSES_AFTER)]


INTERRUPTED = """
select a.tenant_id, a.act_id, a.call_id, coalesce(c.channel, a.call_id::text) as channel, a.kind, a.arguments,
    a.key_id, a.user_id
from call_act a left join live_call c on c.tenant_id = a.tenant_id and c.call_id = a.call_id
where a.switch_id = $1 and a.begun_at is not null and a.done_at is null and a.kind = any($2::text[])
order by a.asked_at, a.act_id
"""


async def interrupted(conn: Connection, switch_id: SwitchId) -> list[Act]:
    """The repeatable acts of a switch that were begun and have no end, oldest first."""
    return [_act(row) for row in await conn.fetch(INTERRUPTED, switch_id, [str(kind) for kind in REPEATABLE])]


def _act(row: asyncpg.Record) -> Act:
    fields: dict[str, Any] = dict(row.items())
    fields["kind"] = Kind(row["kind"])
    return Act(**fields)


BEGIN = """
with clock as materialized (
    select clock_timestamp() as now_at, clock_timestamp() - $3::interval as not_before
)
update call_act a set begun_at = clock.now_at
from clock
where a.tenant_id = $1 and a.act_id = $2 and a.begun_at is null and a.done_at is null
    and a.asked_at > clock.not_before
returning begun_at
"""


async def begin(conn: Connection, act: Act) -> bool:
    """Take an act, and audit it: commit before the switch is asked. False: it has lapsed, or another has taken it."""
    async with conn.transaction():
        begun_at = await conn.fetchval(BEGIN, act.tenant_id, act.act_id, LAPSES_AFTER)
        if begun_at is None:
            return False
        detail = dict(act.arguments) or None
        await audit.record(conn, act.tenant_id, act.author, f"call.{act.kind}", f"call {act.call_id}", detail)
        if act.event is not None:
            await events.act(
                conn, act.tenant_id, act.call_id, begun_at, act.event, act.act_id, act.author, act.led_to,
                act.arguments.get("endpoint"),
            )  # fmt: skip
    return True


FINISH = """
with clock as materialized (
    select clock_timestamp() as now_at
)
update call_act a set done_at = clock.now_at, result = $3, message = nullif($4, '')
from clock where a.tenant_id = $1 and a.act_id = $2 and a.done_at is null returning true
"""


async def finish(conn: Connection, act: Act, how: Ended) -> None:
    """Record how an act ended, once."""
    async with conn.transaction():
        finished = await conn.fetchval(FINISH, act.tenant_id, act.act_id, how.result, how.message)
        if finished and how.result is Result.REFUSED:
            await events.not_done(conn, act.tenant_id, act.call_id, act.act_id)


class ToAgent(NamedTuple):
    """A transfer to an agent that was begun."""

    agent_id: AgentId
    queue_id: QueueId
    """The agent's, in which the customer waits."""
    begun_at: datetime


# The newest one counts: whoever was transferred on waits for nobody any more.
TO_AGENTS = """
select distinct on (call_id) call_id, (arguments->>'agentId')::bigint as agent_id,
    (arguments->>'queueId')::bigint as queue_id, begun_at
from call_act
where tenant_id = $1 and kind = 'transfer' and begun_at > now() - $2::interval and result is distinct from 'refused'
order by call_id, begun_at desc
"""


async def transferred_to_agents(conn: Connection, tenant_id: TenantId, within: timedelta) -> dict[UUID, ToAgent]:
    """The calls whose newest transfer, of those begun lately, is to an agent."""
    rows = await conn.fetch(TO_AGENTS, tenant_id, within)
    return {
        row["call_id"]: ToAgent(row["agent_id"], row["queue_id"], row["begun_at"])
        for row in rows
        if row["agent_id"] is not None
    }


WITH_OLD = "select distinct tenant_id from call_act where asked_at < now() - interval '1 day'"
PURGE = "delete from call_act where tenant_id = $1 and asked_at < now() - interval '1 day'"


async def purge(conn: Connection) -> None:
    """Delete acts older than a day, one tenant a statement; the audit keeps what was done."""
    for row in await conn.fetch(WITH_OLD):
        await conn.execute(PURGE, row["tenant_id"])
