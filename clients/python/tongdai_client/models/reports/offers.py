"""Reports of offers."""

from datetime import datetime

import msgspec

from tongdai_client.models.base import Result


class OfferFigures(Result, frozen=True, kw_only=True):
    offers: int
    """Offers of callers to agents: the sum of the next eight."""
    answered: int
    """Answered by the agent."""
    no_answer: int
    """The phone rang as long as it may."""
    rejected: int
    """Rejected by the agent."""
    caller_gone: int
    """The caller hung up."""
    answered_elsewhere: int
    """Another agent, to whom the caller was offered at the same time, answered."""
    unreachable: int
    """The phone could not be called."""
    withdrawn: int
    """Taken back."""
    open: int
    """The phone rings."""
    answer_rate: float | None
    """Percent; null without one. See `formulas`."""
    answer_sec: float | None
    """Mean seconds from the offer to the answer; null without one."""
    ring_sec: float
    """Seconds that phones rang, whatever came of it."""


class OfferInterval(OfferFigures, frozen=True, kw_only=True):
    since: datetime = msgspec.field(name="from")
    """Where the interval begins."""
    before: datetime = msgspec.field(name="to")
    """Where it ends."""


class OfferRow(OfferInterval, frozen=True, kw_only=True):
    queue_id: int
    """The queue of the caller."""
    queue_name: str | None
    """Its name now; null: it was deleted."""
    agent_id: int
    """The agent."""
    agent_name: str | None
    """Their name now; null: they were deleted."""


class OfferReport(Result, frozen=True, kw_only=True):
    time_zone: str
    interval: str
    since: datetime = msgspec.field(name="from")
    before: datetime = msgspec.field(name="to")
    formulas: dict[str, str]
    data: list[OfferRow]
    """Offers by interval, queue and agent; rows without an offer are left out."""
    intervals: list[OfferInterval]
    """Offers by interval."""
    total: OfferFigures
    """All offers."""
