"""Agents in the database, and how they move from state to state.

Every move is guarded by the state that it starts from: a late or second one changes nothing.
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
    """offline → calling: the dialer calls his phone. None, as of all three, when his state does not allow it."""
    return await _act(conn, SIGN_IN, tenant_id, agent_id, by, "agent.sign-in")


SIGN_OUT = f"""
with shown as (delete from preview where tenant_id = $1 and agent_id = $2)
update agent set
    leaving = state in ('reserved', 'talking'),
    state_since = case when state in ('reserved', 'talking') then state_since else now() end,
    state = case when state in ('reserved', 'talking') then state
        when channel_id is null then 'offline' else 'hanging_up' end
where tenant_id = $1 and agent_id = $2 and state in ('calling', 'idle', 'reserved', 'talking', 'wrap_up')
returning {COLUMNS}
"""


async def sign_out(conn: Connection, tenant_id: TenantId, agent_id: AgentId, by: KeyId | None) -> Agent | None:
    """calling, idle, wrap_up → hanging_up (offline where his phone was not called yet); reserved and talking go on,
    `leaving`. A contact that was offered to him is due for others."""
    return await _act(conn, SIGN_OUT, tenant_id, agent_id, by, "agent.sign-out")


READY = f"""
update agent set state = 'idle', state_since = now()
where tenant_id = $1 and agent_id = $2 and state = 'wrap_up' returning {COLUMNS}
"""


async def ready(conn: Connection, tenant_id: TenantId, agent_id: AgentId, by: KeyId | None) -> Agent | None:
    """wrap_up → idle before its time."""
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
    """Who signed in, of all tenants; each has a `channel_id` from now on. Commit, then call `PJSIP/<endpoint>` with it.

    A phone is called once: after a crash in between, the channel is not there, and he is `gone`.
    """
    return [agent_of(row) for row in await conn.fetch(TO_CALL)]


ANSWERED = """
update agent set state = 'idle', state_since = now()
where tenant_id = $1 and agent_id = $2 and channel_id = $3 and state = 'calling' returning true
"""


async def answered(conn: Connection, tenant_id: TenantId, agent_id: AgentId, channel_id: UUID) -> bool:
    """calling → idle, when his phone was answered. False: he signed out meanwhile, or it is an old channel."""
    return bool(await conn.fetchval(ANSWERED, tenant_id, agent_id, channel_id))


# `old` has the call: what an update returns is the row as it is afterwards.
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
    """Any state → offline, when his phone's call ended, or was never there. Returns the call that he had: end it.

    None besides when the channel is no agent's.
    """
    return await conn.fetchval(GONE, channel_id)


PRESENT = f"select {COLUMNS} from agent where state <> 'offline' and channel_id is not null"


async def present(conn: Connection) -> list[Agent]:
    """All, of all tenants, whose phone has a call: where the switch does not know the channel he is `gone`."""
    return [agent_of(row) for row in await conn.fetch(PRESENT)]


TO_HANG_UP = f"select {COLUMNS} from agent where state = 'hanging_up'"


async def to_hang_up(conn: Connection) -> list[Agent]:
    """Who signed out, of all tenants: hang up `channel_id`. They are listed until the channel is `gone`."""
    return [agent_of(row) for row in await conn.fetch(TO_HANG_UP)]


# Materialized, and locked there: two at once take two agents, and none waits for the other.
RESERVE = f"""
with longest as materialized (
    select tenant_id, agent_id from agent where tenant_id = $1 and queue_id = $2 and state = 'idle'
    order by state_since, agent_id limit 1 for update skip locked
)
update agent set state = 'reserved', state_since = now(), call_id = $3
from longest where agent.tenant_id = longest.tenant_id and agent.agent_id = longest.agent_id returning {_OF_AGENT}
"""


async def reserve(conn: Connection, tenant_id: TenantId, queue_id: QueueId, call_id: UUID) -> Agent | None:
    """The queue's agent who is idle longest → reserved for the call; None when none is idle."""
    return _agent_or_none(await conn.fetchrow(RESERVE, tenant_id, queue_id, call_id))


HOLD_IDLE = "select true from agent where tenant_id = $1 and agent_id = $2 and state = 'idle' for no key update"


async def hold_idle(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> bool:
    """Whether the agent is idle; if so, he stays it until the end of the transaction."""
    return bool(await conn.fetchval(HOLD_IDLE, tenant_id, agent_id))


RESERVE_FOR = """
update agent set state = 'reserved', state_since = now(), call_id = $3
where tenant_id = $1 and agent_id = $2 and state = 'idle' returning true
"""


async def reserve_for(conn: Connection, tenant_id: TenantId, agent_id: AgentId, call_id: UUID) -> bool:
    """idle → reserved of this agent, who accepted a preview."""
    return bool(await conn.fetchval(RESERVE_FOR, tenant_id, agent_id, call_id))


_OF_CALLS = """
from unnest($1::bigint[], $2::uuid[]) as sent (tenant_id, call_id)
where agent.tenant_id = sent.tenant_id and agent.call_id = sent.call_id and agent.state = any($3::text[])
returning """
TALKING = f"update agent set state = 'talking', state_since = now() {_OF_CALLS}{_OF_AGENT}"


async def talking(conn: Connection, calls: Sequence[tuple[TenantId, UUID]]) -> list[Agent]:
    """reserved → talking of the calls' agents, when they are bridged; who talks now."""
    return await _of_calls(conn, TALKING, calls, ["reserved"])


FREED = f"""
update agent set state_since = now(), call_id = null, leaving = false,
    state = case when leaving then 'hanging_up' when state = 'talking' then 'wrap_up' else 'idle' end
{_OF_CALLS}{_OF_AGENT}
"""


async def freed(conn: Connection, calls: Sequence[tuple[TenantId, UUID]]) -> list[Agent]:
    """The agents of calls that have ended: talking → wrap_up, reserved → idle; leaving, either → hanging_up, and
    then his `channel_id` is to be hung up. a call may have no agent (any more)."""
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
    """wrap_up → idle of all, of all tenants, whose time for it is over by the database's clock; how many."""
    return int((await conn.execute(WRAP_UPS_OVER)).split()[-1])


def _agent_or_none(row: asyncpg.Record | None) -> Agent | None:
    return None if row is None else agent_of(row)


def agent_of(row: asyncpg.Record) -> Agent:
    """Of a row with COLUMNS."""
    fields: dict[str, Any] = dict(row)
    fields["state"] = AgentState(fields["state"])
    return Agent(**fields)
