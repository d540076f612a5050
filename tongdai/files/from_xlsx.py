"""XLSX: reads the first visible sheet that has data, as if it had been saved as CSV.

The ZIP central directory is checked before calamine opens the workbook: encrypted and truncated files are refused, and
so are decompression bombs. The sizes in the directory can be forged; the reader's process therefore has a memory limit
(`Limits.memory_mb`, readers/__main__.py). Formulas are not evaluated: the value that the workbook stores is read.
"""

import datetime
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import IO, Any, cast

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from tongdai.errors import InvalidInput, shown
from tongdai.files.limits import Limits
from tongdai.files.table import HEADER_WITHIN, Batch, Plain, Table, batches

MAX_RATIO = 200
"""Maximum compression ratio of an entry. Entries of contact files have ratios of up to 50."""
_SMALL = 16 * 1024 * 1024
"""Bytes; the ratio of smaller entries is not checked."""
_OLE = b"\xd0\xcf\x11\xe0"
_EXACT = 10**15
"""From here on, the last digits of a number in a workbook are lost."""


@contextmanager
def open_xlsx(file: IO[bytes], limits: Limits) -> Generator[Table]:
    """`file` must be one on disk: the workbook is opened by its path."""
    _check(file, limits)
    try:
        with _open(_path(file)) as book:
            yield _first_sheet(book, limits)
    except CalamineError as error:
        raise InvalidInput(
            f"The file cannot be read as an XLSX workbook: {type(error).__name__} {shown(error)}"
        ) from None


def _path(file: IO[bytes]) -> str:
    """The path of a file that may have no name."""
    return f"/dev/fd/{file.fileno()}"


def _first_sheet(book: CalamineWorkbook, limits: Limits) -> Table:
    sheet = _first_with_data(book)
    if sheet is None:
        raise InvalidInput("The workbook has no sheet with data")
    if sheet.width > limits.columns:
        raise InvalidInput(f"Sheet {shown(sheet.name)} has {sheet.width} columns: at most {limits.columns} are read")
    rows = _texts(sheet.iter_rows(), limits)

    def rest(first: Batch, _: int) -> Iterator[Batch | Plain]:
        return batches(first, lambda count: list(islice(rows, count)), limits.chunk_rows)

    name = shown(sheet.name)
    empty = f"Sheet {name} has nothing in its first {HEADER_WITHIN} rows"
    return Table(list(islice(rows, HEADER_WITHIN)), rest, f"sheet {name}", empty)


def _check(file: IO[bytes], limits: Limits) -> None:
    """Check the ZIP central directory: refuse what is not an XLSX workbook, or would unpack to more than the limits."""
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
    unpacked = sum(part.file_size for part in parts)
    if unpacked > limits.unpacked_mb * 1024 * 1024:
        raise InvalidInput(f"The workbook unpacks to more than {limits.unpacked_mb} MB")
    for part in parts:
        if part.file_size > _SMALL and part.file_size > MAX_RATIO * part.compress_size:
            raise InvalidInput(
                f"The workbook's entry {shown(part.filename)} has a compression ratio above {MAX_RATIO}:1, "
                "which no contact file has"
            )


def _first_with_data(book: CalamineWorkbook) -> CalamineSheet | None:
    """Find the first sheet with data; hidden ones do not count."""
    for sheet in book.sheets_metadata:
        if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible:
            found = book.get_sheet_by_name(sheet.name)
            if found.height:
                return found
    return None


# Its annotation leaves open what a path may be.
_open: Callable[[str], CalamineWorkbook] = cast("Any", CalamineWorkbook).from_path
Cell = int | float | str | bool | datetime.date | datetime.time | datetime.datetime | datetime.timedelta


def _texts(rows: Iterable[list[Cell]], limits: Limits) -> Iterator[list[str]]:
    longest = limits.cell_kb * 1024
    for number, row in enumerate(rows, 1):
        texts = [cell if type(cell) is str else _text(cell) for cell in row]
        if max(map(len, texts)) > longest:
            raise InvalidInput(f"Row {number} has a cell of more than {limits.cell_kb} K characters")
        yield texts


def _text(cell: Cell) -> str:
    """The text that Excel saves as CSV, but for numbers without rounding and dates in ISO 8601."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _EXACT:
        return str(int(cell))
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ")
    return str(cell)
