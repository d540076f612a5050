"""Time of agents: with customers, from the segments of calls, and in their states, from the history of these."""

from dataclasses import dataclass, field
from datetime import datetime

from tongdai.agents.history import store as history
from tongdai.agents.history.model import Times
from tongdai.calls.sql import month_of
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, TenantId
from tongdai.reports.model import Period
from tongdai.reports.sql import quarter_of

Key = tuple[AgentId]
_NUMBERS = ("calls", "talk_ms", "hold_ms", "consult_ms", "conference_ms", "wrap_up_ms")


@dataclass(slots=True)
class Handled:
    calls: int = 0
    """Calls that the agent began to talk in."""
    talk_ms: int = 0
    hold_ms: int = 0
    consult_ms: int = 0
    conference_ms: int = 0
    wrap_up_ms: int = 0
    times: Times = field(default_factory=Times)
    """In which states they were."""

    def merge(self, other: "Handled", /) -> None:
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.times.merge(other.times)


def _ms(kind: str) -> str:
    length = "floor(extract(epoch from s.ended_at - s.started_at) * 1000)"
    return f"coalesce(sum({length}) filter (where s.kind = '{kind}'), 0)::bigint as {kind}_ms"


# By the index of segments of agents: each agent is named. A talk continues after a hold or a consult in a segment of
# its own, which is no call more.
COUNTED = f"""
select {quarter_of("s.started_at")} as quarter, s.agent_id,
    count(*) filter (where s.kind = 'talk' and not exists (
        select from segment p
        where p.tenant_id = $1 and p.call_id = s.call_id and p.agent_id = s.agent_id and p.kind = 'talk'
            and p.started_at < s.started_at
    )) as calls,
    {_ms("talk")}, {_ms("hold")}, {_ms("consult")}, {_ms("conference")}, {_ms("wrap_up")}
from agent a cross join lateral (
    select call_id, agent_id, kind, started_at, ended_at from segment
    where tenant_id = $1 and agent_id = a.agent_id and ended_at is not null and started_at >= $2 and started_at < $3
        and ended_month >= {month_of("$2")} and ended_month < 'infinity'
) s
where a.tenant_id = $1 and ($4::bigint is null or a.agent_id = $4) and ($5::bigint is null or a.team_id = $5)
group by 1, 2
"""


async def counted(
    conn: Connection,
    tenant_id: TenantId,
    period: Period,
    by: tuple[AgentId | None, int | None],
) -> list[tuple[datetime, Key, Handled]]:
    """The time of agents in segments that began in a period, and are over, by quarter of an hour, and in their states,
    by interval; of an agent, or of those who are in a team now."""
    found: list[tuple[datetime, Key, Handled]] = [
        (row["quarter"], (AgentId(row["agent_id"]),), Handled(**{name: row[name] for name in _NUMBERS}))
        for row in await conn.fetch(COUNTED, tenant_id, period.start, period.end, *by)
    ]
    agent_id, team_id = by
    for part in await history.spent(conn, tenant_id, period.begins, period.end, agent_id=agent_id, team_id=team_id):
        handled = Handled()
        handled.times.add(part.state, part.reason, part.seconds)
        found.append((period.begins[part.interval], (part.agent_id,), handled))
    return found
