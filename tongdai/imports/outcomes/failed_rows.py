"""The failed rows of an import as the file has them: a file that can be corrected and imported again. Pure.

CSV has the columns of the file that was sent, in their order, then FAILED_COLUMNS, which are not read. Of sheets with
different headers it has the columns of all, and each row is in those of its sheet. Rows of JSON come as NDJSON, with
FAILED_COLUMNS as further properties.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from tongdai.files.cells import as_written, clean_name
from tongdai.files.detected import FAILED_COLUMNS
from tongdai.imports.chunk import LONGEST_ORIGINAL, Original, decode_sent
from tongdai.imports.model import ImportedChunk

_AS_SENT = ("phoneNumber", "externalId")
"""The columns of rows from before originals were kept."""
_TOO_LONG = f"; the row is longer than {LONGEST_ORIGINAL // 1024} K characters and was not kept as it was"


class FailedRow(NamedTuple):
    row: int
    """The number of the row in the import, from 1."""
    code: str
    reason: str
    original: Original | None
    """None: it was too long, or is from before originals were kept."""
    table: int
    as_sent: tuple[str | None, str | None]
    """The texts of _AS_SENT, cut."""


def failed_of(chunk: ImportedChunk) -> Iterator[FailedRow]:
    """The failed rows of a chunk, in their order."""
    sent = decode_sent(chunk.sent)
    for place, (row, code, reason) in enumerate(sent.problems):
        original = None if sent.originals is None else sent.originals[place]
        cut = _TOO_LONG if sent.originals is not None and original is None else ""
        as_sent = sent.phones[row], None if sent.external_ids is None else sent.external_ids[row]
        yield FailedRow(chunk.first_row + row, code, reason + cut, original, sent.table, as_sent)


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a CSV file of failed rows."""

    header: Sequence[str]
    places: Sequence[Sequence[int]] | None
    """For each table, the column that each of its cells is in; None: rows have the texts of _AS_SENT."""

    def line(self, failed: FailedRow) -> list[object]:
        cells: list[object] = [""] * len(self.header)
        cells[-len(FAILED_COLUMNS) :] = failed.row, failed.code, failed.reason
        if self.places is None:
            cells[: len(_AS_SENT)] = failed.as_sent
        elif isinstance(failed.original, list):
            for place, cell in zip(self.places[failed.table], failed.original, strict=False):
                cells[place] = as_written(cell)
        return cells


def layout_of(headings: Sequence[Sequence[str]] | None) -> Layout:
    """`headings` are the headers of the tables, as the file has them; None: they were not kept."""
    if headings is None:
        return Layout((*_AS_SENT, *FAILED_COLUMNS), None)
    different = {tuple(names): None for names in headings}
    if len(different) == 1:
        (names,) = different
        return Layout((*names, *FAILED_COLUMNS), [range(len(names))] * len(headings))
    columns: dict[tuple[str, int], int] = {}
    """Places of names and, where a header has a name several times, of which it is."""
    places = [[columns.setdefault(name, len(columns)) for name in _numbered(names)] for names in headings]
    return Layout((*(name for name, _ in columns), *FAILED_COLUMNS), places)


def _numbered(names: Iterable[str]) -> Iterator[tuple[str, int]]:
    """An unnamed column has the name by which its texts are attributes."""
    seen: dict[str, int] = {}
    for at, written in enumerate(names):
        name = clean_name(written) or f"column {at + 1}"
        seen[name] = seen.get(name, 0) + 1
        yield name, seen[name]


def ndjson_line(failed: FailedRow) -> bytes:
    """A row of JSON, as it was sent but for its line breaks, with what is wrong with it."""
    if isinstance(failed.original, str):
        sent: Mapping[str, object] = msgspec.json.decode(failed.original, type=dict[str, msgspec.Raw])
    else:
        sent = {name: text for name, text in zip(_AS_SENT, failed.as_sent, strict=True) if text is not None}
    why = dict(zip(FAILED_COLUMNS, (failed.row, failed.code, failed.reason), strict=True))
    line = msgspec.json.encode({name: value for name, value in sent.items() if name not in why} | why)
    # Within texts JSON writes breaks otherwise.
    return line.replace(b"\n", b" ").replace(b"\r", b" ") + b"\n"
