"""An agent's day since midnight of the tenant, from segments, offers and the history of states."""

from dataclasses import dataclass
from datetime import datetime

from tongdai.agents.history.model import Times
from tongdai.agents.history.store import spent
from tongdai.calls.sql import month_of
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, TenantId

DAY = """
select zone, now() as now_at, date_trunc('day', now() at time zone zone) at time zone zone as since
from tenant where tenant_id = $1
"""
# Only the part of a segment since midnight counts. A call lasts less than a day, so that older ones are not read.
PARTS = f"""
select c.direction, s.kind, count(distinct s.call_id) filter (where s.started_at >= $3) as calls,
    sum(extract(epoch from greatest(coalesce(s.ended_at, $4), $3) - greatest(s.started_at, $3)))::float8 as seconds
from segment s join call c on c.tenant_id = $1 and c.call_id = s.call_id
where s.tenant_id = $1 and s.agent_id = $2 and s.started_at > $3::timestamptz - interval '1 day'
    and (s.ended_at is null or s.ended_at > $3) and s.ended_month >= {month_of("$3::timestamptz")}
    and c.ended_month >= {month_of("$3::timestamptz - interval '1 day'")}
group by c.direction, s.kind
"""
OFFERS = """
select count(*) as offers, count(*) filter (where outcome in ('no_answer', 'rejected')) as missed
from offer where tenant_id = $1 and agent_id = $2 and offered_at >= $3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    zone: str
    since: datetime
    now: datetime
    answered: int
    """Calls to queues in which the agent talked."""
    placed: int
    """Calls to contacts and customers likewise."""
    talk_s: float
    hold_s: float
    """Also while somebody was consulted."""
    wrap_up_s: float
    offers: int
    missed_offers: int
    times: Times
    """In which states the agent was."""


async def today(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> Today:
    """The figures of an agent since midnight of the tenant, whose zone is named. Live calls count up to now."""
    day = await conn.fetchrow(DAY, tenant_id)
    assert day is not None, "a request is of a tenant"
    since, now = day["since"], day["now_at"]
    parts = await conn.fetch(PARTS, tenant_id, agent_id, since, now)
    offers = await conn.fetchrow(OFFERS, tenant_id, agent_id, since)
    assert offers is not None, "it is an aggregate"
    times = Times()
    for part in await spent(conn, tenant_id, [since], now, agent_id=agent_id):
        times.add(part.state, part.reason, part.seconds)

    def calls(direction: str) -> int:
        return sum(part["calls"] for part in parts if part["direction"] == direction and part["kind"] == "talk")

    def seconds(*kinds: str) -> float:
        return sum(part["seconds"] for part in parts if part["kind"] in kinds)

    return Today(
        zone=day["zone"],
        since=since,
        now=now,
        answered=calls("inbound"),
        placed=calls("outbound"),
        talk_s=seconds("talk", "conference"),
        hold_s=seconds("hold", "consult"),
        wrap_up_s=seconds("wrap_up"),
        offers=offers["offers"],
        missed_offers=offers["missed"],
        times=times,
    )
