"""Rows of cells under a header → rows by columns."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import IO

import msgspec

from tongdai.errors import InvalidInput
from tongdai.files.body_format import BodyFormat
from tongdai.files.cells import phone_text
from tongdai.files.limits import Limits
from tongdai.files.reader import open_table
from tongdai.files.table import Batch, Plain, header_row
from tongdai.imports.readers.formats.header import Columns, column_name, columns_of, no_phone
from tongdai.imports.readers.read import Reading, Totals
from tongdai.imports.readers.sent_rows import SentRows

_BREAKS = re.compile(r"[\t\n\r]+")


def read_table(file: IO[bytes], body_format: BodyFormat, limits: Limits) -> Reading:
    """A header row, then a row a contact."""
    with open_table(file, body_format, limits, names_contacts) as table:
        at = header_row(table.start, names_contacts)
        if at is None:
            raise InvalidInput(f"{table.empty}: expected a header row and contacts")
        header = table.start[at]
        columns = columns_of(header)
        if columns is None:
            raise no_phone([cell for cell in header if cell], table.where)
        return (yield from rows_of_cells(table.rest(table.start[at + 1 :], columns.width), columns))


def names_contacts(cells: Sequence[str]) -> bool:
    return columns_of(cells) is not None


def rows_of_cells(rows: Iterator[Batch | Plain], columns: Columns) -> Reading:
    """`rows` come in batches. Rows without any cell are skipped; missing cells are empty ones."""
    sent_of = _sent_rows(columns)
    total, any_number = 0, False
    for batch in rows:
        # A row without any cell has no number.
        if isinstance(batch, Plain) and "" not in batch.cells[columns.phone]:
            sent = sent_of(batch)
        else:
            filled = list(filter(any, zip(*batch.cells, strict=True) if isinstance(batch, Plain) else batch))
            if not filled:
                continue
            sent = sent_of(list(map(list, filled)))
        total += len(sent)
        any_number = any_number or any(sent.phones)
        yield sent
    if total == 0:
        raise InvalidInput("The file has a header row and no contacts below it")
    if not any_number:
        raise InvalidInput(f"No row has a phone number in the column {columns.phone_header}")
    return Totals(total)


def _sent_rows(columns: Columns) -> Callable[[Batch | Plain], SentRows]:
    """Rows of cells by columns: what is done a cell at a time is what takes the time."""
    attributes_of = _attributes(columns)

    def sent_rows(batch: Batch | Plain) -> SentRows:
        extra = None
        if isinstance(batch, Plain):
            found = batch.cells
        else:
            if set(map(len, batch)) != {columns.width}:
                extra = _straighten(batch, columns.width)
            found = zip(*batch, strict=True)
        cells = [_without_breaks(column) for column in found]
        attributes = attributes_of(cells)
        return SentRows(
            _phones(cells[columns.phone]),
            [None if at is None else _texts(cells[at]) for at in columns.values],
            attributes if extra is None or not any(extra) else list(_with(extra, attributes)),
            None if columns.time_zone is None else _texts(cells[columns.time_zone]),
        )

    return sent_rows


def _without_breaks(cells: Sequence[str]) -> Sequence[str]:
    """A break within a cell is a way to lay it out, and would fail its row as a control character."""
    joined = "".join(cells)
    if "\n" in joined or "\r" in joined or "\t" in joined:
        return [_BREAKS.sub(" ", cell) for cell in cells]
    return cells


def _phones(cells: Sequence[str]) -> Sequence[str | None]:
    if "".join(cells).isdigit() and "" not in cells:
        return cells
    return [cell if cell.isdigit() else phone_text(cell) or None for cell in cells]


def _texts(cells: Sequence[str]) -> list[str] | list[str | None]:
    texts = list(map(str.strip, cells))
    return [text or None for text in texts] if "" in texts else texts


def _attributes(columns: Columns) -> Callable[[Sequence[Sequence[str]]], Sequence[object] | None]:
    """A row's attributes as what msgspec writes as an object of the cells that are not empty; None for none.

    A struct with a field for each column leaves out empty ones by itself, and is made in a fraction of a dict's time.
    """
    if not columns.attributes:
        return lambda _: None
    fields = [(f"column_{at}", str, "") for at, _ in columns.attributes]
    rename = {f"column_{at}": name for at, name in columns.attributes}
    make = msgspec.defstruct("Attributes", fields, rename=rename, omit_defaults=True, gc=False)

    def attributes(cells: Sequence[Sequence[str]]) -> Sequence[object]:
        texts = [list(map(str.strip, cells[at])) for at, _ in columns.attributes]
        made = list(map(make, *texts))
        if any("" not in column for column in texts):
            return made
        return [one if any(filled) else None for one, filled in zip(made, zip(*texts, strict=True), strict=True)]

    return attributes


def _straighten(batch: Batch, width: int) -> list[dict[str, str] | None]:
    """Make all rows as wide as the header; the cells that went beyond it, by row."""
    extra: list[dict[str, str] | None] = []
    for at, row in enumerate(batch):
        cells = ((place, _BREAKS.sub(" ", cell).strip()) for place, cell in enumerate(row[width:], width))
        beyond = {column_name(place): text for place, text in cells if text}
        extra.append(beyond or None)
        batch[at] = (row + [""] * (width - len(row)))[:width]
    return extra


def _with(extra: list[dict[str, str] | None], attributes: Sequence[object] | None) -> Iterator[object]:
    for beyond, own in zip(extra, attributes or repeat(None), strict=False):
        if beyond is None:
            yield own
        else:
            yield ({} if own is None else msgspec.to_builtins(own)) | beyond
