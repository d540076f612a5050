"""Opening hours and holidays."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec
from msgspec import UNSET, UnsetType

from tongdai_client.models.base import Result


class OpenSpan(msgspec.Struct, frozen=True):
    """Open from one local time to another ("08:00" to "24:00"); to an earlier one: to that of the next day."""

    from_: str = msgspec.field(name="from")
    to: str


class OpeningWindow(msgspec.Struct, frozen=True):
    """Open on some days ("mon" to "sun") from one local time to another; to an earlier one: to that of the next day."""

    days: Sequence[str]
    from_: str = msgspec.field(name="from")
    to: str


class CallerDestination(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Where a caller goes."""

    kind: str
    """queue, number, message, menu, callback or hang_up."""
    queue_id: int | None = None
    number: str | None = None
    sound: str | None = None
    """The sound by its name on the switch, of kind message."""
    menu_id: int | None = None
    """The keypad menu, of kind menu."""


class Closure(Result, frozen=True, kw_only=True):
    until: datetime | None
    """None: until it is opened."""
    note: str | None


class EffectiveHours(Result, frozen=True, kw_only=True):
    opening_hours: list[OpeningWindow]
    observes_holidays: bool
    after_hours: CallerDestination


class OpeningHours(Result, frozen=True, kw_only=True):
    """When a queue is open; None: as the tenant's defaults."""

    opening_hours: list[OpeningWindow] | None
    observes_holidays: bool | None
    after_hours: CallerDestination | None
    closed: Closure | None
    """The switch "closed now"."""
    effective: EffectiveHours
    """With the tenant's defaults."""
    time_zone: str
    state: str
    """open or closed, now."""
    reason: str | None
    """closed_now, holiday or outside_hours."""
    holiday: str | None
    until: datetime | None
    """When that ends; None: not within a year, or when somebody opens it."""


class Holiday(Result, frozen=True, kw_only=True):
    day: date = msgspec.field(name="date")
    name: str
    open: list[OpenSpan]
    """When queues that observe it are open all the same."""
    public_holiday: bool
    changed: bool
    """Whether the tenant has changed or added it."""
    removed: bool


class Holidays(Result, frozen=True, kw_only=True):
    year: int
    country: str
    data: list[Holiday]


class HolidayChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of one day."""

    day: date = msgspec.field(name="date")
    name: str | UnsetType | None = UNSET
    """None: that of the public holiday."""
    open: Sequence[OpenSpan] | UnsetType = UNSET
    """Hours of that day alone; none: closed."""
    removed: bool | UnsetType = UNSET
    """Make a public holiday an ordinary day."""
    reset: bool | UnsetType = UNSET
    """Drop the change of the day."""
