"""Calls of campaigns, counted in the database."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from tongdai.calls.sql import month_of
from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, TenantId
from tongdai.reports.sql import quarter_of

Key = tuple[CampaignId]
_NUMBERS = ("open", "placed", "answered", "connected", "ring_ms", "wait_ms", "talk_ms")


@dataclass(slots=True)
class Calls:
    outcomes: Counter[str] = field(default_factory=Counter[str])
    open: int = 0
    placed: int = 0
    answered: int = 0
    """The number of these that were answered, by machines too."""
    connected: int = 0
    ring_ms: int = 0
    """From dialling to the answer, of the answered."""
    wait_ms: int = 0
    """From the answer to the connection, of the connected."""
    talk_ms: int = 0
    """From the connection to the end."""

    def merge(self, other: "Calls", /) -> None:
        self.outcomes.update(other.outcomes)
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def _ms(length: str) -> str:
    return f"coalesce(sum(floor(extract(epoch from {length}) * 1000)), 0)::bigint"


# By the index of calls to contacts in the order of their opening, or by that of a campaign.
COUNTED = f"""
select {quarter_of("c.opened_at")} as quarter, c.campaign_id, c.outcome, count(*) as calls,
    count(c.dialled_at) as placed, count(c.answered_at) as answered, count(c.connected_at) as connected,
    {_ms("c.answered_at - c.dialled_at")} as ring_ms, {_ms("c.connected_at - c.answered_at")} as wait_ms,
    {_ms("c.ended_at - c.connected_at")} as talk_ms
from (
    select campaign_id, outcome, opened_at, dialled_at, answered_at, connected_at, ended_at from call
    where tenant_id = $1 and campaign_id is not null and ended_at is not null and opened_at >= $2 and opened_at < $3
        and ended_month >= {month_of("$2")} and ended_month < 'infinity'
    union all
    select campaign_id, null, opened_at, dialled_at, answered_at, connected_at, null from live_call
    where tenant_id = $1 and campaign_id is not null and opened_at >= $2 and opened_at < $3
) c where $4::bigint is null or c.campaign_id = $4 group by 1, 2, 3
"""


async def counted(
    conn: Connection, tenant_id: TenantId, since: datetime, before: datetime, campaign_id: CampaignId | None
) -> list[tuple[datetime, Key, Calls]]:
    """The calls to contacts that were opened from an instant on and before another, by quarter of an hour and
    campaign."""
    found: list[tuple[datetime, Key, Calls]] = []
    for row in await conn.fetch(COUNTED, tenant_id, since, before, campaign_id):
        calls = Calls(**{name: row[name] for name in _NUMBERS if name != "open"})
        if row["outcome"] is None:
            calls.open = row["calls"]
        else:
            calls.outcomes[row["outcome"]] = row["calls"]
        found.append((row["quarter"], (CampaignId(row["campaign_id"]),), calls))
    return found
