"""Rows of cells under a header → rows by columns."""

import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress, repeat
from typing import IO

import msgspec

from tongdai.errors import InvalidInput, shown
from tongdai.files.body_format import BodyFormat
from tongdai.files.cells import ERRORS, NO_RESULT, clean, clean_name, cleaned
from tongdai.files.detected import NAME_SHOWN, DetectedColumn, DetectedTable, Use, column_name
from tongdai.files.header import Header, find_header
from tongdai.files.limits import Limits
from tongdai.files.number_cells import is_rounded, may_be_rounded, number_text
from tongdai.files.reader import open_tables
from tongdai.files.table import Batch, Plain, Table
from tongdai.http.streams.csv import unescaped
from tongdai.imports.readers.formats.given_uses import GivenUses
from tongdai.imports.readers.formats.header import Columns, find_columns, no_phone
from tongdai.imports.readers.read import Reading, Totals
from tongdai.imports.readers.sent_rows import OtherNumbers, SentRows

_BAD_NAME = re.compile(r'["\\]')
"""Characters that a field of msgspec cannot have in its name."""


def read_table(file: IO[bytes], body_format: BodyFormat, limits: Limits) -> Reading:
    """A header row, then a row a contact; likewise in each of the sheets that are read."""
    given = GivenUses(body_format.uses)
    with open_tables(file, body_format, limits, lambda cells: names_contacts(cells) or given.names(cells)) as opened:
        detected, any_number, named = opened.detected, False, ""
        headings: list[list[str]] = []
        for number, table in enumerate(opened.tables):
            header = header_of(table, given)
            given.seen(header.names)
            columns = find_columns(header.names, given)
            if columns is None:
                given.require_seen(header.names)
                raise no_phone([name for name in header.names if name], table.where)
            sheet = None if table.sheet is None else table.sheet[:NAME_SHOWN]
            found = DetectedTable(sheet, table.row_number(header.last), columns.detected())
            detected.notes += [note for note in columns.notes() if note not in detected.notes]
            detected.tables.append(found)
            rest = table.rest(table.start[header.last + 1 :], columns.width, columns.phones)
            own = Headings(_as_written(table, header))
            for sent in rows_of_cells(rest, table.is_odd, columns, found, own):
                any_number = any_number or sent.has_number
                yield replace(sent, table=number)
            detected.notes += own.notes(columns)
            headings.append(own.without(columns.ignored))
            named = columns.names[columns.phones[0]]
            found.hidden_rows = table.hidden.read
            detected.skipped_hidden_rows += table.hidden.skipped
    given.require_seen(headings[-1] if headings else ())
    total = sum(table.rows for table in detected.tables)
    if total == 0:
        raise InvalidInput("The file has a header row and no contacts below it")
    if not any_number:
        raise InvalidInput(f"No row has a phone number in the column {shown(named)}")
    return Totals(total, detected=detected, headings=headings)


@dataclass(slots=True)
class Headings:
    """The header of a table, with an empty name for each column that only rows have, and what to say about its rows."""

    names: list[str]
    rounded: dict[int, tuple[str, int]] = field(default_factory=dict[int, tuple[str, int]])
    """By columns of attributes that a spreadsheet has rounded the first one, and how many they are."""
    longer: int = 0
    """Rows that are longer than the header."""
    first_longer: int = 0
    """The first of them, from 1 below the header."""

    def look_at(self, columns: Columns, cells: Sequence[Sequence[str]]) -> None:
        """Count attributes that a spreadsheet has rounded."""
        for at, _ in columns.attributes:
            if at not in columns.phones and may_be_rounded("".join(cells[at])):
                found = [text for text in map(str.strip, cells[at]) if is_rounded(text)]
                if found:
                    example, count = self.rounded.get(at, (found[0], 0))
                    self.rounded[at] = example, count + len(found)

    def count_longer(self, beyond: "_Beyond", before: int) -> None:
        """Count rows with texts beyond the header, of a batch with `before` rows before it."""
        longer = [row for row, texts in enumerate(beyond) if texts is not None]
        if not self.longer:
            self.first_longer = before + longer[0] + 1
        self.longer += len(longer)

    def notes(self, columns: Columns) -> Iterator[str]:
        """Sentences about what the rows have."""
        for at, (example, count) in self.rounded.items():
            cells = "1 cell" if count == 1 else f"{count:,} cells"
            name = shown(columns.names[at])[:NAME_SHOWN]
            yield f"Column {name} has {cells} such as {example}, rounded by a spreadsheet: the last digits are lost"
        if self.longer:
            rows = "1 row is" if self.longer == 1 else f"{self.longer:,} rows are"
            first = f"{'' if self.longer == 1 else 'first '}row {self.first_longer:,} below it"
            yield f"{rows} longer than the header, {first}: cells beyond it are attributes. Is a separator not quoted?"

    def widen(self, width: int) -> None:
        self.names += [""] * (width - len(self.names))

    def without(self, ignored: Sequence[int]) -> list[str]:
        return _without(self.names, ignored)


