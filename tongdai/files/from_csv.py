"""CSV: the separator and character set are found out."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import IO, Protocol

from tongdai.errors import InvalidInput, shown
from tongdai.files.body_format import Format
from tongdai.files.detected import Detected
from tongdai.files.encodings.charset import Block, opened
from tongdai.files.header import HEADER_WITHIN, IsHeader, find_header
from tongdai.files.limits import Limits
from tongdai.files.table import Batch, Plain, Table, Tables

SEPARATORS = (",", ";", "\t", "|")
_SAMPLE = 2 * HEADER_WITHIN
"""Lines from which the separator is detected."""
_DIRECTIVE = re.compile(r"\ufeff?sep=(.)[\r\n]*", re.IGNORECASE)
"""The directive that Excel understands, and some write, above the header."""
_LINE_END = re.compile(r"\r\n|\r|\n")
_NUMBER = re.compile(r"[^\w]*(?:[0-9][^\w]{0,3}){8,15}")
"""A number in a line within quotes that looks like a row."""


class _Reader(Protocol):
    """The type of what `csv.reader` returns."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...
    def __next__(self) -> list[str]: ...


def read_csv(file: IO[bytes], charset: str | None, limits: Limits, is_header: IsHeader) -> Tables:
    """Quotes are doubled within quotes, as RFC 4180 has it; spaces may stand before one that opens."""
    _refuse_archive(file)
    csv.field_size_limit(limits.cell_chars)
    encoding, found = opened(file, charset)
    text = _Text(found)
    sample = list(islice(text, _SAMPLE))
    separator, skipped = _directive(sample)
    separator = separator or _separator(sample, limits.columns, is_header)
    rows = _Rows(text, sample[skipped:], separator, skipped, limits)
    start = rows.take(HEADER_WITHIN)

    def row_number(at: int) -> int:
        return rows.line_of(start, at, skipped + 1)

    def rest(first: Batch, width: int, numbers: Sequence[int] | None = None, /) -> Iterator[Batch | Plain]:
        columns = range(width) if numbers is None else numbers
        return rows.batches(first, row_number(len(start) - len(first)), width, columns)

    table = Table(start, rest, "the header row", "The file is empty", row_number, lambda: text.odd)
    return Tables(iter((table,)), Detected(Format.CSV, encoding.name, encoding.doubt, separator))


def _refuse_archive(file: IO[bytes]) -> None:
    start = file.read(4)
    file.seek(0)
    if start == b"PK\x03\x04":
        raise InvalidInput("The file is an archive, as XLSX is, and not CSV: send it with the Content-Type of XLSX")
    if start[:2] == b"\x1f\x8b":
        raise InvalidInput("The file is compressed by gzip: send it with Content-Encoding: gzip")


def _directive(sample: list[str]) -> tuple[str | None, int]:
    """The separator that the first line names, and how many lines that takes."""
    found = _DIRECTIVE.fullmatch(sample[0]) if sample else None
    return (None, 0) if found is None else (found[1], 1)


def _separator(sample: list[str], most: int, is_header: IsHeader) -> str:
    """The one by which there is a header, and it has most columns."""

    def found(separator: str) -> tuple[bool, int]:
        try:
            rows = list(islice(_reader(sample, separator, sample), HEADER_WITHIN))
            header = find_header(rows, is_header)
            return (False, 0) if header is None else (is_header(header.names[:most]), len(header.names))
        except csv.Error:  # not with this one
            return False, 0
        except InvalidInput:  # a column that is named twice is one
            return True, 0

    return max(SEPARATORS, key=found)


def _reader(lines: Iterable[str], separator: str, sample: Sequence[str], *, strict: bool = False) -> _Reader:
    """A reader that drops the spaces before a quote if the file is written so, as `a, "b"` is.

    It drops those before any other cell, too; in all other files they stay in the rows as they are written.
    """
    quoted = re.compile(rf'(?:^|{re.escape(separator)}) +"')
    spaced = any(quoted.search(line) or 0 < line.count(separator) == line.count(f"{separator} ") for line in sample)
    return csv.reader(lines, delimiter=separator, skipinitialspace=spaced, strict=strict)


class _Text:
    """The lines of a text, or what is left of its present block at once."""

    def __init__(self, found: Iterator[Block]) -> None:
        self._blocks = found
        self._block = io.StringIO()
        self.odd = False
        """Whether a block so far may have odd characters."""

    def __iter__(self) -> Iterator[str]:
        """Each with its line end."""
        while True:
            for line in self._block:  # noqa: UP028 - that would close the block with this iterator
                yield line
            if not self._next():
                return

    def rest(self) -> str:
        """Whole lines; empty at the end of the text. They are taken once they are `taken`."""
        place = self._block.tell()
        rest = self._block.read()
        self._block.seek(place)
        return self.rest() if not rest and self._next() else rest

    def taken(self) -> None:
        self._block.seek(0, io.SEEK_END)

    def _next(self) -> bool:
        block = next(self._blocks, None)
        if block is None:
            return False
        self._block = io.StringIO(block.text, newline="")
        self.odd = self.odd or block.odd
        return True


