"""Missed calls, counted in the database by the rule of calls/missed."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from tongdai.calls.missed import store as missed
from tongdai.calls.missed.model import MissedState
from tongdai.db.pool import Connection
from tongdai.ids import QueueId, TenantId

Key = tuple[QueueId]


@dataclass(slots=True)
class Missed:
    outcomes: Counter[str] = field(default_factory=Counter[str])
    states: Counter[str] = field(default_factory=Counter[str])
    wait_ms: int = 0
    """From the answer, by music or a message, to the end."""

    def merge(self, other: "Missed", /) -> None:
        self.outcomes.update(other.outcomes)
        self.states.update(other.states)
        self.wait_ms += other.wait_ms


async def counted(
    conn: Connection, tenant_id: TenantId, since: datetime, before: datetime, queue_id: QueueId | None
) -> list[tuple[datetime, Key, Missed]]:
    """The missed calls that came in from an instant on and before another, by quarter of an hour and queue."""
    return [
        (
            row["quarter"],
            (QueueId(row["queue_id"]),),
            Missed(
                Counter({row["outcome"]: row["calls"]}),
                Counter({MissedState(row["state"]).value: row["calls"]}),
                row["wait_ms"],
            ),
        )
        for row in await missed.counts(conn, tenant_id, (queue_id, None, since, before))
    ]