def _as_written(table: Table, header: Header) -> list[str]:
    """The header as the file has it; one of two rows as it was understood."""
    written = table.start[header.last]
    return list(written if [clean_name(cell) for cell in written] == header.names else header.names)


def header_of(table: Table, given: GivenUses) -> Header:
    """The header of a table; without one that can be used the row that looks like it. InvalidInput for no rows."""
    header = find_header(table.start, names_contacts)
    if header is None or find_columns(header.names) is None:
        # No name is known; the client may have named some.
        header = find_header(table.start, given.names) or header
    if header is None:
        raise InvalidInput(f"{table.empty}: expected a header row and contacts")
    return header


def names_contacts(cells: Sequence[str]) -> bool:
    return find_columns(cells) is not None


def rows_of_cells(
    rows: Iterator[Batch | Plain],
    is_odd: Callable[[], bool],
    columns: Columns,
    table: DetectedTable,
    headings: Headings,
) -> Generator[SentRows, None, None]:
    """`rows` come in batches; they are counted in `table`. Rows without any text are skipped, missing cells empty."""
    sent_of = _sent_rows(columns, table, headings)
    for batch in rows:
        sent = sent_of(batch, is_odd())
        if sent is not None:
            table.rows += len(sent)
            yield sent


def _sent_rows(
    columns: Columns, table: DetectedTable, headings: Headings
) -> Callable[[Batch | Plain, bool], SentRows | None]:
    """Rows of cells by columns: what is done a cell at a time is what takes the time."""
    attributes_of = _attributes(columns)
    detected = [table.columns[at] for at in columns.phones]

    def sent_rows(batch: Batch | Plain, odd: bool) -> SentRows | None:
        # Our own file of failed rows has the cells of another one, escaped.
        cells, beyond, written = _texts(_unescaped(batch) if columns.ignored else batch, odd, columns.width)
        places: Sequence[int] = range(len(cells[0]))
        phones = [_phones(cells[at]) for at in columns.phones]
        filled = _filled(phones, cells, beyond)
        if filled is not None:
            cells = [list(compress(column, filled)) for column in cells]
            phones = [list(compress(column, filled)) for column in phones]
            beyond = None if beyond is None else list(compress(beyond, filled))
            places = list(compress(places, filled))
        if not phones[0]:
            return None
        if beyond is not None:
            headings.count_longer(beyond, table.rows)
            width = 1 + max(max(texts) for texts in beyond if texts is not None)
            headings.widen(width)
            table.columns += [DetectedColumn(column_name(at), Use.ATTRIBUTE) for at in range(len(table.columns), width)]
        cells = _without_errors(cells, columns, table)
        headings.look_at(columns, cells)
        attributes = attributes_of(cells)
        return SentRows(
            phones[0],
            [
                _values([[cells[at] for at in places] for places in (own, *others) if places])
                for own, others in zip(columns.values, columns.fallbacks, strict=True)
            ],
            attributes if beyond is None else list(_with(beyond, attributes)),
            None if columns.time_zone is None else _optional(cells[columns.time_zone]),
            None if columns.country is None else _optional(cells[columns.country]),
            None if len(phones) == 1 else OtherNumbers(phones[1:], detected),
            lambda row: _without(written(places[row]), columns.ignored),
        )

    return sent_rows


def _unescaped(batch: Batch | Plain) -> Batch | Plain:
    if isinstance(batch, Plain):
        return Plain([list(map(unescaped, column)) for column in batch.cells])
    return [list(map(unescaped, row)) for row in batch]


def _without(cells: Sequence[str], ignored: Sequence[int]) -> list[str]:
    return [cell for at, cell in enumerate(cells) if at not in ignored]


_Beyond = Sequence[Mapping[int, str] | None]
"""The texts of each row that are beyond the header, by their places."""


def _texts(
    batch: Batch | Plain, odd: bool, width: int
) -> tuple[Sequence[Sequence[str]], _Beyond | None, Callable[[int], Sequence[str]]]:
    """The texts of each column; those beyond the header, if there are any; and the cells of a row as written."""
    if isinstance(batch, Plain):
        found = batch.cells
        return [cleaned(column, odd) for column in found], None, lambda row: [column[row] for column in found]
    rows = list(filter(any, batch))
    if not rows:
        return [()] * width, None, rows.__getitem__
    straight, beyond = rows, None
    if set(map(len, rows)) != {width}:
        straight, beyond = _straightened(rows, width)
    cells = [cleaned(column, odd) for column in zip(*straight, strict=True)]
    return cells, beyond if beyond is not None and any(beyond) else None, rows.__getitem__


