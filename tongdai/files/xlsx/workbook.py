"""XLSX: a sheet, or all of them, read as if they were saved as CSV.

The first visible sheet that has a header is read, unless the client names one or asks for all. Sheets with anything in
them that are not read are named. Rows that the workbook hides are counted, and left out when asked.

The ZIP central directory is checked before calamine opens the workbook: encrypted and truncated files are refused, and
so are decompression bombs. The sizes in the directory can be forged; the reader's process therefore has a memory limit
(`Limits.memory_mb`, files/process.py). Formulas are not evaluated: the value that the workbook stores is read.
"""

import datetime
import zipfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO, Any, NamedTuple, cast

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from tongdai.errors import InvalidInput, shown
from tongdai.files.body_format import BodyFormat, Format
from tongdai.files.detected import HIDDEN, NAME_SHOWN, Detected, LeftOut
from tongdai.files.encodings.charset import NAMES
from tongdai.files.encodings.legacy_vietnamese import CONVERSIONS, written_in
from tongdai.files.header import HEADER_WITHIN, IsHeader, find_header
from tongdai.files.limits import Limits
from tongdai.files.table import Batch, HiddenRows, Plain, Table, Tables, batches
from tongdai.files.xlsx import parts as xlsx_parts
from tongdai.files.xlsx.parts import BadPart, Marks
from tongdai.text import as_seen

MAX_RATIO = 200
"""Highest compression ratio of a part; rows of one kind come to 50 at the most."""
_SMALL = 16 * 1024 * 1024
"""Bytes; a part of no more may have any compression ratio."""
_OLE = b"\xd0\xcf\x11\xe0"
_EXACT = 2**53
"""From it on, a number in a workbook has lost digits when it is read as a float."""
_SAMPLE_ROWS = 200
"""Rows by whose text a conversion is detected."""
Cell = int | float | str | bool | datetime.date | datetime.time | datetime.datetime | datetime.timedelta


@contextmanager
def open_workbook(file: IO[bytes], body_format: BodyFormat, limits: Limits, is_header: IsHeader) -> Generator[Tables]:
    """`file` must be one on disk: the workbook is opened by its path."""
    _check(file, limits)
    try:
        with _open(_path(file)) as book, zipfile.ZipFile(file) as archive:
            parts, styles = xlsx_parts.sheet_parts(archive), xlsx_parts.padded_styles(archive)
            reader = _Book(book, archive, parts, styles, body_format, limits, is_header, Detected(Format.XLSX))
            yield Tables(reader.tables(), reader.detected)
    except (CalamineError, BadPart) as error:
        raise InvalidInput(
            f"The file cannot be read as an XLSX workbook: {type(error).__name__} {shown(error)}"
        ) from None


def _path(file: IO[bytes]) -> str:
    """The path of a file that may have no name."""
    return f"/dev/fd/{file.fileno()}"


class _Row(NamedTuple):
    texts: list[str]
    hidden: bool


