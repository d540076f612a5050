"""Reads files of do-not-call numbers: rows of cells, of which some hold numbers.

A file is read twice. The first time finds the columns (columns.py), the order of day and month in the expiry
(date_order.py) and columns of numbers that are not read, as only the whole file shows them; the second time gives the
rows. `detected` says what was read as what.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, islice
from typing import IO, NamedTuple

from tongdai.do_not_call.entries import json_rows
from tongdai.do_not_call.entries.columns import (
    Columns,
    Row,
    guessed_columns,
    has_number,
    is_filled,
    is_header,
    is_number,
    named_columns,
    title_rows,
)
from tongdai.do_not_call.entries.date_order import DateOrder, in_iso
from tongdai.do_not_call.entries.validation import Sent
from tongdai.do_not_call.model import MAX_NUMBERS
from tongdai.errors import InvalidInput, shown
from tongdai.files import BodyFormat, Format, Limits
from tongdai.files.detected import (
    FAILED_COLUMNS,
    NAME_SHOWN,
    Detected,
    DetectedColumn,
    DetectedTable,
    Use,
    column_name,
    refuse_others,
)
from tongdai.files.header import HEADER_WITHIN as TITLES_WITHIN
from tongdai.files.header import find_header, no_number
from tongdai.files.reader import open_tables
from tongdai.files.table import HiddenRows, all_rows
from tongdai.text import normalised

HEADER_WITHIN = 1000
"""Rows within which the first one with anything in it must come."""
_LOOKED_AT = TITLES_WITHIN
"""Rows with anything in them, from which the columns are found."""
_NOT_READ = frozenset(map(normalised, (*FAILED_COLUMNS, "error", "createdAt")))
"""Columns of files that this system writes, which are not read."""


class NumberFile(NamedTuple):
    """A file whose columns are known."""

    header: Row | None
    columns: Columns
    dates: DateOrder
    """Evidence of the column of expiries."""
    rows: Iterator[Row]
    """All below the header, without empty ones."""
    detected: Detected

    def sent(self, row: Row) -> Sent:
        """Read a row."""
        sent = self.columns.sent(row)
        return sent._replace(expires_at=in_iso(sent.expires_at, self.dates.order)) if sent.expires_at else sent

    def batches(self) -> Iterator[list[Sent]]:
        """Read the rows, MAX_NUMBERS at a time."""
        while batch := list(islice(self.rows, MAX_NUMBERS)):
            yield [self.sent(row) for row in batch]


@contextmanager
def open_numbers(
    file: IO[bytes], body_format: BodyFormat, limits: Limits, today: date, most: int | None = None
) -> Generator[NumberFile]:
    """Open a file; InvalidInput where it is no such file, or a row of it cannot be read.

    More than `most` rows below the header, empty ones included, are InvalidInput. A large file takes seconds: use a
    thread.
    """
    with _opened(file, body_format, limits) as source:
        found = _survey(source, today, most)
    with _opened(file, body_format, limits) as source:
        below = filter(is_filled, chain(found.above, islice(source.rows, found.skipped, None)))
        rows = _counted(below, found.table, source)
        found.table.sheet = source.sheet
        source.detected.tables.append(found.table)
        source.detected.notes += found.notes
        yield NumberFile(found.header, found.columns, found.dates, rows, source.detected)


@dataclass(frozen=True, slots=True)
class _Source:
    """The rows of a file."""

    rows: Iterator[Row]
    detected: Detected
    where: str = "an item"
    """Where the names of columns stand, for messages."""
    row_number: Callable[[int], int | None] = field(default=lambda _: None)
    """The row of the sheet or line of the file that a row is in, from 1; None: the format has none."""
    sheet: str | None = None
    hidden: HiddenRows = field(default_factory=HiddenRows)


@contextmanager
def _opened(file: IO[bytes], body_format: BodyFormat, limits: Limits) -> Generator[_Source]:
    kind = body_format.format
    if kind is not Format.XLSX:
        kind = json_rows.format_of(file) or kind
    if kind in {Format.JSON, Format.NDJSON}:
        yield _Source(json_rows.rows_of(file, kind), Detected(kind))
        return
    with open_tables(file, body_format, limits, is_header) as opened:
        table, *_ = opened.tables
        refuse_others(opened.detected)
        width = max(map(len, table.start), default=1)
        rows = map(list, all_rows(table.rest(table.start, width)))

        def row_number(at: int) -> int:
            return table.row_number(at) if at < len(table.start) else at + 1

        yield _Source(rows, opened.detected, table.where, row_number, table.sheet, table.hidden)


@dataclass(slots=True)
class _Survey:
    """Findings about a file."""

    header: Row | None
    columns: Columns
    skipped: int
    """Rows of the file that are none below the header."""
    above: list[Row]
    """Rows of them that have numbers all the same."""
    table: DetectedTable
    dates: DateOrder = field(default_factory=DateOrder)
    notes: list[str] = field(default_factory=list[str])


def _survey(source: _Source, today: date, most: int | None) -> _Survey:
    start = _start(source.rows)
    found = _found(source, start, today)
    rest = chain(start[found.skipped :], source.rows)
    _look_at_all(found, chain(found.above, rest if most is None else _at_most(rest, most)))
    return found


def _start(rows: Iterator[Row]) -> list[Row]:
    """The first rows, until _LOOKED_AT of them have something in them."""
    start = list[Row]()
    filled = 0
    for row in islice(rows, HEADER_WITHIN):
        start.append(row)
        filled += is_filled(row)
        if filled == _LOOKED_AT:
            return start
    if not filled:
        expected = "expected a header row and numbers"
        raise InvalidInput(f"The file is empty, or its first {HEADER_WITHIN:,} rows are: {expected}")
    return start


def _found(source: _Source, start: list[Row], today: date) -> _Survey:
    """The header and the columns, by the first rows."""
    places = [at for at, row in enumerate(start) if is_filled(row)]
    head = [start[at] for at in places]
    found = find_header(head, is_header)
    titles = title_rows(head)
    if found is not None and is_header(found.names):
        header, at = found.names, found.last
        above = [row for row in head[:at] if has_number(row)]
        columns, skipped, number = named_columns(header), places[at] + 1, source.row_number(places[at])
    else:
        header, above, number = None, [], None
        guessed = (
            None if source.detected.format in {Format.JSON, Format.NDJSON} else guessed_columns(head[titles:], today)
        )
        if guessed is None:
            raise _no_numbers(head[0], source.where)
        columns, skipped = guessed, places[titles]
    width = len(header) if header else max(map(len, head))
    names = [name or column_name(at) for at, name in enumerate(header or [""] * width)]
    table = DetectedTable(None, number, [DetectedColumn(name[:NAME_SHOWN], Use.IGNORED) for name in names])
    notes = [] if header else [_skipped(row) for row in head[:titles]]
    return _Survey(header, columns, skipped, above, table, notes=notes)


def _look_at_all(found: _Survey, rows: Iterable[Row]) -> None:
    """Complete what is found by all rows: columns of numbers, the order of dates, what is said about them."""
    read = found.columns.uses()
    if found.header is None and found.columns.reason is not None:
        del read[found.columns.reason]  # it is one as long as it has no numbers
    names = [column.column for column in found.table.columns]
    unread = {at: 0 for at, name in enumerate(names) if at not in read and normalised(name) not in _NOT_READ}
    filled, count, expires_at = dict(unread), 0, found.columns.expires_at
    for row in filter(is_filled, rows):
        count += 1
        beyond = range(len(names), len(row))
        names += _widened(found.table, beyond)
        unread |= dict.fromkeys(beyond, 0)
        filled |= dict.fromkeys(beyond, 0)
        for at in unread:
            if at < len(row) and row[at]:
                filled[at] += 1
                unread[at] += is_number(row[at])
        if expires_at is not None and expires_at < len(row):
            found.dates.look_at(row[expires_at])
    if not count:
        raise InvalidInput("The file has no rows below its header row: expected numbers")
    if found.header is None:
        also = [at for at, numbers in unread.items() if 2 * numbers > filled[at]]
        _read_too(found, also)
    else:
        found.notes += [_unread(names[at], numbers) for at, numbers in unread.items() if numbers]
    found.notes += filter(None, [found.dates.note()])
    for at, use in found.columns.uses().items():
        found.table.columns[at].use = use


def _widened(table: DetectedTable, places: Iterable[int]) -> list[str]:
    """Add columns beyond the header; their names."""
    added = [DetectedColumn(column_name(at), Use.IGNORED) for at in places]
    table.columns += added
    return [column.column for column in added]


def _read_too(found: _Survey, also: Sequence[int]) -> None:
    """Read further columns of numbers, of a file without a header."""
    numbers = tuple(sorted((*found.columns.numbers, *also)))
    reason = None if found.columns.reason in also else found.columns.reason
    found.columns = found.columns._replace(numbers=numbers, reason=reason)


def _skipped(row: Row) -> str:
    has = ", ".join(shown(cell.strip())[:NAME_SHOWN] for cell in row[:12] if cell.strip())
    return f"The columns were found by what they have, and a row above the first number was not read: {has}"


def _unread(name: str, numbers: int) -> str:
    cells = "1 cell of it looks" if numbers == 1 else f"{numbers:,} cells of it look"
    column = name.capitalize() if name.startswith("column ") else f"Column {name}"
    return f"{column} was not read, and {cells} like a phone number: to list them, name it phone 2"


def _counted(rows: Iterable[Row], table: DetectedTable, source: _Source) -> Iterator[Row]:
    for row in rows:
        table.rows += 1
        yield row
    table.hidden_rows = source.hidden.read


def _at_most(rows: Iterator[Row], most: int) -> Iterator[Row]:
    yield from islice(rows, most)
    if next(rows, None) is not None:
        raise InvalidInput(f"The file has more than {most:,} rows: send several, as tongdai dnc import does")


def _no_numbers(row: Row, where: str) -> InvalidInput:
    has = ", ".join(shown(cell.strip())[:30] for cell in row[:12])
    return no_number(f"{where} has {has}")
