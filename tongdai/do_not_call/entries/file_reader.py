"""Reads files of do-not-call numbers: CSV in UTF-8 with a header row."""

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from tongdai.do_not_call.entries.validation import Sent
from tongdai.do_not_call.model import MAX_NUMBERS
from tongdai.errors import InvalidInput, shown
from tongdai.text import normalized

SEPARATORS = (",", ";", "\t")
CELL = 128 * 1024
"""Characters of one cell at most; a longer cell is an unterminated quote."""
HEADER_WITHIN = 1000
"""Rows within which the header must be found, as empty rows may precede it."""
_COLUMNS = (
    frozenset(("phonenumber", "phone", "number", "sodienthoai", "sdt", "dienthoai", "mobile", "msisdn")),
    frozenset(("reason", "lydo")),
    frozenset(("expiresat", "expires", "expiry", "hethan", "ngayhethan")),
)
_QUOTED = re.compile(r"=?[\"'](.*?)[\"']?")


class _Place(NamedTuple):
    """Column indices; None: the file has no such column."""

    phone: int
    reason: int | None
    expires_at: int | None


def read(data: bytes, most: int | None = None) -> Iterator[list[Sent]]:
    """Read the rows of a file in batches of MAX_NUMBERS; InvalidInput where it is not such a file.

    The header names the columns in any order and case; other columns and empty rows are skipped. More than `most`
    rows below the header, empty ones included, raise InvalidInput at the end. A large file takes seconds: use a
    thread.
    """
    rows = _rows(data)
    header = next((row for row in islice(rows, HEADER_WITHIN) if any(map(str.strip, row))), None)
    if header is None:
        expected = "expected a header row and numbers"
        raise InvalidInput(f"The file is empty, or its first {HEADER_WITHIN:,} rows are: {expected}")
    return _batches(rows if most is None else _at_most(rows, most), _place(header))


def _rows(data: bytes) -> Iterator[list[str]]:
    # The limit is global in the process: an import may have set a higher one and be using it.
    csv.field_size_limit(max(CELL, csv.field_size_limit()))
    file = io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", newline="")
    try:
        first = file.readline(CELL)
        file.seek(0)
        # Strict: an unterminated quote would swallow all numbers after it.
        yield from csv.reader(file, delimiter=max(SEPARATORS, key=first.count), strict=True)
    except UnicodeDecodeError:
        raise InvalidInput("The file is not in UTF-8: save it as CSV UTF-8") from None
    except csv.Error as error:
        raise InvalidInput(f"The file is no CSV: {shown(error)}") from None


def _at_most(rows: Iterator[list[str]], most: int) -> Iterator[list[str]]:
    yield from islice(rows, most)
    if next(rows, None) is not None:
        raise InvalidInput(f"The file has more than {most:,} rows: send several, as tongdai dnc import does")


def _place(header: list[str]) -> _Place:
    names = [normalized(cell) for cell in header]
    found = [next((at for at, name in enumerate(names) if name in wanted), None) for wanted in _COLUMNS]
    if found[0] is None:
        has = ", ".join(shown(cell.strip())[:30] for cell in header[:12])
        raise InvalidInput(f"No column is named phoneNumber, phone, số điện thoại or the like: the header has {has}")
    return _Place(found[0], found[1], found[2])


def _batches(rows: Iterator[list[str]], place: _Place) -> Iterator[list[Sent]]:
    filled = (row for row in rows if any(map(str.strip, row)))
    while batch := list(islice(filled, MAX_NUMBERS)):
        yield [
            Sent(_phone(_cell(row, place.phone)), _cell(row, place.reason), _cell(row, place.expires_at))
            for row in batch
        ]


def _cell(row: list[str], at: int | None) -> str | None:
    if at is None or at >= len(row):
        return None
    return row[at].strip() or None


def _phone(cell: str | None) -> str | None:
    """Strip what makes a spreadsheet keep a number's leading 0: `="0912345678"`, `'0912345678`."""
    if cell is None or cell[0] not in "='\"":
        return cell
    quoted = _QUOTED.fullmatch(cell)
    return quoted[1].strip() or None if quoted else cell
