"""Offers of callers to agents, counted in the database."""

from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import datetime

from tongdai.call_outcome import OfferOutcome
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, QueueId, TenantId
from tongdai.reports.sql import quarter_of

Key = tuple[QueueId, AgentId]


@dataclass(slots=True)
class Offers:
    outcomes: Counter[str] = field(default_factory=Counter[str])
    open: int = 0
    ring_ms: int = 0
    """From the offer to its end."""
    answer_ms: int = 0
    """The same of those that were answered."""

    def merge(self, other: "Offers", /) -> None:
        self.outcomes.update(other.outcomes)
        self.open += other.open
        self.ring_ms += other.ring_ms
        self.answer_ms += other.answer_ms


OFFERS = f"""
select {quarter_of("o.offered_at")} as quarter, o.queue_id, o.agent_id, o.outcome, count(*) as offers,
    coalesce(sum(floor(extract(epoch from o.ended_at - o.offered_at) * 1000)), 0)::bigint as ring_ms
from offer o
where o.tenant_id = $1 and o.offered_at >= $2 and o.offered_at < $3
    and ($4::bigint is null or o.queue_id = $4) and ($5::bigint is null or o.agent_id = $5)
    and ($6::bigint is null or exists (
        select from agent a where a.tenant_id = $1 and a.agent_id = o.agent_id and a.team_id = $6
    ))
group by 1, 2, 3, 4
"""


async def counted(
    conn: Connection,
    tenant_id: TenantId,
    since: datetime,
    before: datetime,
    by: tuple[QueueId | None, AgentId | None, int | None],
) -> AsyncGenerator[tuple[datetime, Key, Offers]]:
    """The offers that began from an instant on and before another, by quarter of an hour, queue and agent; of a queue,
    an agent, or the agents who are in a team now."""
    for row in await conn.fetch(OFFERS, tenant_id, since, before, *by):
        found = Offers(ring_ms=row["ring_ms"])
        if row["outcome"] is None:
            found.open = row["offers"]
        else:
            found.outcomes[row["outcome"]] = row["offers"]
        if row["outcome"] == OfferOutcome.ANSWERED:
            found.answer_ms = row["ring_ms"]
        yield row["quarter"], (QueueId(row["queue_id"]), AgentId(row["agent_id"])), found
