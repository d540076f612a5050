"""The agents of a switch who can be offered callers now, with what the selection among them needs."""

import asyncpg

from tongdai.agents.model import IdleAgent, Mode
from tongdai.agents.store import AVAILABLE, MAY_RING
from tongdai.db.pool import Connection
from tongdai.ids import SwitchId, TenantId
from tongdai.switches.model import DEFAULT

TENANTS_WITH_IDLE = "select distinct tenant_id from agent where state = 'idle' and switch_id = $1 order by tenant_id"
IDLE = f"""
with today as materialized (
    select (now() at time zone zone)::date as day from tenant where tenant_id = $1
)
select agent.tenant_id, agent.agent_id, agent.endpoint, agent.mode, agent.channel_id, agent.state_since as idle_since,
    queues.ids as queues, queues.positions, skills.names as skills, skills.levels,
    case when agent.worked_on = today.day then agent.calls_today else 0 end as calls_today,
    case when agent.worked_on = today.day then agent.talk_s_today else 0 end as talk_s_today
from agent cross join today
cross join lateral (
    select coalesce(array_agg(queue_id), '{{}}') as ids, coalesce(array_agg(position), '{{}}') as positions
    from agent_queue where tenant_id = $1 and agent_id = agent.agent_id
) queues
cross join lateral (
    select coalesce(array_agg(skill), '{{}}') as names, coalesce(array_agg(level), '{{}}') as levels
    from agent_skill where tenant_id = $1 and agent_id = agent.agent_id
) skills
where agent.tenant_id = $1 and agent.switch_id = $2 and {AVAILABLE} and {MAY_RING}
order by state_since, agent.agent_id
"""


SWITCH = "select switch_id from tenant where tenant_id = $1"


async def idle(conn: Connection, switch_id: SwitchId = DEFAULT) -> list[IdleAgent]:
    """The available agents of all tenants of a switch; of each tenant those who are idle longest first."""
    found: list[IdleAgent] = []
    for row in await conn.fetch(TENANTS_WITH_IDLE, switch_id):
        found += [_idle_agent(agent) for agent in await conn.fetch(IDLE, row["tenant_id"], switch_id)]
    return found


async def idle_of_tenant(conn: Connection, tenant_id: TenantId) -> list[IdleAgent]:
    """The available agents of a tenant on its switch, those first who are idle longest."""
    return [_idle_agent(agent) for agent in await conn.fetch(IDLE, tenant_id, await conn.fetchval(SWITCH, tenant_id))]


def _idle_agent(row: asyncpg.Record) -> IdleAgent:
    return IdleAgent(
        tenant_id=row["tenant_id"],
        agent_id=row["agent_id"],
        endpoint=row["endpoint"],
        mode=Mode(row["mode"]),
        channel_id=row["channel_id"],
        idle_since=row["idle_since"],
        queues=dict(zip(row["queues"], row["positions"], strict=True)),
        skills=dict(zip(row["skills"], row["levels"], strict=True)),
        calls_today=row["calls_today"],
        talk_s_today=row["talk_s_today"],
    )