@dataclass(frozen=True, slots=True)
class _Book:
    book: CalamineWorkbook
    archive: zipfile.ZipFile
    parts: Mapping[str, str]
    """The part of each sheet."""
    styles: Mapping[int, str]
    """The styles that pad numbers with zeros."""
    body_format: BodyFormat
    limits: Limits
    is_header: IsHeader
    detected: Detected

    def tables(self) -> Iterator[Table]:
        """The sheets to read; of a workbook without a header the first one that has data, for the message."""
        found, left_out = False, dict[str, str]()
        for name in self._names():
            if found and not self.body_format.all_sheets:
                left_out[name] = "name it, or ask for all sheets, to read it too"
            elif (table := self._table(name)) is not None:
                header = find_header(table.start, self.is_header)
                if header is None or not self.is_header(header.names):
                    left_out[name] = "no column is named for a phone number"
                    continue
                found = True
                yield table
        first = next(iter(left_out), None)
        table = None if found or first is None else self._table(first)
        if not found and table is None:
            raise InvalidInput("The workbook has no sheet with data")
        for name, reason in (left_out | self._hidden()).items():
            if found or name != first:
                self._leave_out(name, reason)
        if table is not None:
            yield table

    def _hidden(self) -> dict[str, str]:
        """The hidden sheets, with the reason why they are not read; none when a sheet was named."""
        if self.body_format.sheet is not None:
            return {}
        sheets = [sheet for sheet in self.book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        return {sheet.name: HIDDEN for sheet in sheets if sheet.visible != SheetVisibleEnum.Visible}

    def _leave_out(self, name: str, reason: str) -> None:
        part = self.parts.get(name)
        rows = 0 if part is None else xlsx_parts.rows_in(self.archive, part)
        if rows:
            self.detected.left_out.append(LeftOut(name[:NAME_SHOWN], rows, reason))

    def _names(self) -> list[str]:
        """The sheets that may be read: the one that was named, else those that are visible."""
        sheets = [sheet for sheet in self.book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        wanted = self.body_format.sheet
        if wanted is None:
            return [sheet.name for sheet in sheets if sheet.visible == SheetVisibleEnum.Visible]
        names = [sheet.name for sheet in sheets]
        if wanted in names:
            return [wanted]
        same = [name for name in names if as_seen(name).casefold() == as_seen(wanted).casefold()]
        if len(same) == 1:
            return same
        if wanted.isascii() and wanted.isdigit() and 0 < int(wanted) <= len(names):
            return [names[int(wanted) - 1]]
        has = ", ".join(shown(name)[:30] for name in names[:10])
        raise InvalidInput(f"The workbook has no sheet {shown(wanted)}: it has {has}")

    def _table(self, name: str) -> Table | None:
        """A sheet; None when it is empty."""
        sheet = self.book.get_sheet_by_name(name)
        if not sheet.height:
            return None
        if sheet.width > self.limits.columns:
            raise InvalidInput(f"Sheet {shown(name)} has {sheet.width} columns: at most {self.limits.columns} are read")
        rows, hidden = self._converted(self._with_marks(sheet)), HiddenRows()
        start = list(islice(rows, HEADER_WITHIN))

        def rest(first: Batch, _: int, __: Sequence[int] | None = None, /) -> Iterator[Batch | Plain]:
            visible = self._visible(chain(start[len(start) - len(first) :], rows), hidden)
            return batches(lambda: list(islice(visible, self.limits.chunk_rows)))

        return Table(
            [row.texts for row in start],
            rest,
            f"sheet {shown(name)}",
            f"Sheet {shown(name)} has nothing in its first {HEADER_WITHIN} rows",
            lambda at: at + 1,
            lambda: True,
            name,
            hidden,
        )

    def _visible(self, rows: Iterator[_Row], counts: HiddenRows) -> Iterator[list[str]]:
        """The texts of the rows; those that are hidden are counted, or left out."""
        for row in rows:
            if row.hidden and any(row.texts):
                if self.body_format.skip_hidden:
                    counts.skipped += 1
                    continue
                counts.read += 1
            yield row.texts

    def _converted(self, rows: Iterator[_Row]) -> Iterator[_Row]:
        """The rows in Unicode, where their text is written for fonts from before it."""
        start = list(islice(rows, _SAMPLE_ROWS))
        conversion = self.body_format.charset
        if conversion is None:
            conversion = written_in(" ".join(chain.from_iterable(row.texts for row in start)))
        whole = chain(start, rows)
        if conversion not in CONVERSIONS:
            return whole
        self.detected.encoding = NAMES[conversion]
        convert = CONVERSIONS[conversion]
        return (_Row([text if text.isascii() else convert(text) for text in row.texts], row.hidden) for row in whole)

    def _with_marks(self, sheet: CalamineSheet) -> Iterator[_Row]:
        """The rows as texts, with what calamine does not show."""
        part = self.parts.get(sheet.name)
        longest = self.limits.cell_chars
        marks: Iterator[Marks] = iter(())
        if part is not None and xlsx_parts.has_marks(self.archive, part, self.styles):
            marks, part = xlsx_parts.marks_of(self.archive, part, self.styles), None
        mark = next(marks, None)
        for number, row in enumerate(sheet.iter_rows(), 1):
            if part is not None and any(type(cell) is float and abs(cell) >= _EXACT for cell in row):
                marks, part = xlsx_parts.marks_of(self.archive, part, self.styles), None
                mark = next((mark for mark in marks if mark.row >= number), None)
            texts = [cell if type(cell) is str else _text(cell) for cell in row]
            hidden = False
            if mark is not None and mark.row == number:
                hidden = mark.hidden
                for at, text in mark.texts.items():
                    if at < len(texts):
                        texts[at] = text
                mark = next(marks, None)
            if max(map(len, texts)) > longest:
                raise InvalidInput(f"Row {number} has a cell of more than {self.limits.cell_chars} characters")
            yield _Row(texts, hidden)


def _check(file: IO[bytes], limits: Limits) -> None:
    """Check the ZIP central directory: refuse what is not an XLSX workbook, or decompresses to more than the limits."""
    if file.read(4) == _OLE:
        raise InvalidInput("The workbook is encrypted or of the old XLS format: save it as XLSX without a password")
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
        raise InvalidInput(f"The file is not an XLSX workbook, or is truncated: {shown(error)}") from None
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise InvalidInput("The file is a ZIP archive, but not an XLSX workbook: it has no xl/workbook.xml")
    if any(part.flag_bits & 1 for part in parts):
        raise InvalidInput("The workbook is encrypted: save it without a password")
    size = sum(part.file_size for part in parts)
    if size > limits.uncompressed_mb * 1024 * 1024:
        raise InvalidInput(f"The workbook unpacks to more than {limits.uncompressed_mb} MB")
    for part in parts:
        if part.file_size > _SMALL and part.file_size > MAX_RATIO * part.compress_size:
            raise InvalidInput(
                f"The workbook's entry {shown(part.filename)} has a compression ratio above {MAX_RATIO}:1, "
                "which no contact file has"
            )


# Its annotation leaves open what a path may be.
_open: Callable[[str], CalamineWorkbook] = cast("Any", CalamineWorkbook).from_path


def _text(cell: Cell) -> str:
    """The text that Excel saves as CSV, but for numbers without rounding and dates in ISO 8601."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _EXACT:
        return str(int(cell))
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ")
    return str(cell)
