"""Weekly calling windows in a contact's local time. Pure.

An instant is inside a window when the local clock then shows a minute of one of that weekday's spans. An hour that
daylight saving time skips is in no window; an hour that it repeats is inside or outside both times. The computation
is in whole seconds of UTC, one UTC day at a time, because the offset of a zone rarely changes within a day.
"""

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tongdai.local_time import DAY_S, EPOCH, EPOCH_WEEKDAY, FOREVER, MIDNIGHT, SECOND, offset_at, offsets, zone_named

_LONGEST_DAYS = 15  # a window that is open without a break for longer is reported to close then
_AHEAD_DAYS = 400  # whether two zones are ever open at once may depend on the season


class Span(NamedTuple):
    """A half-open interval of minutes after local midnight: `opens` included, `closes` (at most 1440) excluded."""

    opens: int
    closes: int


Week = tuple[tuple[Span, ...], ...]
"""The spans of each day, Monday first; those of a day are sorted and disjoint, as `week_of` returns them."""
_Interval = tuple[int, int]


def week_of(days: list[list[Span]]) -> Week:
    """Normalise seven days whose spans may be unsorted, touch, overlap or be empty."""
    return tuple(_merged(spans) for spans in days)


def every_day(opens: int, closes: int) -> Week:
    return ((Span(opens, closes),),) * 7


ALWAYS = every_day(0, MIDNIGHT)


@lru_cache(maxsize=1024)
def both(first: Week, second: Week) -> Week:
    """The intersection of two weeks."""
    return tuple(
        tuple(
            Span(opens, closes)
            for one in ours
            for other in theirs
            if (opens := max(one.opens, other.opens)) < (closes := min(one.closes, other.closes))
        )
        for ours, theirs in zip(first, second, strict=True)
    )


def open_until(week: Week, zones: str, now: datetime) -> datetime | None:
    """When the window that is open now closes (FOREVER: never); None: closed.

    `zones` are names separated by commas; the window must be open in each. An unknown zone is closed.
    """
    if week == ALWAYS:
        return FOREVER
    second = (now - EPOCH) // SECOND
    day = second // DAY_S
    for opens, closes in _open(week, zones, day):
        if opens <= second < closes:
            return EPOCH + _lasts(week, zones, day, closes) * SECOND
    return None


def _lasts(week: Week, zones: str, day: int, closes: int) -> int:
    """The second at which an interval that ends at midnight UTC really closes."""
    for following in range(day + 1, day + _LONGEST_DAYS):
        if closes != following * DAY_S:
            break
        intervals = _open(week, zones, following)
        if not intervals or intervals[0][0] != closes:
            break
        closes = intervals[0][1]
    return closes


def next_open(week: Week, zones: str, at: datetime) -> datetime | None:
    """The first instant not before `at` that is inside; None: none within 400 days."""
    if week == ALWAYS:
        return at
    second = (at - EPOCH) // SECOND
    day = second // DAY_S
    for opens, closes in _open(week, zones, day):
        if second < closes:
            return at if opens <= second else EPOCH + opens * SECOND
    opens = _opens_after(week, zones, day)
    return None if opens is None else EPOCH + opens * SECOND


@lru_cache(maxsize=8192)
def _opens_after(week: Week, zones: str, day: int) -> int | None:
    """The first second that is inside on a later day."""
    if not any(week):
        return None
    clocks = [zone_named(name) for name in zones.split(",")]
    seen: set[tuple[int, tuple[int, ...]]] = set()
    before = None
    for following in range(day + 1, day + 1 + _AHEAD_DAYS):
        # A weekday whose offsets were examined before is closed again. With many zones these days dominate the cost.
        after = tuple(0 if clock is None else offset_at(clock, (following + 1) * DAY_S) for clock in clocks)
        if after == before and (following % 7, after) in seen:
            continue
        if after == before:
            seen.add((following % 7, after))
        before = after
        if intervals := _open(week, zones, following):
            return intervals[0][0]
    return None


@lru_cache(maxsize=32_768)
def _open(week: Week, zones: str, day: int) -> tuple[_Interval, ...]:
    """The open intervals of a UTC day, sorted, in seconds; half-open."""
    found: tuple[_Interval, ...] = ((day * DAY_S, (day + 1) * DAY_S),)
    for name in zones.split(","):
        zone = zone_named(name)
        if zone is None or not found:
            return ()
        found = _overlap(found, _open_in(week, zone, day))
    return found


@lru_cache(maxsize=32_768)
def _open_in(week: Week, zone: ZoneInfo, day: int) -> tuple[_Interval, ...]:
    found: list[_Interval] = []
    for begins, ends, offset in offsets(zone, day):
        for local_day in range((begins + offset) // DAY_S, (ends + offset - 1) // DAY_S + 1):
            midnight = local_day * DAY_S - offset
            for span in week[(local_day + EPOCH_WEEKDAY) % 7]:
                opens, closes = max(begins, midnight + span.opens * 60), min(ends, midnight + span.closes * 60)
                if opens >= closes:
                    continue
                if found and found[-1][1] == opens:
                    opens = found.pop()[0]
                found.append((opens, closes))
    return tuple(found)


def _overlap(first: tuple[_Interval, ...], second: tuple[_Interval, ...]) -> tuple[_Interval, ...]:
    return tuple(
        (begins, ends)
        for one in first
        for other in second
        if (begins := max(one[0], other[0])) < (ends := min(one[1], other[1]))
    )


def _merged(spans: list[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for span in sorted(span for span in spans if span.opens < span.closes):
        if merged and span.opens <= merged[-1].closes:
            merged[-1] = Span(merged[-1].opens, max(merged[-1].closes, span.closes))
        else:
            merged.append(span)
    return tuple(merged)
