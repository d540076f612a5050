"""Holidays as requests and responses write them."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import msgspec

from tongdai.errors import InvalidInput, shown
from tongdai.http import body
from tongdai.http.openapi.fields import one_of
from tongdai.queues.holidays import public
from tongdai.queues.holidays.model import MAX_NAME, CalendarDay, Edit
from tongdai.queues.hours.view import OpenSpan, parse_spans, show_spans

MAX_CHANGES = 400


class HolidayView(msgspec.Struct):
    date: Annotated[str, msgspec.Meta(extra_json_schema={"format": "date"})]
    """The day, in the tenant's time zone."""
    name: str
    """Its name; that of a public holiday is in the language of the country."""
    open: list[OpenSpan]
    """When queues that observe it are open all the same; empty: they are closed."""
    publicHoliday: bool
    """Whether it is a public holiday of the tenant's country."""
    changed: bool
    """Whether the tenant has changed or added it."""
    removed: bool
    """Whether the tenant has made it an ordinary day."""


class HolidayList(msgspec.Struct, kw_only=True):
    success: Annotated[str, one_of(["1"])] = "1"
    """Always `"1"`."""
    year: int
    """The year."""
    country: str
    """The tenant's country, whose public holidays these are."""
    data: list[HolidayView]
    """The holidays, by day."""


class HolidayChange(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    date: str
    """The day."""
    name: str | None = None
    """Its name; null: that of the public holiday, which it must be."""
    open: list[OpenSpan] = msgspec.field(default_factory=list[OpenSpan])
    """When queues that observe it are open all the same; none: they are closed."""
    removed: bool = False
    """Whether a public holiday is an ordinary day."""
    reset: bool = False
    """Whether the day is again as its country has it."""


class HolidayChanges(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    holidays: list[HolidayChange]
    """The days to change, each once; others stay as they are."""


def view_of(day: CalendarDay) -> HolidayView:
    return HolidayView(
        day.day.isoformat(), day.holiday.name, show_spans(day.holiday.spans), day.public, day.edited, day.removed
    )


def edits_of(sent: Sequence[HolidayChange], country: str) -> dict[date, Edit | None]:
    """The changes of days; None resets one. InvalidInput names the field. Loads the calendar of the country."""
    edits: dict[date, Edit | None] = {}
    for place, change in enumerate(sent):
        name = f"holidays[{place}]"
        day = _day(f"{name}.date", change.date)
        if day in edits:
            raise InvalidInput(f"{name}.date is given twice: {day}")
        edits[day] = None if change.reset else _edit(name, change, day in public.of_year(country, day.year))
    return edits


def _day(name: str, sent: str) -> date:
    try:
        day = date.fromisoformat(sent) if len(sent) == len("2027-01-01") else None
    except ValueError:
        day = None
    if day is None or day.isoformat() != sent or not public.FIRST_YEAR <= day.year <= public.LAST_YEAR:
        span = f"{public.FIRST_YEAR} to {public.LAST_YEAR}"
        raise InvalidInput(f"{name} must be a day of the years {span} such as 2027-02-06, not {shown(sent)!r}")
    return day


def _edit(name: str, change: HolidayChange, is_public: bool) -> Edit:
    if change.name is not None:
        body.text_field(f"{name}.name", change.name, MAX_NAME, min_length=1)
    elif not is_public:
        raise InvalidInput(f"{name}.name is missing: {change.date} is no public holiday")
    if change.removed and not is_public:
        raise InvalidInput(f"{name}.removed is for public holidays: reset drops a holiday of your own")
    return Edit(change.name, parse_spans(f"{name}.open", change.open), change.removed)
