"""Time of agents with customers, counted in the database from the segments of calls."""

from dataclasses import dataclass
from datetime import datetime

from tongdai.calls.sql import month_of
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, TenantId
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

    def merge(self, other: "Handled", /) -> None:
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))


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
    since: datetime,
    before: datetime,
    by: tuple[AgentId | None, int | None],
) -> list[tuple[datetime, Key, Handled]]:
    """The time of agents in segments that began from an instant on and before another, and are over, by quarter of an
    hour and agent; of an agent, or of those who are in a team now."""
    rows = await conn.fetch(COUNTED, tenant_id, since, before, *by)
    return [
        (row["quarter"], (AgentId(row["agent_id"]),), Handled(**{name: row[name] for name in _NUMBERS})) for row in rows
    ]
