"""How long agents were in which state, by interval.

Instants count as their whole second, so that the parts of a state in several intervals, and all states of an agent, add
up exactly. A state that has not ended counts up to now.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from tongdai.agents.history.model import SIGNED_IN
from tongdai.agents.model import AgentState
from tongdai.calls.sql import month_of
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, QueueId, TenantId


class Spent(NamedTuple):
    interval: int
    """The number of the interval, from 0."""
    agent_id: AgentId
    state: AgentState
    reason: str | None
    """The reason of a pause."""
    seconds: int


_ROWS = "select agent_id, state, reason, began_at from agent_state where tenant_id = $1 and agent_id = a.agent_id"
# By the primary key, agent by agent: the state at the beginning, and those that began since. An interval is found by
# its place among the beginnings: a state is split only into the intervals that it is in.
SPENT = f"""
with began as (
    select s.agent_id, s.state, s.reason, s.began_at,
        lead(s.began_at, 1, least(now(), $3)) over (partition by s.agent_id order by s.began_at) as ended_at
    from agent a cross join lateral (
        ({_ROWS} and began_month <= {month_of("$2")} and began_at < $2 order by began_at desc limit 1)
        union all
        {_ROWS} and began_month between {month_of("$2")} and {month_of("$3")} and began_at >= $2 and began_at < $3
    ) s
    where a.tenant_id = $1 and ($6::bigint is null or a.agent_id = $6) and ($7::bigint is null or a.team_id = $7)
        and ($8::bigint is null or exists (
            select from agent_queue q where q.tenant_id = $1 and q.agent_id = a.agent_id and q.queue_id = $8
        ))
), clipped as (
    select agent_id, state, reason, floor(extract(epoch from greatest(began_at, $2)))::bigint as began_s,
        floor(extract(epoch from ended_at))::bigint as ended_s
    from began where state = any($5::text[])
), parts as (
    select number, agent_id, state, reason,
        least(ended_s, coalesce(edges[number + 1], ended_s)) - greatest(began_s, edges[number]) as part
    from clipped cross join (select $4::bigint[] as edges) i
    cross join lateral generate_series(width_bucket(began_s, edges), width_bucket(ended_s - 1, edges)) number
    where ended_s > began_s
)
select number - 1 as interval, agent_id, state, reason, sum(part)::bigint as seconds
from parts group by number, agent_id, state, reason order by number, agent_id, state, reason
"""


async def spent(
    conn: Connection,
    tenant_id: TenantId,
    begins: Sequence[datetime],
    before: datetime,
    *,
    agent_id: AgentId | None = None,
    team_id: int | None = None,
    queue_id: QueueId | None = None,
) -> list[Spent]:
    """The seconds of agents who were signed in, in intervals that begin at these instants, the last one of which ends
    at `before`; whole seconds all of them. Of an agent, of those who are in a team now, or who serve a queue now."""
    edges = [int(at.timestamp()) for at in begins]
    found = await conn.fetch(SPENT, tenant_id, begins[0], before, edges, [*SIGNED_IN], agent_id, team_id, queue_id)
    return [
        Spent(row["interval"], AgentId(row["agent_id"]), AgentState(row["state"]), row["reason"], row["seconds"])
        for row in found
    ]
