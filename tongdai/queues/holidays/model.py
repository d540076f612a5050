"""Holidays of a tenant: the public ones of its country, with the tenant's changes. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

MAX_NAME = 255


class DaySpan(NamedTuple):
    """A half-open interval of minutes after local midnight; one over midnight closes after 1440."""

    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day on which other hours apply than those of its weekday."""

    name: str
    spans: tuple[DaySpan, ...] = ()
    """When it is open all the same, as on half a day; none: it is closed."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A tenant's change of one day."""

    name: str | None
    """None: the name of the public holiday."""
    spans: tuple[DaySpan, ...] = ()
    removed: bool = False
    """The public holiday is an ordinary day."""


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day of a tenant's calendar, as its list shows it."""

    day: date
    holiday: Holiday
    public: bool
    """Whether it is a public holiday of the country."""
    edited: bool
    """Whether the tenant has changed it."""
    removed: bool


def calendar_of(public: Mapping[date, str], edits: Mapping[date, Edit]) -> list[CalendarDay]:
    """The days of a calendar, in order, with the removed ones.

    An edit without a name whose public holiday has moved, as those of the moon do when their dates are corrected, is no
    holiday.
    """
    days: list[CalendarDay] = []
    for day in sorted(public.keys() | edits.keys()):
        edit, name = edits.get(day), public.get(day)
        name = name if edit is None or edit.name is None else edit.name
        if name is not None:
            spans = () if edit is None else edit.spans
            removed = edit is not None and edit.removed
            days.append(CalendarDay(day, Holiday(name, spans), day in public, edit is not None, removed))
    return days


def in_effect(days: Iterable[CalendarDay]) -> dict[date, Holiday]:
    """The holidays by day, without the removed ones."""
    return {one.day: one.holiday for one in days if not one.removed}
