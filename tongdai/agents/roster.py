"""The agents of a tenant: create, list, change and delete."""

from typing import TypeVar

import asyncpg
from msgspec import UNSET, UnsetType

from tongdai.agents.model import Agent, AgentRefusal, AgentState, Change
from tongdai.agents.store import COLUMNS, agent_of, find
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, KeyId, QueueId, TenantId
from tongdai.numbers.endpoints import store as endpoints
from tongdai.numbers.endpoints.model import EndpointKind

T = TypeVar("T")

# Locked, so that the queue is not deleted before the agent refers to it.
QUEUE = "select true from inbound_queue where tenant_id = $1 and queue_id = $2 for key share"
CREATE = """
insert into agent (tenant_id, name, endpoint, queue_id, wrap_up_s) values ($1, $2, $3, $4, $5)
on conflict (tenant_id, endpoint) do nothing returning agent_id
"""


async def create(
    conn: Connection,
    tenant_id: TenantId,
    name: str,
    endpoint: str,
    queue_id: QueueId,
    wrap_up_s: int,
    by: KeyId | None,
) -> AgentId | AgentRefusal:
    """Create an agent, who is offline, and return its id; or NO_QUEUE, ENDPOINT_NOT_GIVEN, ENDPOINT_TAKEN."""
    async with conn.transaction():
        if not await conn.fetchval(QUEUE, tenant_id, queue_id):
            return AgentRefusal.NO_QUEUE
        if not await endpoints.usable(conn, tenant_id, EndpointKind.PHONE, endpoint):
            return AgentRefusal.ENDPOINT_NOT_GIVEN
        agent_id = await conn.fetchval(CREATE, tenant_id, name, endpoint, queue_id, wrap_up_s)
        if agent_id is None:
            return AgentRefusal.ENDPOINT_TAKEN
        await audit.record(conn, tenant_id, by, "agent.create", f"agent {agent_id}")
    return agent_id


_FILTER = """
from agent where tenant_id = $1 and ($2::bigint is null or queue_id = $2) and ($3::text is null or state = $3)
"""
PAGE = f"select {COLUMNS} {_FILTER} order by agent_id limit $4 offset $5"
COUNT = f"select count(*) {_FILTER}"


async def page(
    conn: Connection,
    tenant_id: TenantId,
    limit: int,
    offset: int,
    *,
    queue_id: QueueId | None,
    state: AgentState | None,
) -> tuple[list[Agent], int]:
    """A page of the matching agents, by id, and the number of all that match."""
    rows = await conn.fetch(PAGE, tenant_id, queue_id, state, limit, offset)
    return [agent_of(row) for row in rows], await conn.fetchval(COUNT, tenant_id, queue_id, state)


AFTER = f"select {COLUMNS} {_FILTER} and agent_id > $4 order by agent_id limit $5"


async def after(
    conn: Connection,
    tenant_id: TenantId,
    agent_id: AgentId | None,
    limit: int,
    *,
    queue_id: QueueId | None,
    state: AgentState | None,
) -> list[Agent]:
    """The next matching agents behind one (None: the first), by id."""
    rows = await conn.fetch(AFTER, tenant_id, queue_id, state, agent_id or 0, limit)
    return [agent_of(row) for row in rows]


# Sets only the fields that are sent, so that concurrent changes of different fields both hold.
CHANGE = """
update agent set name = coalesce($3, name), endpoint = coalesce($4::text, endpoint), queue_id = coalesce($5, queue_id),
    wrap_up_s = coalesce($6, wrap_up_s)
where tenant_id = $1 and agent_id = $2 and ($4::text is null or endpoint = $4 or state = 'offline') returning true
"""


async def change(
    conn: Connection, tenant_id: TenantId, agent_id: AgentId, fields: Change, by: KeyId
) -> AgentRefusal | None:
    """Change the fields that are sent, or say why not. A new queue takes effect from the agent's next call."""
    queue_id = _sent(fields.queue_id)
    try:
        async with conn.transaction():
            if queue_id is not None and not await conn.fetchval(QUEUE, tenant_id, queue_id):
                known = await find(conn, tenant_id, agent_id)
                return AgentRefusal.NO_AGENT if known is None else AgentRefusal.NO_QUEUE
            endpoint = _sent(fields.endpoint)
            if endpoint is not None and not await endpoints.usable(conn, tenant_id, EndpointKind.PHONE, endpoint):
                known = await find(conn, tenant_id, agent_id)
                return AgentRefusal.NO_AGENT if known is None else AgentRefusal.ENDPOINT_NOT_GIVEN
            values = (_sent(fields.name), _sent(fields.endpoint), queue_id, _sent(fields.wrap_up_s))
            if not await conn.fetchval(CHANGE, tenant_id, agent_id, *values):
                return await _why_not(conn, tenant_id, agent_id)
            await audit.record(conn, tenant_id, by, "agent.change", f"agent {agent_id}")
    except asyncpg.UniqueViolationError:
        return AgentRefusal.ENDPOINT_TAKEN
    return None


DELETE = "delete from agent where tenant_id = $1 and agent_id = $2 and state = 'offline' returning true"


async def delete(conn: Connection, tenant_id: TenantId, agent_id: AgentId, by: KeyId) -> AgentRefusal | None:
    """Delete an agent; NO_AGENT or SIGNED_IN when that is not possible."""
    async with conn.transaction():
        if not await conn.fetchval(DELETE, tenant_id, agent_id):
            return await _why_not(conn, tenant_id, agent_id)
        await audit.record(conn, tenant_id, by, "agent.delete", f"agent {agent_id}")
    return None


async def _why_not(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> AgentRefusal:
    return AgentRefusal.NO_AGENT if await find(conn, tenant_id, agent_id) is None else AgentRefusal.SIGNED_IN


def _sent(value: T | UnsetType) -> T | None:
    return None if value is UNSET else value
