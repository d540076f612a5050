"""The agent whom a caller is offered to before others: who talked with the number last, or whom they were transferred
to."""

from datetime import timedelta
from uuid import UUID

from tongdai.db.pool import Connection
from tongdai.ids import AgentId, QueueId, TenantId

TRANSFERRED_FOR = timedelta(seconds=30)
"""How long a caller who is transferred to an agent waits for nobody else."""

# The months are those of the partitions. Whoever was offered the caller already has declined, or did not answer.
PREFERRED = """
with last as materialized (
    select c.agent_id from live_call l join call c on c.tenant_id = $1 and c.phone = l.phone
    where l.tenant_id = $1 and l.call_id = $2 and l.phone <> ''
        and c.opened_at between l.opened_at - make_interval(days => $4) and l.opened_at
        and c.ended_month < 'infinity'
        and c.ended_month >= date_trunc('month', l.opened_at - make_interval(days => $4))::date
        and c.connected_at is not null and c.agent_id is not null
    order by c.opened_at desc limit 1
)
select last.agent_id from last
join agent a on a.tenant_id = $1 and a.agent_id = last.agent_id
join agent_queue m on m.tenant_id = $1 and m.queue_id = $3 and m.agent_id = last.agent_id
where a.state not in ('offline', 'calling', 'hanging_up', 'paused', 'unreachable')
    and not exists (
        select from offer o where o.tenant_id = $1 and o.call_id = $2 and o.agent_id = last.agent_id
    )
"""


async def preferred(
    conn: Connection, tenant_id: TenantId, call_id: UUID, queue_id: QueueId, days: int
) -> AgentId | None:
    """The agent who talked with the caller's number last, within so many days: by a call of theirs or of a campaign.
    None: nobody did, or that agent does not serve the queue now, or was offered the caller already."""
    return await conn.fetchval(PREFERRED, tenant_id, call_id, queue_id, days)
