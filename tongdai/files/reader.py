"""Any file of rows of cells → its tables."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import IO

from tongdai.files.body_format import BodyFormat, Format
from tongdai.files.header import IsHeader
from tongdai.files.limits import Limits
from tongdai.files.table import Table, Tables


@contextmanager
def open_tables(file: IO[bytes], body_format: BodyFormat, limits: Limits, is_header: IsHeader) -> Generator[Tables]:
    """The tables of a CSV file or a workbook that are wanted. InvalidInput, naming the place, where it is none."""
    file.seek(0)
    # Each is imported when it is used: a reader's process uses one.
    if body_format.format is Format.XLSX:
        from tongdai.files.xlsx.workbook import open_workbook  # noqa: PLC0415

        with open_workbook(file, body_format, limits, is_header) as tables:
            yield tables
    else:
        assert body_format.format is Format.CSV
        from tongdai.files.from_csv import read_csv  # noqa: PLC0415

        yield read_csv(file, body_format.charset, limits, is_header)


@contextmanager
def open_table(file: IO[bytes], body_format: BodyFormat, limits: Limits, is_header: IsHeader) -> Generator[Table]:
    """The first of the tables."""
    with open_tables(file, body_format, limits, is_header) as tables:
        yield next(tables.tables)
