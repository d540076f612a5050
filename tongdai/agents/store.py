"""Agents in the database: the transitions of their state.

Every statement is guarded by the state that it starts from, so a late or repeated event changes nothing.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from tongdai.agents.model import Agent, AgentState
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, KeyId, QueueId, TenantId

COLUMNS = """tenant_id, agent_id, name, endpoint, queue_id, wrap_up_s, state, state_since, channel_id, call_id,
    leaving, created_at"""
_OF_AGENT = "agent." + COLUMNS.replace(", ", ", agent.").replace(",\n    ", ",\n    agent.")

FIND = f"select {COLUMNS} from agent where tenant_id = $1 and agent_id = $2"


async def find(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> Agent | None:
    return _agent_or_none(await conn.fetchrow(FIND, tenant_id, agent_id))


SIGN_IN = f"""
update agent set state = 'calling', state_since = now()
where tenant_id = $1 and agent_id = $2 and state = 'offline' returning {COLUMNS}
"""


async def sign_in(conn: Connection, tenant_id: TenantId, agent_id: AgentId, by: KeyId | None) -> Agent | None:
    """offline → calling: the dialer calls the phone. None when the state does not allow it."""
    return await _act(conn, SIGN_IN, tenant_id, agent_id, by, "agent.sign-in")


SIGN_OUT = f"""
with clock as materialized (
    select now() as now_at
), shown as (
    delete from preview where tenant_id = $1 and agent_id = $2
)
update agent set
    leaving = state in ('reserved', 'talking'),
    state_since = case when state in ('reserved', 'talking') then state_since else clock.now_at end,
    state = case when state in ('reserved', 'talking') then state
        when channel_id is null then 'offline' else 'hanging_up' end
from clock
where tenant_id = $1 and agent_id = $2 and state in ('calling', 'idle', 'reserved', 'talking', 'wrap_up')
returning {_OF_AGENT}
"""


async def sign_out(conn: Connection, tenant_id: TenantId, agent_id: AgentId, by: KeyId | None) -> Agent | None:
    """calling, idle, wrap_up → hanging_up, or offline when the phone was not called yet; None in other states.

    An agent who is reserved or talking keeps the call and is `leaving`. A contact offered to the agent is freed for
    others.
    """
    return await _act(conn, SIGN_OUT, tenant_id, agent_id, by, "agent.sign-out")


READY = f"""
update agent set state = 'idle', state_since = now()
where tenant_id = $1 and agent_id = $2 and state = 'wrap_up' returning {COLUMNS}
"""


async def ready(conn: Connection, tenant_id: TenantId, agent_id: AgentId, by: KeyId | None) -> Agent | None:
    """wrap_up → idle before the wrap-up time is over. None when the state does not allow it."""
    return await _act(conn, READY, tenant_id, agent_id, by, "agent.ready")


async def _act(
    conn: Connection, statement: str, tenant_id: TenantId, agent_id: AgentId, by: KeyId | None, action: str
) -> Agent | None:
    async with conn.transaction():
        agent = _agent_or_none(await conn.fetchrow(statement, tenant_id, agent_id))
        if agent is not None:
            await audit.record(conn, tenant_id, by, action, f"agent {agent_id}")
    return agent


TO_CALL = f"""
update agent set channel_id = gen_random_uuid() where state = 'calling' and channel_id is null returning {COLUMNS}
"""


async def to_call(conn: Connection) -> list[Agent]:
    """The agents of all tenants who signed in, each with a new `channel_id`: commit, then call `PJSIP/<endpoint>`.

    A phone is called once: after a crash in between the channel does not exist, and the agent is `gone`.
    """
    return [agent_of(row) for row in await conn.fetch(TO_CALL)]


ANSWERED = """
update agent set state = 'idle', state_since = now()
where tenant_id = $1 and agent_id = $2 and channel_id = $3 and state = 'calling' returning true
"""


async def answered(conn: Connection, tenant_id: TenantId, agent_id: AgentId, channel_id: UUID) -> bool:
    """calling → idle, when the phone was answered. False: the agent signed out meanwhile, or the channel is old."""
    return bool(await conn.fetchval(ANSWERED, tenant_id, agent_id, channel_id))


# `old` keeps the call: an update returns the row as it is afterwards.
GONE = """
with old as (
    select tenant_id, agent_id, call_id from agent where channel_id = $1 for update
), shown as (
    delete from preview using old where preview.tenant_id = old.tenant_id and preview.agent_id = old.agent_id
), ended as (
    update agent set state = 'offline', state_since = now(), channel_id = null, call_id = null, leaving = false
    from old where agent.tenant_id = old.tenant_id and agent.agent_id = old.agent_id
)
select call_id from old
"""


async def gone(conn: Connection, channel_id: UUID) -> UUID | None:
    """Any state → offline, when the phone's channel ended or does not exist. Returns the agent's call: end it.

    None when the agent had no call, or the channel belongs to no agent.
    """
    return await conn.fetchval(GONE, channel_id)


PRESENT = f"select {COLUMNS} from agent where state <> 'offline' and channel_id is not null"


async def present(conn: Connection) -> list[Agent]:
    """The agents of all tenants whose phone has a channel; one whose channel the switch does not know is `gone`."""
    return [agent_of(row) for row in await conn.fetch(PRESENT)]


TO_HANG_UP = f"select {COLUMNS} from agent where state = 'hanging_up'"


async def to_hang_up(conn: Connection) -> list[Agent]:
    """The agents of all tenants who signed out: hang up `channel_id`. They are listed until the channel is `gone`."""
    return [agent_of(row) for row in await conn.fetch(TO_HANG_UP)]


# Materialized with its row lock: concurrent reservations take different agents, and none waits for another.
RESERVE = f"""
with longest as materialized (
    select tenant_id, agent_id from agent where tenant_id = $1 and queue_id = $2 and state = 'idle'
    order by state_since, agent_id limit 1 for update skip locked
)
update agent set state = 'reserved', state_since = now(), call_id = $3
from longest where agent.tenant_id = longest.tenant_id and agent.agent_id = longest.agent_id returning {_OF_AGENT}
"""


async def reserve(conn: Connection, tenant_id: TenantId, queue_id: QueueId, call_id: UUID) -> Agent | None:
    """idle → reserved for the call, of the queue's agent who is idle longest; None when none is idle."""
    return _agent_or_none(await conn.fetchrow(RESERVE, tenant_id, queue_id, call_id))


