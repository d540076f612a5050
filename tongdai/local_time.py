"""Local time: offsets of zones, days of the week, and times of a day as requests write them. Pure.

Weekly hours are computed in whole seconds of UTC, one UTC day at a time, because the offset of a zone rarely changes
within a day.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from tongdai.errors import InvalidInput, shown

FOREVER = datetime.max.replace(tzinfo=UTC)
"""No end; asyncpg sends it as 'infinity'."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT = 24 * 60
"""Minutes of a day."""
DAY_S = 86_400
EPOCH, SECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(seconds=1)
EPOCH_WEEKDAY = 3  # a Thursday
TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_SAMPLE_S = 21_600


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo | None:
    """The zone of that name; None for an unknown one."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # unknown or malformed; a directory of the zone database is an OSError
        return None


@lru_cache(maxsize=32_768)
def offsets(zone: ZoneInfo, day: int) -> tuple[tuple[int, int, int], ...]:
    """Split a UTC day where its offset changes: (begin, end, offset) in seconds. No zone changes twice in 6 hours."""
    samples = range(day * DAY_S, (day + 1) * DAY_S + 1, _SAMPLE_S)
    changes = [
        _change(zone, *pair) for pair in pairwise(samples) if offset_at(zone, pair[0]) != offset_at(zone, pair[1])
    ]
    marks = sorted({samples[0], *changes, samples[-1]})
    return tuple((begins, ends, offset_at(zone, begins)) for begins, ends in pairwise(marks))


def _change(zone: ZoneInfo, before: int, after: int) -> int:
    """Find the first second whose offset differs from that at `before`, by bisection."""
    offset = offset_at(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        if offset_at(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after


def offset_at(zone: ZoneInfo, second: int) -> int:
    """The offset of a zone from UTC, in seconds, at a second since 1970."""
    offset = datetime.fromtimestamp(second, zone).utcoffset()
    assert offset is not None
    return offset // SECOND


def days_of(name: str, sent: Sequence[str]) -> list[int]:
    """The weekdays that a field of a request names, Monday 0; InvalidInput names the field."""
    if not 0 < len(sent) <= len(DAYS) or not set(sent) <= set(DAYS):
        raise InvalidInput(f"{name}.days must be 1 to 7 of {', '.join(DAYS)}, not {shown(sent)}")
    return [DAYS.index(day) for day in sent]


def minute_of(name: str, sent: str, *, last: bool) -> int:
    """The minute of the day that a field writes as `HH:MM`; `last`: also `24:00`. InvalidInput names the field."""
    if last and sent == "24:00":
        return MIDNIGHT
    if not TIME.fullmatch(sent):
        raise InvalidInput(f"{name} must be a time, 00:00 to {'24:00' if last else '23:59'}, not {shown(sent)!r}")
    return int(sent[:2]) * 60 + int(sent[3:])


def shown_minute(minute: int) -> str:
    """A minute of the day as `HH:MM`."""
    return f"{minute // 60:02}:{minute % 60:02}"
