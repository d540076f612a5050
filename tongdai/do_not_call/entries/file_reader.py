"""Reads files of do-not-call numbers: rows of cells, of which some hold numbers.

A header names the columns in any order. A file without one has its columns found by their content: numbers, or
area codes before numbers as in the registry of the United States, then a reason and days to come. Any column that is
named for numbers is read, not only one of them: each of its numbers is listed.
"""

import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import chain, islice
from typing import IO, NamedTuple

from tongdai.do_not_call.entries.expiry import read_day
from tongdai.do_not_call.entries.validation import SEVERAL, Sent
from tongdai.do_not_call.model import MAX_NUMBERS
from tongdai.errors import InvalidInput, shown
from tongdai.files import BodyFormat, Limits
from tongdai.files.header import PHONE_NAMES
from tongdai.files.number_cells import number_text
from tongdai.files.reader import open_table
from tongdai.files.table import Table, all_rows
from tongdai.text import normalised

Row = list[str]

HEADER_WITHIN = 1000
"""Rows within which the first one with anything in it must come."""
_LOOKED_AT = 10
"""Rows with anything in them, from which the columns are found."""
_NUMBERS = (
    frozenset((*PHONE_NAMES.split(), "phonenumbers", "phones", "mobiles", "landline", "homephone")),
    frozenset(("number", "numbers")),
)
"""The clearest first: a column named number may count the rows."""
_AREA = frozenset(("area", "areacode", "npa", "citycode", "prefix", "mavung", "madiaphuong"))
_REASON = frozenset(("reason", "lydo"))
_EXPIRES_AT = frozenset((
    *("expiresat", "expires", "expireson", "expiry", "expirydate", "expiration", "expirationdate", "expiredate"),
    *("validuntil", "validto", "until", "enddate", "hethan", "ngayhethan", "denngay", "hieulucden", "ngayketthuc"),
))  # fmt: skip
_TRAILING_DIGITS = re.compile(r"\d+\Z")
_DIGITS = re.compile(r"[0-9]{7,}")
_NOT_DIGITS = re.compile(r"[\s.()\[\]+-]")
_WORD = re.compile(r"\w")
_LETTER = re.compile(r"[^\W\d_]")


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
        reason, expires_at = (_cell(row, at) or None for at in (self.reason, self.expires_at))
        return Sent(SEVERAL.join(numbers) or None, reason, expires_at, area)

    def names(self, width: int) -> Row:
        """A header with these columns."""
        names = dict.fromkeys(self.numbers, "phoneNumber")
        names |= {self.area: "areaCode"} if self.area is not None else {}
        names |= {self.reason: "reason"} if self.reason is not None else {}
        names |= {self.expires_at: "expiresAt"} if self.expires_at is not None else {}
        return [names.get(at, "") for at in range(width)]


class NumberFile(NamedTuple):
    """A file whose columns are known."""

    header: Row | None
    columns: Columns
    rows: Iterator[Row]
    """All below the header, without empty ones."""

    def batches(self) -> Iterator[list[Sent]]:
        """Read the rows, MAX_NUMBERS at a time."""
        while batch := list(islice(self.rows, MAX_NUMBERS)):
            yield [self.columns.sent(row) for row in batch]


@contextmanager
def open_numbers(
    file: IO[bytes], body_format: BodyFormat, limits: Limits, today: date, most: int | None = None
) -> Generator[NumberFile]:
    """Open a file; InvalidInput, also while its rows are read, where it is no such file.

    More than `most` rows below the header, empty ones included, are InvalidInput at the end. A large file takes
    seconds: use a thread.
    """
    with open_table(file, body_format, limits, is_header) as table:
        yield _number_file(table, today, most)


def is_header(cells: Sequence[str]) -> bool:
    """Whether cells name a column of numbers."""
    return _named_for_numbers(cells) != ()


