"""Agents as the targets of transfers."""

from typing import NamedTuple
from uuid import UUID

from tongdai.agents.model import AgentState
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, QueueId, TenantId


class Target(NamedTuple):
    """Where a caller waits who is transferred to an agent."""

    queue_id: QueueId
    """The queue of the call if the agent is a member of it, else their own."""
    refusal: str | None
    """Why nobody can be transferred to them now."""


NOT_THERE = frozenset(
    {AgentState.OFFLINE, AgentState.CALLING, AgentState.HANGING_UP, AgentState.PAUSED, AgentState.UNREACHABLE}
)
TARGET = """
select a.state, coalesce(m.queue_id, a.queue_id) as queue_id from agent a
left join live_call c on c.tenant_id = $1 and c.call_id = $2
left join agent_queue m on m.tenant_id = $1 and m.agent_id = a.agent_id and m.queue_id = c.queue_id
where a.tenant_id = $1 and a.agent_id = $3
"""


async def target(conn: Connection, tenant_id: TenantId, call_id: UUID, agent_id: AgentId) -> Target | None:
    """None: there is no such agent."""
    row = await conn.fetchrow(TARGET, tenant_id, call_id, agent_id)
    if row is None:
        return None
    state = AgentState(row["state"])
    refusal = f"The agent is {state}, and cannot be transferred to" if state in NOT_THERE else None
    return Target(row["queue_id"], refusal)
