"""CSV: the separator and character set are found out."""

import csv
import io
import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import IO, Protocol

from tongdai.errors import InvalidInput, shown
from tongdai.files.charset import blocks
from tongdai.files.limits import Limits
from tongdai.files.table import HEADER_WITHIN, Batch, IsHeader, Plain, Table, header_row

SEPARATORS = (",", ";", "\t", "|")
_SAMPLE = 2 * HEADER_WITHIN
"""Lines from which the separator is detected."""
_DIRECTIVE = re.compile(r"\ufeff?sep=(.)[\r\n]*", re.IGNORECASE)
"""The directive that Excel understands, and some write, above the header."""
_LINE_END = re.compile(r"\r\n|\r|\n")
_END = "\0"
"""A line after the last one: within quotes when the last one's are still open. No file has it: NUL is refused."""


class _Reader(Protocol):
    """The type of what `csv.reader` returns."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...
    def __next__(self) -> list[str]: ...


def read_csv(file: IO[bytes], charset: str | None, limits: Limits, is_header: IsHeader) -> Table:
    """Quotes are doubled within quotes, as RFC 4180 has it."""
    _refuse_archive(file)
    csv.field_size_limit(limits.cell_kb * 1024)
    text = _Text(blocks(file, charset))
    sample = list(islice(text, _SAMPLE))
    separator, skipped = _directive(sample)
    separator = separator or _separator(sample, limits.columns, is_header)
    rows = _Rows(text, sample[skipped:], separator, skipped, limits)
    return Table(rows.take(HEADER_WITHIN), rows.batches, "the header row", "The file is empty")


def _refuse_archive(file: IO[bytes]) -> None:
    start = file.read(4)
    file.seek(0)
    if start == b"PK\x03\x04":
        raise InvalidInput("The file is an archive, as XLSX is, and not CSV: send it with the Content-Type of XLSX")
    if start[:2] == b"\x1f\x8b":
        raise InvalidInput("The file is packed by gzip: send it with Content-Encoding: gzip")


def _directive(sample: list[str]) -> tuple[str | None, int]:
    """The separator that the first line names, and how many lines that takes."""
    found = _DIRECTIVE.fullmatch(sample[0]) if sample else None
    return (None, 0) if found is None else (found[1], 1)


def _separator(sample: list[str], most: int, is_header: IsHeader) -> str:
    """The one by which there is a header, and it has most columns."""

    def found(separator: str) -> tuple[bool, int]:
        try:
            rows = list(islice(csv.reader(sample, delimiter=separator), HEADER_WITHIN))
            at = header_row(rows, is_header)
            return (False, 0) if at is None else (is_header(rows[at][:most]), len(rows[at]))
        except csv.Error:  # not with this one
            return False, 0
        except InvalidInput:  # a column that is named twice is one
            return True, 0

    return max(SEPARATORS, key=found)


class _Text:
    """The lines of a text, or what is left of its present block at once."""

    def __init__(self, found: Iterator[str]) -> None:
        self._blocks = found
        self._block = io.StringIO()

    def __iter__(self) -> Iterator[str]:
        """Each with its line end."""
        while True:
            for line in self._block:  # noqa: UP028 - that would close the block with this iterator
                yield line
            block = next(self._blocks, None)
            if block is None:
                return
            self._block = io.StringIO(block, newline="")

    def rest(self) -> str:
        """Whole lines; empty at the end of the text. They are taken once they are `taken`."""
        place = self._block.tell()
        rest = self._block.read()
        self._block.seek(place)
        if not rest and (block := next(self._blocks, None)) is not None:
            self._block = io.StringIO(block, newline="")
            return block
        return rest

    def taken(self) -> None:
        self._block.seek(0, io.SEEK_END)


class _Rows:
    """The rows of a file until its end, which must not be within quotes."""

    def __init__(self, text: _Text, start: list[str], separator: str, skipped: int, limits: Limits) -> None:
        self._text = text
        self._separator = separator
        self._reader: _Reader = csv.reader(chain(start, text, (_END,)), delimiter=separator)
        self._read = len(start)
        """Lines that the reader sees before it takes the first one of `text`."""
        self._skipped = skipped
        """Lines before those that the reader sees, or taken past it."""
        self._limits = limits

    def batches(self, first: Batch, width: int) -> Iterator[Batch | Plain]:
        """All rows, of which `first` are taken already; those of plain blocks by columns."""
        size = self._limits.chunk_rows
        batch = first + self.take(max(0, self._read - self._reader.line_num))
        while True:
            for start in range(0, len(batch), size):
                yield batch[start : start + size]
            while cells := self._plain(width):
                for start in range(0, len(cells[0]), size):
                    yield Plain([column[start : start + size] for column in cells])
            batch = self.take(size)
            if not batch:
                return

    def _plain(self, width: int) -> list[list[str]] | None:
        """The cells of what is left of a block, by columns, if it has no quotes and each line has all cells.

        A text is split in a fraction of the time in which a reader of CSV makes a list of each row.
        """
        text = self._text.rest()
        if not text or '"' in text:
            return None
        if "\r" in text and "\r" in (text := text.replace("\r\n", "\n")):
            return None
        # A cell of its own after each line: all of these stand in one column if all lines have as many cells.
        cells = text.replace("\n", f"{self._separator}\n{self._separator}").split(self._separator)
        count = text.count("\n")
        if len(cells) != count * (width + 1) + 1 or cells[width :: width + 1].count("\n") != count:
            return None
        del cells[-1]
        if max(map(len, cells)) > self._limits.cell_kb * 1024:
            return None
        self._text.taken()
        self._skipped += count
        return [cells[at :: width + 1] for at in range(width)]

    def take(self, count: int) -> Batch:
        """The next rows; fewer than `count` at the end."""
        line = self._line
        try:
            rows = list(islice(self._reader, count))
        except csv.Error as error:
            raise InvalidInput(f"Line {self._line}: {self._explained(error)}") from None
        if rows and rows[-1] and _END in rows[-1][-1]:
            last = rows.pop()
            if last != [_END]:
                line = self._line - _breaks(last)
                raise InvalidInput(f"The file ends within quotes that open in line {line}: it seems to be cut off")
        if rows and max(map(len, rows)) > self._limits.columns:
            raise InvalidInput(self._too_wide(rows, line))
        return rows

    @property
    def _line(self) -> int:
        return self._skipped + self._reader.line_num

    def _explained(self, error: csv.Error) -> str:
        if "field limit" in str(error):
            return f"a cell is longer than {self._limits.cell_kb} K characters: is a quote left open?"
        return shown(error)

    def _too_wide(self, rows: Batch, line: int) -> str:
        at = next(at for at, row in enumerate(rows) if len(row) > self._limits.columns)
        line += 1 + sum(1 + _breaks(row) for row in rows[:at])
        return f"Line {line} has {len(rows[at])} columns: at most {self._limits.columns} are read"


def _breaks(row: list[str]) -> int:
    """Line ends within its cells."""
    return sum(len(_LINE_END.findall(cell)) for cell in row)