def _number_file(table: Table, today: date, most: int | None) -> NumberFile:
    rows = _rows(table)
    head = list(islice(_from_first_filled(rows), _LOOKED_AT))
    at = next((at for at, row in enumerate(head) if is_header(row)), None)
    if at is not None:
        header = head[at]
        columns = _named_columns(header)
        # Numbers above the header are numbers.
        below = [row for row in head[:at] if any(map(_number_like, row))] + head[at + 1 :]
    else:
        header = None
        columns, below = _guessed_columns(head, today), _without_title(head)
        if columns is None:
            raise _no_numbers(head[0], table.where)
    rest = chain(below, rows)
    return NumberFile(header, columns, _filled(rest if most is None else _at_most(rest, most)))


def _rows(table: Table) -> Iterator[Row]:
    width = max(map(len, table.start), default=1)
    yield from map(list, all_rows(table.rest(table.start, width)))


def _from_first_filled(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows from the first one with anything in it."""
    first = next(_filled(islice(rows, HEADER_WITHIN)), None)
    if first is None:
        expected = "expected a header row and numbers"
        raise InvalidInput(f"The file is empty, or its first {HEADER_WITHIN:,} rows are: {expected}")
    return chain((first,), rows)


def _filled(rows: Iterable[Row]) -> Iterator[Row]:
    return (row for row in rows if any(map(_WORD.search, row)))


def _at_most(rows: Iterator[Row], most: int) -> Iterator[Row]:
    yield from islice(rows, most)
    if next(rows, None) is not None:
        raise InvalidInput(f"The file has more than {most:,} rows: send several, as tongdai dnc import does")


def _named_columns(header: Row) -> Columns:
    names = list(map(normalised, header))
    others = (_first(at for at, name in enumerate(names) if name in wanted) for wanted in (_AREA, _REASON, _EXPIRES_AT))
    return Columns(_named_for_numbers(header), *others)


def _named_for_numbers(header: Sequence[str]) -> tuple[int, ...]:
    names = [_TRAILING_DIGITS.sub("", normalised(cell)) for cell in header]
    found = (tuple(at for at, name in enumerate(names) if name in wanted) for wanted in _NUMBERS)
    return next(filter(None, found), ())


def _guessed_columns(head: list[Row], today: date) -> Columns | None:
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


def _registry(cells: list[list[str]]) -> Columns | None:
    """Area codes of three digits beside numbers of seven, in every row."""
    area, number = (_first(at for at, column in enumerate(cells) if _all_digits(column, n)) for n in (3, 7))
    return None if area is None or number is None else Columns((number,), area)


def _numbers_alone(cells: list[list[str]]) -> Columns | None:
    """The column in which most rows have what may be a number."""
    counts = [sum(map(_number_like, column)) for column in cells]
    return Columns((counts.index(max(counts)),)) if any(counts) else None


def _without_title(head: list[Row]) -> list[Row]:
    """Without the rows above the first number that have no digit: a title, or names of columns."""
    start = _first(at for at, row in enumerate(head) if any(c.isdigit() for cell in row for c in cell)) or 0
    return head[start:]


def _all_digits(column: list[str], count: int) -> bool:
    return all(len(text := number_text(cell)) == count and text.isdecimal() for cell in column)


def _number_like(cell: str) -> bool:
    return read_day(cell, "") is None and _DIGITS.search(_NOT_DIGITS.sub("", number_text(cell))) is not None


def _all_to_come(column: list[str], today: date) -> bool:
    days = [read_day(cell, "") for cell in column if cell]
    return bool(days) and all(day is not None and day > today for day in days)


def _first(found: Iterable[int]) -> int | None:
    return next(iter(found), None)


def _cell(row: Row, at: int | None) -> str:
    return "" if at is None or at >= len(row) else row[at].strip()


def _no_numbers(row: Row, where: str) -> InvalidInput:
    has = ", ".join(shown(cell.strip())[:30] for cell in row[:12])
    return InvalidInput(f"No column is named phoneNumber, phone, số điện thoại or the like: {where} has {has}")
