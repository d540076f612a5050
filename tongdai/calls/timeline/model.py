"""The intervals of a timeline, and the abandonment rate at the end of each. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from tongdai.calls.model import DAY, LiveAnswers

HOUR = timedelta(hours=1)


class Step(StrEnum):
    """The length of an interval."""

    MINUTE = "minute"
    HOUR = "hour"


LENGTH = {Step.MINUTE: timedelta(minutes=1), Step.HOUR: HOUR}
LONGEST = {Step.MINUTE: timedelta(hours=3), Step.HOUR: timedelta(days=31)}
"""The longest period that may be asked for: minutes are counted from the calls themselves."""
USUAL = {Step.MINUTE: HOUR, Step.HOUR: DAY}
"""The period without a beginning."""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole intervals, from `start` up to but not including `end`, in UTC."""

    step: Step
    start: datetime
    end: datetime

    @property
    def intervals(self) -> list[datetime]:
        """When each interval begins."""
        length = LENGTH[self.step]
        return [self.start + n * length for n in range((self.end - self.start) // length)]


def period_of(step: Step, since: datetime | None, before: datetime | None, now: datetime) -> Period:
    """The intervals that overlap a period, up to the present one; without `before` the period ends now."""
    length = LENGTH[step]
    end = min(before or now, now)
    start = begin_of(step, since or end - USUAL[step])
    last = begin_of(step, end)
    return Period(step, start, max(start, last if last == end else last + length))


def begin_of(step: Step, at: datetime) -> datetime:
    """When the interval of an instant begins."""
    at = at.astimezone(UTC).replace(second=0, microsecond=0)
    return at if step is Step.MINUTE else at.replace(minute=0)


def answers_of_day(answers: Mapping[datetime, LiveAnswers], end: datetime) -> LiveAnswers:
    """The live answers of the 24 hours before an instant, by the rule of abandonment.py: an hour counts if a part of it
    is within them. `answers` are by the beginning of an hour or of a minute, none twice."""
    counted = [found for at, found in answers.items() if at < end and begin_of(Step.HOUR, at) > end - DAY - HOUR]
    return LiveAnswers(sum(one.answered for one in counted), sum(one.abandoned for one in counted))
