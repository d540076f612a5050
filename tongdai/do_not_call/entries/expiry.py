"""The expiry of a do-not-call entry, as people write it. Pure.

A day lasts until it ends in the tenant's time zone. What cannot be read is never taken for an earlier end: the caller
lists the number without end and says so.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from tongdai.do_not_call.entries.date_order import later_day


class Expiry(Enum):
    UNREADABLE = "unreadable"


UNREADABLE = Expiry.UNREADABLE

_NEVER = frozenset((
    *("", "-", "never", "none", "null", "n/a", "na", "forever", "permanent", "indefinite", "unlimited", "infinity"),
    *("không", "không thời hạn", "vô thời hạn", "không giới hạn", "vĩnh viễn"),
))  # fmt: skip
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = (
    re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"),
    re.compile(r"(?P<year>20\d\d)(?P<month>\d\d)(?P<day>\d\d)"),
    re.compile(r"(?:ngày )?(?P<day>\d{1,2}) tháng (?P<month>\d{1,2})(?: năm)? (?P<year>\d{4})"),
    re.compile(r"(?P<day>\d{1,2})[-\s.,]+(?P<name>[a-z]{3})[a-z]*[-\s.,]+(?P<year>\d{4})"),
    re.compile(r"(?P<name>[a-z]{3})[a-z]*[-\s.,]+(?P<day>\d{1,2})[-\s.,]+(?P<year>\d{4})"),
)
"""Days whose parts cannot be taken for one another."""
_TIMED = re.compile(r"(?P<day>.+?)(?:t|,?\s)(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d+)?)?")
_SERIAL = re.compile(r"\d{5}(?:\.0+)?")
_EXACT_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_FIRST_SERIAL = date(1899, 12, 30)
"""Day 0 of spreadsheets; their days of 2000 to 2099 are read."""
_SERIALS = range(36_526, 73_051)
_MIDNIGHT = time()


def read_expiry(text: str | None, zone: ZoneInfo) -> datetime | Expiry | None:
    """The instant in UTC at which an entry ends; None: never.

    An instant with its offset from UTC is itself. A day ends with the midnight after it in `zone`; one that does not
    show whether day or month is first is the later one of both (date_order.py decides that for columns). Without an
    offset a clock time is one of `zone`, and midnight stands for the day, as spreadsheets write days so.
    """
    plain = " ".join((text or "").strip(" \t'\"").lower().split())
    if plain in _NEVER:
        return None
    found = _instant(plain) or _local(plain)
    if found is None:
        return UNREADABLE
    if isinstance(found, datetime):
        return _in_utc(found if found.tzinfo is not None else found.replace(tzinfo=zone))
    try:
        return _in_utc(datetime.combine(found + timedelta(1), _MIDNIGHT, zone))
    except OverflowError:
        return None  # the last day that there is


def is_exact(text: str) -> bool:
    """Whether that is an instant with its offset from UTC, or a day of ISO 8601, and nothing to be guessed at."""
    return isinstance(_in_utc(found), datetime) if (found := _instant(text)) else _EXACT_DAY.fullmatch(text) is not None


def read_day(text: str) -> date | None:
    """The day that a text names, with or without a clock time; None: it names none."""
    plain = " ".join(text.strip().lower().split())
    found = _instant(plain) or _local(plain)
    return found.date() if isinstance(found, datetime) else found


def _in_utc(instant: datetime) -> datetime | Expiry:
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        return UNREADABLE


def _instant(plain: str) -> datetime | None:
    """With an offset from UTC."""
    try:
        found = datetime.fromisoformat(plain.upper())
    except ValueError:
        return None
    return None if found.tzinfo is None else found


def _local(plain: str) -> date | datetime | None:
    """A day, or a day with a clock time other than midnight."""
    day = _day(plain)
    if day is not None:
        return day
    parts = _TIMED.fullmatch(plain)
    if parts is None or (day := _day(parts["day"])) is None:
        return None
    try:
        clock = time(int(parts["hour"]), int(parts["minute"]), int(parts["second"] or 0))
    except ValueError:
        return None
    return day if clock == _MIDNIGHT else datetime.combine(day, clock)


def _day(plain: str) -> date | None:
    found = next(filter(None, (pattern.fullmatch(plain) for pattern in _DAYS)), None)
    if found is not None:
        parts = found.groupdict()
        return _date(parts["year"], parts.get("month") or _month(parts["name"]), parts["day"])
    if (day := later_day(plain)) is not None:
        return day
    if _SERIAL.fullmatch(plain) and (days := int(plain[:5])) in _SERIALS:
        return _FIRST_SERIAL + timedelta(days)
    return None


def _month(name: str) -> str:
    """Its number; 0 of what is no month."""
    return str(_MONTHS.index(name) + 1) if name in _MONTHS else "0"


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
    except ValueError:
        return None
