"""Reports of missed calls."""

from datetime import datetime

import msgspec

from tongdai_client.models.base import Result


class MissedFigures(Result, frozen=True, kw_only=True):
    missed: int
    """Calls to queues that nobody answered: the sum of `outcomes`, and of `states`."""
    outcomes: dict[str, int]
    """By how they ended."""
    states: dict[str, int]
    """By what they are now: `open`, `claimed`, `served` or `closed`."""
    served_rate: float | None
    """Percent; null without one. See `formulas`."""
    wait_sec: float | None
    """Mean seconds from the answer, by music or a message, to the end; null without one."""


class MissedInterval(MissedFigures, frozen=True, kw_only=True):
    since: datetime = msgspec.field(name="from")
    """Where the interval begins."""
    before: datetime = msgspec.field(name="to")
    """Where it ends."""


class MissedRow(MissedInterval, frozen=True, kw_only=True):
    queue_id: int
    """The queue that the caller reached last."""
    queue_name: str | None
    """Its name now; null: it was deleted."""


class MissedReport(Result, frozen=True, kw_only=True):
    time_zone: str
    interval: str
    since: datetime = msgspec.field(name="from")
    before: datetime = msgspec.field(name="to")
    formulas: dict[str, str]
    data: list[MissedRow]
    """Missed calls by interval and queue; rows without one are left out."""
    intervals: list[MissedInterval]
    """Missed calls by interval."""
    total: MissedFigures
    """All of them."""