class _Rows:
    """The rows of a file until its end, which must not be within quotes."""

    def __init__(self, text: _Text, start: list[str], separator: str, skipped: int, limits: Limits) -> None:
        self._text = text
        self._separator = separator
        self._reader = _reader(chain(start, text), separator, start, strict=True)
        self._read = len(start)
        """Lines that the reader sees before it takes the first one of `text`."""
        self._skipped = skipped
        """Lines before those that the reader sees, or taken past it."""
        self._limits = limits

    def batches(self, first: Batch, line: int, width: int, numbers: Sequence[int]) -> Iterator[Batch | Plain]:
        """All rows, of which `first`, from that line on, are taken already; those of plain blocks by columns."""
        size = self._limits.chunk_rows
        rows = first + self.take(max(0, self._read - self._reader.line_num))
        while True:
            if self._line - line + 1 > len(rows):
                self._check_quoted(rows, line, width, numbers)
            for start in range(0, len(rows), size):
                yield rows[start : start + size]
            while cells := self._plain(width):
                for start in range(0, len(cells[0]), size):
                    yield Plain([column[start : start + size] for column in cells])
            line = self._line + 1
            rows = self.take(size)
            if not rows:
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
        if max(map(len, cells)) > self._limits.cell_chars:
            return None
        self._text.taken()
        self._skipped += count
        return [cells[at :: width + 1] for at in range(width)]

    def take(self, count: int) -> Batch:
        """The next rows; fewer than `count` at the end."""
        line = self._line + 1
        rows: Batch = []
        try:
            rows.extend(islice(self._reader, count))  # keeps the rows before an error
        except csv.Error as error:
            raise InvalidInput(self._explained(error, self.line_of(rows, len(rows), line))) from None
        if rows and max(map(len, rows)) > self._limits.columns:
            raise InvalidInput(self._too_wide(rows, line))
        return rows

    @staticmethod
    def line_of(rows: Batch, at: int, line: int) -> int:
        """The line in which row `at` of these begins; the first one begins in `line`."""
        return line + sum(1 + _breaks(row) for row in rows[:at])

    @property
    def _line(self) -> int:
        """The last line that was taken."""
        return self._skipped + self._reader.line_num

    def _explained(self, error: csv.Error, start: int) -> str:
        """Names the line; the row begins in line `start`."""
        message = str(error)
        if "field limit" in message:
            most = self._limits.cell_chars
            return f"Line {self._line}: a cell is longer than {most} characters: is a quote left open?"
        if "unexpected end" in message:
            return f"The file ends within quotes that open in line {start}: it seems to be cut off"
        if "expected after" in message:
            where = "" if start == self._line else f" of the row that begins in line {start}"
            return f"Line {self._line}: text follows a closing quote{where}: is a quote left open, or not doubled?"
        return f"Line {self._line}: {shown(error)}"

    def _check_quoted(self, rows: Batch, line: int, width: int, numbers: Sequence[int]) -> None:
        """Refuse a cell whose lines within quotes look like rows: a quote left open has taken them."""
        for at, row in enumerate(rows):
            broken = [cell for cell in row if "\n" in cell or "\r" in cell]
            within = sum(self._is_row(text, width, numbers) for cell in broken for text in _LINE_END.split(cell)[1:])
            if within:
                raise InvalidInput(
                    f"Line {self.line_of(rows, at, line)}: a quoted cell has lines that look like rows of the file, "
                    f"{within} of them: is a quote left open? If they belong to the cell, put them in one line"
                )

    def _is_row(self, text: str, width: int, numbers: Sequence[int]) -> bool:
        """Whether a line has as many cells as a row, and what may be a number where numbers are."""
        cells = text.split(self._separator)
        return len(cells) == width > 1 and any(_NUMBER.fullmatch(cells[at]) for at in numbers)

    def _too_wide(self, rows: Batch, line: int) -> str:
        at = next(at for at, row in enumerate(rows) if len(row) > self._limits.columns)
        where = self.line_of(rows, at, line)
        return f"Line {where} has {len(rows[at])} columns: at most {self._limits.columns} are read"


def _breaks(row: list[str]) -> int:
    """Line ends within its cells."""
    return sum(len(_LINE_END.findall(cell)) for cell in row)
