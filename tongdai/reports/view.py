"""Fields that all reports have, and figures that several have."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec

from tongdai.http.openapi.fields import one_of
from tongdai.reports.model import Period, Step


class Report(msgspec.Struct, kw_only=True, rename="camel"):
    success: Annotated[str, one_of(["1"])] = "1"
    """Always `"1"`."""
    time_zone: str
    """The tenant's time zone, an IANA name: days and intervals are by its clock, instants have its offset."""
    interval: Annotated[str, one_of(Step)]
    """Length of the intervals: minutes, or a `day`."""
    since: datetime = msgspec.field(name="from")
    """Where the first interval begins."""
    before: datetime = msgspec.field(name="to")
    """Where the last one ends."""
    formulas: dict[str, str]
    """How the figures are computed, by the name of the field."""


def about(period: Period) -> dict[str, Any]:
    """The fields of `Report` that tell of its period."""
    return {
        "time_zone": period.zone.key,
        "interval": period.step,
        "since": period.start.astimezone(period.zone),
        "before": period.end.astimezone(period.zone),
    }


def bounds(period: Period, number: int) -> dict[str, datetime]:
    """The fields of a row that tell of its interval."""
    since, before = period.bounds(number)
    return {"since": since, "before": before}


def percent(part: int, of: int) -> float | None:
    return round(100 * part / of, 2) if of > 0 else None


def mean_s(sum_ms: int, count: int) -> float | None:
    return round(sum_ms / count / 1000, 1) if count else None


def seconds(ms: int) -> float:
    return round(ms / 1000, 1)


def percentile(ordered: Sequence[int], of_hundred: int) -> float | None:
    """The nearest-rank percentile of milliseconds, in seconds: the least value that so many percent do not exceed."""
    if not ordered:
        return None
    return seconds(ordered[max(0, -(-len(ordered) * of_hundred // 100) - 1)])


INTERVAL_SAMPLE = {"from": "2026-03-10T09:00:00+07:00", "to": "2026-03-10T10:00:00+07:00"}


def sample(formulas: dict[str, str], figures: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """A report of one row, for the reference of the API."""
    return {
        "success": "1",
        "timeZone": "Asia/Ho_Chi_Minh",
        "interval": "60",
        "from": "2026-03-10T00:00:00+07:00",
        "to": "2026-03-11T00:00:00+07:00",
        "formulas": formulas,
        "data": [row],
        "intervals": [figures | INTERVAL_SAMPLE],
        "total": figures,
    }