def _filled(
    phones: Sequence[Sequence[str | None]],
    cells: Sequence[Sequence[str]],
    beyond: Sequence[object] | None,
) -> list[bool] | None:
    """Which rows have any text; None: all. A row without any has no number."""
    if None not in phones[0]:
        return None
    # Nearly always another cell has something: rows are looked at one by one only where the number is missing.
    empty = {
        row
        for row, number in enumerate(phones[0])
        if number is None
        and not any(column[row].strip() for column in cells)
        and (beyond is None or beyond[row] is None)
    }
    return [row not in empty for row in range(len(phones[0]))] if empty else None


def _phones(cells: Sequence[str]) -> Sequence[str | None]:
    joined = "".join(cells)
    if joined.isascii() and joined.isdigit() and "" not in cells:
        return cells
    return [cell if cell.isascii() and cell.isdigit() else number_text(cell) or None for cell in cells]


def _without_errors(cells: Sequence[Sequence[str]], columns: Columns, table: DetectedTable) -> Sequence[Sequence[str]]:
    """Empty the cells with an error such as #N/A or a formula without a result, and count them.

    Those of numbers are left: their row fails.
    """
    found = list(cells)
    for at, column in enumerate(cells):
        if at in columns.phones or "#" not in "".join(column):
            continue
        errors = [cell in ERRORS or cell.startswith(NO_RESULT) for cell in column]
        if any(errors):
            found[at] = ["" if error else cell for cell, error in zip(column, errors, strict=True)]
            table.columns[at].left_empty += sum(errors)
    return found


def _values(groups: Sequence[Sequence[Sequence[str]]]) -> list[str] | list[str | None] | None:
    """The texts of a field: of the first group of columns that a row has any in."""
    found = _joined(groups[0]) if groups else None
    for group in groups[1:]:
        assert found is not None
        further = _joined(group) or ()
        found = [text or other for text, other in zip(found, further, strict=True)]
    return found


def _joined(parts: Sequence[Sequence[str]]) -> list[str] | list[str | None] | None:
    if not parts:
        return None
    if len(parts) == 1:
        return _optional(parts[0])
    return [" ".join(filter(None, map(str.strip, texts))) or None for texts in zip(*parts, strict=True)]


def _optional(cells: Sequence[str]) -> list[str] | list[str | None]:
    texts = list(map(str.strip, cells))
    return [text or None for text in texts] if "" in texts else texts


def _attributes(columns: Columns) -> Callable[[Sequence[Sequence[str]]], Sequence[object] | None]:
    """A row's attributes as what msgspec writes as an object of the cells that are not empty; None for none.

    A struct with a field for each column leaves out empty ones by itself, and is made in a fraction of a dict's time.
    """
    if not columns.attributes:
        return lambda _: None
    make = _maker([name for _, name in columns.attributes])

    def attributes(cells: Sequence[Sequence[str]]) -> Sequence[object]:
        texts = [list(map(str.strip, cells[at])) for at, _ in columns.attributes]
        made = list(map(make, *texts))
        if any("" not in column for column in texts):
            return made
        return [one if any(filled) else None for one, filled in zip(made, zip(*texts, strict=True), strict=True)]

    return attributes


def _maker(names: Sequence[str]) -> Callable[..., object]:
    """Makes what msgspec writes as an object with these names, of their texts that are not empty."""
    if any(map(_BAD_NAME.search, names)):
        return lambda *texts: {name: text for name, text in zip(names, texts, strict=True) if text}
    fields = [(f"column_{at}", str, "") for at in range(len(names))]
    rename = {f"column_{at}": name for at, name in enumerate(names)}
    return msgspec.defstruct("Attributes", fields, rename=rename, omit_defaults=True, gc=False)


def _straightened(rows: Sequence[list[str]], width: int) -> tuple[list[list[str]], _Beyond]:
    """The rows, all as wide as the header, and the texts beyond it."""
    beyond: list[Mapping[int, str] | None] = []
    for row in rows:
        texts = ((place, clean(cell)) for place, cell in enumerate(row[width:], width))
        beyond.append({place: text for place, text in texts if text} or None)
    return [(row + [""] * (width - len(row)))[:width] for row in rows], beyond


def _with(beyond: _Beyond, attributes: Sequence[object] | None) -> Iterator[object]:
    for texts, own in zip(beyond, attributes or repeat(None), strict=False):
        if texts is None:
            yield own
        else:
            named = {column_name(place): text for place, text in texts.items()}
            yield ({} if own is None else msgspec.to_builtins(own)) | named
