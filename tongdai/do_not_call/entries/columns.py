"""The columns of a file of do-not-call numbers. Pure.

A header names them in any order. Those of a file without one are found by their content: numbers, or area codes before
numbers as in the registry of the United States, then a reason and days to come. Every column of numbers is read, not
only one of them: each of its numbers is listed.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from tongdai.do_not_call.entries.expiry import read_day
from tongdai.do_not_call.entries.validation import SEVERAL, Sent
from tongdai.files.cells import clean
from tongdai.files.header import number_name
from tongdai.files.number_cells import number_text
from tongdai.text import normalised

Row = list[str]

_NUMBERS = frozenset(("phonenumbers", "phones", "mobiles"))
_UNCLEAR = frozenset(("number", "numbers"))
"""A column with such a name may count the rows."""
_AREA = frozenset(("area", "areacode", "npa", "citycode", "prefix", "mavung", "madiaphuong"))
_REASON = frozenset(("reason", "lydo"))
_EXPIRES_AT = frozenset((
    *("expiresat", "expires", "expireson", "expiry", "expirydate", "expiration", "expirationdate", "expiredate"),
    *("validuntil", "validto", "until", "enddate", "hethan", "ngayhethan", "denngay", "hieulucden", "ngayketthuc"),
))  # fmt: skip
_TRAILING_DIGITS = re.compile(r"\d{1,2}\Z")
_DIGITS = re.compile(r"[0-9]{7,}")
_NUMBER = re.compile(r"[0-9]{8,15}")
_NOT_DIGITS = re.compile(r"[\s.()\[\]+-]")
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"\w")


class Columns(NamedTuple):
    """Where in a row what stands, from 0."""

    numbers: tuple[int, ...]
    area: int | None = None
    reason: int | None = None
    expires_at: int | None = None

    def sent(self, row: Row) -> Sent:
        """Read a row."""
        numbers = [text for at in self.numbers if (text := number_text(_cell(row, at)))]
        area = number_text(_cell(row, self.area)) or None
        reason, expires_at = (clean(_cell(row, at)) or None for at in (self.reason, self.expires_at))
        return Sent(SEVERAL.join(numbers) or None, reason, expires_at, area)

    def uses(self) -> dict[int, str]:
        """The field that each column is read as."""
        named = {self.area: "areaCode", self.reason: "reason", self.expires_at: "expiresAt"}
        return dict.fromkeys(self.numbers, "phoneNumber") | {at: use for at, use in named.items() if at is not None}

    def names(self, width: int) -> Row:
        """A header with these columns."""
        uses = self.uses()
        return [uses.get(at, "") for at in range(width)]


def is_header(cells: Sequence[str]) -> bool:
    """Whether cells name a column of numbers."""
    return _named_for_numbers(cells) != ()


def named_columns(header: Sequence[str]) -> Columns:
    """The columns of a header."""
    names = list(map(normalised, header))
    others = (_first(at for at, name in enumerate(names) if name in wanted) for wanted in (_AREA, _REASON, _EXPIRES_AT))
    return Columns(_named_for_numbers(header), *others)


def _named_for_numbers(header: Sequence[str]) -> tuple[int, ...]:
    names = [_TRAILING_DIGITS.sub("", normalised(cell)) for cell in header]
    clear = [at for at, cell in enumerate(header) if names[at] in _NUMBERS or number_name(cell) is not None]
    return tuple(clear or [at for at, name in enumerate(names) if name in _UNCLEAR])


def guessed_columns(head: list[Row], today: date) -> Columns | None:
    """The columns of a file without a header; None when nothing in its first rows may be a number."""
    cells = [[_cell(row, at) for row in head] for at in range(max(map(len, head)))]
    columns = _registry(cells) or _numbers_alone(cells)
    if columns is None:
        return None
    others = [at for at in range(len(cells)) if at not in columns.numbers and at != columns.area]
    # A day that has passed tells when a number was listed, not until when.
    expires_at = _first(at for at in others if _all_to_come(cells[at], today))
    reason = _first(at for at in others if at != expires_at and any(map(_LETTER.search, cells[at])))
    return columns._replace(reason=reason, expires_at=expires_at)


def title_rows(head: list[Row]) -> int:
    """How many rows without a digit stand above the first number: a title, or names of columns."""
    return _first(at for at, row in enumerate(head) if any(c.isdigit() for cell in row for c in cell)) or 0


def is_filled(row: Row) -> bool:
    """Whether a row has anything in it."""
    return any(map(_WORD.search, row))


def has_number(row: Row) -> bool:
    """Whether a cell of a row may be a number."""
    return any(map(_number_like, row))


def is_number(cell: str) -> bool:
    """Whether a cell is what may be a number, and nothing else."""
    text = _NOT_DIGITS.sub("", number_text(cell))
    return _NUMBER.fullmatch(text) is not None and read_day(cell) is None


def _registry(cells: list[list[str]]) -> Columns | None:
    """Area codes of three digits beside numbers of seven, in every row."""
    area, number = (_first(at for at, column in enumerate(cells) if _all_digits(column, n)) for n in (3, 7))
    return None if area is None or number is None else Columns((number,), area)


def _numbers_alone(cells: list[list[str]]) -> Columns | None:
    """The column in which most rows have what may be a number."""
    counts = [sum(map(_number_like, column)) for column in cells]
    return Columns((counts.index(max(counts)),)) if any(counts) else None


def _all_digits(column: list[str], count: int) -> bool:
    return all(len(text := number_text(cell)) == count and text.isdecimal() for cell in column)


def _number_like(cell: str) -> bool:
    return read_day(cell) is None and _DIGITS.search(_NOT_DIGITS.sub("", number_text(cell))) is not None


def _all_to_come(column: list[str], today: date) -> bool:
    days = [read_day(cell) for cell in column if cell]
    return bool(days) and all(day is not None and day > today for day in days)


def _first(found: Iterable[int]) -> int | None:
    return next(iter(found), None)


def _cell(row: Row, at: int | None) -> str:
    return "" if at is None or at >= len(row) else row[at].strip()
