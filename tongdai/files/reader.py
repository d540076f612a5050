"""Any file of rows of cells → a table."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import IO

from tongdai.files.body_format import BodyFormat, Format
from tongdai.files.limits import Limits
from tongdai.files.table import IsHeader, Table


@contextmanager
def open_table(file: IO[bytes], body_format: BodyFormat, limits: Limits, is_header: IsHeader) -> Generator[Table]:
    """The rows of a CSV file or a workbook, from its beginning. InvalidInput, naming the place, where it is none."""
    file.seek(0)
    # Each is imported when it is used: a reader's process uses one.
    if body_format.format is Format.XLSX:
        from tongdai.files.from_xlsx import open_xlsx  # noqa: PLC0415

        with open_xlsx(file, limits) as table:
            yield table
    else:
        assert body_format.format is Format.CSV
        from tongdai.files.from_csv import read_csv  # noqa: PLC0415

        yield read_csv(file, body_format.charset, limits, is_header)
