"""Reports of queues."""

from datetime import datetime

import msgspec

from tongdai_client.models.base import Result


class QueueFigures(Result, frozen=True, kw_only=True):
    """Callers by how their wait ended; `offered` is the sum."""

    offered: int
    answered: int
    abandoned: int
    abandoned_short: int
    overflowed: int
    overflowed_to: dict[str, int]
    """By where they went: `queue:ID`, `number`, `menu`, or `end`, a message or the end of the call."""
    callback: int
    closed: int
    refused: int
    failed: int
    open: int
    service_level_sec: int | None
    answered_within: int
    service_level_of_answered: float | None
    """Percent, as are the next two."""
    service_level_of_offered: float | None
    abandon_rate: float | None
    answer_sec: float | None
    """An average."""
    answer_sec_p50: float | None
    answer_sec_p90: float | None
    answer_sec_p95: float | None
    answer_sec_max: float | None
    abandon_sec: float | None
    """An average."""
    abandon_sec_max: float | None
    talk_sec: float
    """A sum, as are the next two."""
    hold_sec: float
    wrap_up_sec: float
    handle_sec: float | None
    """An average."""


class QueueInterval(QueueFigures, frozen=True, kw_only=True):
    since: datetime = msgspec.field(name="from")
    before: datetime = msgspec.field(name="to")


class QueueRow(QueueInterval, frozen=True, kw_only=True):
    queue_id: int
    queue_name: str | None


class QueueReport(Result, frozen=True, kw_only=True):
    """Callers of queues by the interval in which they arrived."""

    time_zone: str
    interval: str
    since: datetime = msgspec.field(name="from")
    before: datetime = msgspec.field(name="to")
    formulas: dict[str, str]
    short_abandon_sec: int
    data: list[QueueRow]
    intervals: list[QueueInterval]
    """Calls by interval, each once."""
    total: QueueFigures
