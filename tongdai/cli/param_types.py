"""Types of options and arguments: what they accept, and their error messages."""

import re
import unicodedata
from datetime import datetime, timedelta
from typing import Any

import click

from tongdai import ids
from tongdai.text import SWITCH_NAME

_LONGEST = timedelta(days=36_500)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_UNPRINTED = {"Cc", "Cs", "Zl", "Zp"}  # Cs: surrogates, from bytes that are not UTF-8


class _Id(click.ParamType[int]):
    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = ids.parse(str(value))
        if found is None:
            self.fail(f"{value!r} is no id: expected 1 to {ids.MAX_DIGITS} digits, above 0.", param, ctx)
        return found


class _Duration(click.ParamType[timedelta]):
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        written = re.fullmatch(r"([0-9]{1,9})([smhd])", str(value), re.ASCII)
        length = timedelta(**{_UNITS[written[2]]: int(written[1])}) if written else None
        if length is None or length > _LONGEST:
            self.fail(f"{value!r} is no duration: expected 90s, 15m, 24h or 30d, at most 100 years.", param, ctx)
        return length


class Text(click.ParamType[str]):
    """One line of `shortest` to `longest` characters."""

    name = "text"

    def __init__(self, shortest: int = 1, longest: int = 255) -> None:
        self.shortest, self.longest = shortest, longest

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not self.shortest <= len(value) <= self.longest:
            self.fail(f"expected {self.shortest} to {self.longest} characters, not {len(value)}.", param, ctx)
        if any(unicodedata.category(character) in _UNPRINTED for character in value):
            self.fail("expected one line of UTF-8 text without control characters.", param, ctx)
        return value


class Pattern(click.ParamType[str]):
    """Text that a pattern describes, with a description for error messages."""

    def __init__(self, name: str, pattern: str, expected: str) -> None:
        self.name, self._pattern, self._expected = name, re.compile(pattern, re.ASCII), expected

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not self._pattern.fullmatch(value):
            self.fail(f"{value!r}: expected {self._expected}.", param, ctx)
        return value


ENDPOINT = Pattern("endpoint", SWITCH_NAME, "1 to 64 of A-Z, a-z, 0-9, _ and -, the name of a PJSIP endpoint")


class _Zone(click.ParamType[str]):
    name = "zone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from tongdai.contacts.numbers.time_zones import is_zone  # noqa: PLC0415 - loads the metadata of phone numbers

        if not is_zone(value):
            self.fail(f"{value!r} is no time zone: expected a name such as Asia/Ho_Chi_Minh.", param, ctx)
        return value


class _Instant(click.ParamType[datetime]):
    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            self.fail(f"{value!r} is no time with its offset: expected such as 2027-03-10T09:00:00+07:00.", param, ctx)
        return found


ID = _Id()
INSTANT = _Instant()
ZONE = _Zone()
DURATION = _Duration()
