"""The order of day and month in a column of dates. Pure.

06/05/2027 may be the 6th of May or the 5th of June. 05/13/2027 in the same column shows which: the order is decided for
the column as a whole, by the dates that fit one order only. Where none shows it, or they contradict each other, such a
date is read as the later one of both days: a number that is listed too long costs a call.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

_YEAR_LAST = re.compile(r"(\d{1,2})[-/.\s](\d{1,2})[-/.\s](\d{4}|\d{2})(|[\sTt,].*)")
"""A date whose year comes last, and what follows it, such as a clock time."""
_AROUND = " \t'\""
_CENTURY = 2000


class Order(StrEnum):
    DAY_FIRST = "day/month/year"
    MONTH_FIRST = "month/day/year"


@dataclass(slots=True)
class DateOrder:
    """Evidence of a column, each the first example."""

    day_first: str | None = None
    month_first: str | None = None
    either: str | None = None

    @property
    def order(self) -> Order | None:
        """None: nothing shows it, or the dates contradict each other."""
        if (self.day_first is None) == (self.month_first is None):
            return None
        return Order.DAY_FIRST if self.month_first is None else Order.MONTH_FIRST

    def look_at(self, text: str) -> None:
        found = _days(text)
        if found is None:
            return
        if found.day_first is None:
            self.month_first = self.month_first or text
        elif found.month_first is None:
            self.day_first = self.day_first or text
        elif found.day_first != found.month_first:
            self.either = self.either or text

    def note(self) -> str | None:
        """How the dates that may be either are read, for a person; None when there are none."""
        if self.either is None:
            return None
        if self.order is not None:
            example = self.day_first or self.month_first
            return f"Dates of expiresAt are read as {self.order}, as {example} shows"
        if self.day_first is not None:
            why = f"{self.day_first} has the day first and {self.month_first} the month"
        else:
            why = "no date shows whether the day or the month is first"
        later = f"{self.either} is read as {in_iso(self.either, None)}, the later one of both days"
        return f"Dates of expiresAt: {why}; {later}, and so are others like it. Write 2030-01-31 to be exact"


def order_of(texts: Iterable[str | None]) -> DateOrder:
    found = DateOrder()
    for text in texts:
        if text is not None:
            found.look_at(text)
    return found


class _Days(NamedTuple):
    """The days that a date may mean; None: with that order there is no such day."""

    day_first: date | None
    month_first: date | None
    rest: str
    """Text behind the date."""

    @property
    def later(self) -> date:
        return max(day for day in (self.day_first, self.month_first) if day is not None)


def later_day(text: str) -> date | None:
    """The later one of the days that a date may mean; None where that is no date whose year comes last, and nothing
    else."""
    found = _days(text)
    return None if found is None or found.rest else found.later


def in_iso(text: str | None, order: Order | None) -> str | None:
    """A date whose year comes last as `2030-01-31`, by the order of its column, with what follows; any other text as it
    is."""
    found = None if text is None else _days(text)
    if found is None:
        return text
    day = {Order.DAY_FIRST: found.day_first, Order.MONTH_FIRST: found.month_first, None: None}[order] or found.later
    return f"{day.isoformat()}{found.rest}"


def _days(text: str) -> _Days | None:
    found = _YEAR_LAST.fullmatch(text.strip(_AROUND))
    if found is None:
        return None
    first, second, year = int(found[1]), int(found[2]), int(found[3])
    year += _CENTURY if len(found[3]) == len("26") else 0
    day_first, month_first = _date(year, second, first), _date(year, first, second)
    return None if day_first is None and month_first is None else _Days(day_first, month_first, found[4])


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