HOLD_IDLE = "select true from agent where tenant_id = $1 and agent_id = $2 and state = 'idle' for no key update"


async def hold_idle(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> bool:
    """Keep an idle agent idle until the transaction ends; False when the agent is not idle."""
    return bool(await conn.fetchval(HOLD_IDLE, tenant_id, agent_id))


RESERVE_FOR = """
update agent set state = 'reserved', state_since = now(), call_id = $3
where tenant_id = $1 and agent_id = $2 and state = 'idle' returning true
"""


async def reserve_for(conn: Connection, tenant_id: TenantId, agent_id: AgentId, call_id: UUID) -> bool:
    """idle → reserved, for the agent who accepted a preview."""
    return bool(await conn.fetchval(RESERVE_FOR, tenant_id, agent_id, call_id))


_OF_CALLS = """
from unnest($1::bigint[], $2::uuid[]) as sent (tenant_id, call_id)
where agent.tenant_id = sent.tenant_id and agent.call_id = sent.call_id and agent.state = any($3::text[])
returning """
TALKING = f"update agent set state = 'talking', state_since = now() {_OF_CALLS}{_OF_AGENT}"


async def talking(conn: Connection, calls: Sequence[tuple[TenantId, UUID]]) -> list[Agent]:
    """reserved → talking, of the agents of calls that are bridged; returns these agents."""
    return await _of_calls(conn, TALKING, calls, ["reserved"])


FREED = f"""
update agent set state_since = now(), call_id = null, leaving = false,
    state = case when leaving then 'hanging_up' when state = 'talking' then 'wrap_up' else 'idle' end
{_OF_CALLS}{_OF_AGENT}
"""


async def freed(conn: Connection, calls: Sequence[tuple[TenantId, UUID]]) -> list[Agent]:
    """talking → wrap_up, reserved → idle, of the agents of calls that ended; either → hanging_up if they are leaving.

    The `channel_id` of an agent in hanging_up is to be hung up. A call may have no agent.
    """
    return await _of_calls(conn, FREED, calls, ["reserved", "talking"])


async def _of_calls(
    conn: Connection, sql: str, calls: Sequence[tuple[TenantId, UUID]], states: list[str]
) -> list[Agent]:
    sent = [tenant_id for tenant_id, _ in calls], [call_id for _, call_id in calls]
    return [agent_of(row) for row in await conn.fetch(sql, *sent, states)]


WRAP_UPS_OVER = """
update agent set state = 'idle', state_since = now()
where state = 'wrap_up' and state_since + make_interval(secs => wrap_up_s) <= now()
"""


async def wrap_ups_over(conn: Connection) -> int:
    """wrap_up → idle, of the agents of all tenants whose wrap-up time is over; returns their number."""
    return int((await conn.execute(WRAP_UPS_OVER)).split()[-1])


def _agent_or_none(row: asyncpg.Record | None) -> Agent | None:
    return None if row is None else agent_of(row)


def agent_of(row: asyncpg.Record) -> Agent:
    """The agent of a row that has COLUMNS."""
    fields: dict[str, Any] = dict(row)
    fields["state"] = AgentState(fields["state"])
    return Agent(**fields)
