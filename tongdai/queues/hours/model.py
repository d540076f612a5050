"""Opening hours of queues. Pure.

A queue is open in the spans of its week, in the tenant's time zone; without a week always. A span belongs to the day on
which it opens, also where it closes after midnight: one of Friday 22:00 to 02:00 holds on Saturday morning even if that
Saturday is a holiday, and not at all if Friday is one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from tongdai.local_time import MIDNIGHT
from tongdai.queues.holidays.model import DaySpan, Holiday
from tongdai.queues.model import HANG_UP, Destination

Week = tuple[tuple[DaySpan, ...], ...]
"""The spans that open on each day, Monday first, sorted and disjoint."""
ALWAYS: Week = ((DaySpan(0, MIDNIGHT),),) * 7
MAX_NOTE = 255


@dataclass(frozen=True, slots=True)
class Closure:
    """The switch "closed now"."""

    until: datetime | None = None
    """None: until somebody opens."""
    note: str | None = None
    """Why, for other people of the tenant."""

    def holds(self, now: datetime) -> bool:
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True)
class Hours:
    """The settings of one queue, or the defaults of its tenant; None: those of the tenant, or the default below."""

    week: Week | None = None
    """None: always open."""
    observes_holidays: bool | None = None
    """None: if there is a week."""
    after_hours: Destination | None = None
    """None: the call is ended."""
    closure: Closure | None = None


NOTHING_SET = Hours()


@dataclass(frozen=True, slots=True)
class OpeningRules:
    """All that tells whether a queue is open at an instant."""

    zone: str
    week: Week = ALWAYS
    observes_holidays: bool = False
    holidays: Mapping[date, Holiday] = field(default_factory=dict[date, Holiday])
    """Empty for a queue that observes none."""
    closures: tuple[Closure, ...] = ()
    after_hours: Destination = HANG_UP


class Reason(StrEnum):
    """Why a queue is closed."""

    CLOSED_NOW = "closed_now"
    HOLIDAY = "holiday"
    OUTSIDE_HOURS = "outside_hours"


@dataclass(frozen=True, slots=True)
class Open:
    until: datetime | None
    """None: for more than a year."""


@dataclass(frozen=True, slots=True)
class Closed:
    reason: Reason
    until: datetime | None
    """When it opens; None: not within a year, or when somebody opens it."""
    holiday: str | None = None
    """Its name, if that is the reason."""
