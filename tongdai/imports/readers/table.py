"""Rows of cells under a header → chunks."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat

import msgspec

from tongdai.errors import InvalidInput
from tongdai.imports.readers.header import Columns, column_name, columns_of
from tongdai.imports.readers.read import Chunks, Told
from tongdai.imports.readers.rows import check_weight, encoded, packed

Batch = list[list[str]]

HEADER_WITHIN = 10
"""Rows: titles may stand above the header."""

_ESCAPED_BREAK = re.compile(rb"\\[nrt]")
_BREAKS = re.compile(r"[\t\n\r]+")
_NUMBER = re.compile(r"(\+?[0-9]+)[.,]00?")
_QUOTED = re.compile(r"=?[\"'](.*?)[\"']?")


def header_row(rows: Sequence[Sequence[str]]) -> int | None:
    """Which row is the header: the first that has two cells or names a number's column. None when all are empty."""
    first = None
    for at, row in enumerate(rows[:HEADER_WITHIN]):
        filled = [cell for cell in row if cell.strip()]
        if len(filled) > 1 or (filled and columns_of(filled) is not None):
            return at
        if filled and first is None:
            first = at
    return first


def batches(first: Batch, take: Callable[[int], Batch], size: int) -> Iterator[Batch]:
    """Rows of which `first` are there and `take` gets so many more, or fewer at the end, `size` at a time."""
    while len(first) > size:
        yield first[:size]
        first = first[size:]
    batch = first + take(size - len(first))
    while batch:
        yield batch
        batch = take(size)


def chunks_of_cells(rows: Iterator[Batch], columns: Columns) -> Chunks:
    """`rows` come in batches of a chunk each. Rows without any cell are skipped; missing cells are empty ones."""
    fields = _fields(columns)
    total, any_number = 0, False
    for batch in rows:
        filled = list(filter(any, batch))
        if filled:
            total += len(filled)
            told = fields(filled)
            any_number = any_number or any(row[0] for row in told)
            data = encoded(told)
            if _ESCAPED_BREAK.search(data):
                # A break within a cell is a way to lay it out, and would fail its row as a control character.
                data = encoded(fields([[_BREAKS.sub(" ", cell) for cell in row] for row in filled]))
            check_weight(data, len(filled), total)
            yield packed(data)
    if total == 0:
        raise InvalidInput("The file has a header row and no contacts below it")
    if not any_number:
        raise InvalidInput(f"No row has a phone number in the column {columns.phone_header}")
    return Told(total)


Fields = tuple[str | None, str | None, str | None, object, str | None]


def _fields(columns: Columns) -> Callable[[Batch], list[Fields]]:
    """Rows of cells → tuples of a Row's fields, many at once: what is done a cell at a time is what takes the time."""
    attributes_of = _attributes(columns)

    def fields(batch: Batch) -> list[Fields]:
        extra = None if set(map(len, batch)) == {columns.width} else _straighten(batch, columns.width)
        cells = list(zip(*batch, strict=True))
        return list(
            zip(
                _phones(cells[columns.phone]),
                repeat(None) if columns.name is None else _texts(cells[columns.name]),
                repeat(None) if columns.external_id is None else _texts(cells[columns.external_id]),
                attributes_of(cells) if extra is None else _with(extra, attributes_of(cells)),
                repeat(None) if columns.time_zone is None else _texts(cells[columns.time_zone]),
                strict=False,
            )
        )

    return fields


def _phones(cells: Sequence[str]) -> Sequence[str | None]:
    if "".join(cells).isdigit() and "" not in cells:
        return cells
    return [cell if cell.isdigit() else _phone(cell) or None for cell in cells]


def _phone(cell: str) -> str:
    """Without what spreadsheets do to numbers: `912345678.0`, `="0912345678"`, `'0912345678`."""
    cell = cell.strip()
    if cell[:1] in {"=", "'", '"'} and (quoted := _QUOTED.fullmatch(cell)):
        cell = quoted[1].strip()
    whole = _NUMBER.fullmatch(cell)
    return cell if whole is None else whole[1]


def _texts(cells: Sequence[str]) -> list[str] | list[str | None]:
    texts = list(map(str.strip, cells))
    return [text or None for text in texts] if "" in texts else texts


def _attributes(columns: Columns) -> Callable[[Sequence[Sequence[str]]], Iterable[object]]:
    """A row's attributes as what msgspec writes as an object of the cells that are not empty; None for none.

    A struct with a field for each column leaves out empty ones by itself, and is made in a fraction of a dict's time.
    """
    if not columns.attributes:
        return lambda _: repeat(None)
    fields = [(f"column_{at}", str, "") for at, _ in columns.attributes]
    rename = {f"column_{at}": name for at, name in columns.attributes}
    make = msgspec.defstruct("Attributes", fields, rename=rename, omit_defaults=True, gc=False)

    def attributes(cells: Sequence[Sequence[str]]) -> Iterable[object]:
        texts = [list(map(str.strip, cells[at])) for at, _ in columns.attributes]
        made = map(make, *texts)
        if any("" not in column for column in texts):
            return made
        return [one if any(filled) else None for one, filled in zip(made, zip(*texts, strict=True), strict=True)]

    return attributes


def _straighten(batch: Batch, width: int) -> list[dict[str, str] | None]:
    """Make all rows as wide as the header; the cells that went beyond it, by row."""
    extra: list[dict[str, str] | None] = []
    for at, row in enumerate(batch):
        beyond = {column_name(place): text for place, cell in enumerate(row[width:], width) if (text := cell.strip())}
        extra.append(beyond or None)
        batch[at] = (row + [""] * (width - len(row)))[:width]
    return extra


def _with(extra: list[dict[str, str] | None], attributes: Iterable[object]) -> Iterator[object]:
    for beyond, own in zip(extra, attributes, strict=False):
        if beyond is None:
            yield own
        else:
            yield ({} if own is None else msgspec.to_builtins(own)) | beyond
