"""The intervals of a report: by the clock of the tenant, from instants in UTC. Pure.

A day begins at midnight of the zone, or at the first instant after it where a clock is put forward at midnight; it has
23 or 25 hours where the clock changes. Shorter intervals are counted from the beginning of the day. Offsets of zones
are multiples of 15 minutes, so every interval consists of whole quarters of an hour in UTC.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)


class Step(StrEnum):
    """The length of an interval, in minutes, or a day."""

    QUARTER = "15"
    HALF = "30"
    HOUR = "60"
    DAY = "day"


LENGTH = {Step.QUARTER: QUARTER, Step.HALF: 2 * QUARTER, Step.HOUR: 4 * QUARTER}
LONGEST_DAYS = {Step.QUARTER: 31, Step.HALF: 31, Step.HOUR: 31, Step.DAY: 93}
"""The most days of a report."""


@dataclass(frozen=True)
class Period:
    """Whole intervals from `start` up to but not including `end`, in UTC."""

    zone: ZoneInfo
    step: Step
    start: datetime
    end: datetime

    @cached_property
    def begins(self) -> Sequence[datetime]:
        """When each interval begins, in UTC."""
        return [at for at in _edges(self.zone, self.step, self.start, self.end) if self.start <= at < self.end]

    def interval_of(self, at: datetime) -> int:
        """The number of the interval that an instant of the period belongs to."""
        return bisect_right(self.begins, at) - 1

    def bounds(self, number: int) -> tuple[datetime, datetime]:
        """The beginning and the end of an interval, by the clock of the zone."""
        ends = self.begins[number + 1] if number + 1 < len(self.begins) else self.end
        return self.begins[number].astimezone(self.zone), ends.astimezone(self.zone)


def period_of(zone: ZoneInfo, step: Step, since: datetime, before: datetime) -> Period:
    """The intervals that overlap a period, which is not empty."""
    edges = list(_edges(zone, step, since, before))
    return Period(zone, step, max(at for at in edges if at <= since), min(at for at in edges if at >= before))


def day_of(zone: ZoneInfo, at: datetime) -> date:
    """The day of an instant, by the clock of the zone."""
    return at.astimezone(zone).date()


def midnight(zone: ZoneInfo, day: date) -> datetime:
    """When a day begins in a zone, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def quarter_of(at: datetime) -> datetime:
    """When the quarter of an hour of an instant begins, in UTC."""
    at = at.astimezone(UTC)
    return at.replace(minute=at.minute - at.minute % 15, second=0, microsecond=0)


def _edges(zone: ZoneInfo, step: Step, since: datetime, before: datetime) -> Iterator[datetime]:
    """Where intervals begin, from one that begins at `since` or before, to one at `before` or after."""
    day, last = day_of(zone, since) - DAY, day_of(zone, before) + DAY
    while day <= last:
        begins, ends = midnight(zone, day), midnight(zone, day + DAY)
        yield begins
        if step is not Step.DAY:
            at = begins + LENGTH[step]
            while at < ends:
                yield at
                at += LENGTH[step]
        day += DAY
