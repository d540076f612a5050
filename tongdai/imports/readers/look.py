"""A look at the beginning of a file: its columns, what each would be used for, and what the first rows have in them.

Unlike the reading for an import, it is no failure when no column is known as one of phone numbers: the look is there so
that a person can say which one is.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import IO

import msgspec

from tongdai.files.cells import clean
from tongdai.files.detected import NAME_SHOWN, LeftOut
from tongdai.files.limits import Limits
from tongdai.files.reader import open_tables
from tongdai.files.table import all_rows
from tongdai.imports.readers import BodyFormat
from tongdai.imports.readers.formats.given_uses import GivenUses
from tongdai.imports.readers.formats.header import find_columns
from tongdai.imports.readers.formats.table import header_of, names_contacts

SAMPLES = 3
"""Values that are shown of a column."""
SAMPLE_SHOWN = 60
"""Characters of such a value."""
_WITHIN = 100
"""Rows below the header that are looked at."""


class LookedColumn(msgspec.Struct, rename="camel"):
    column: str
    """Its name in the header, or `column 4`."""
    use: str
    """Use that an import would make of it."""
    samples: list[str]
    """Up to 3 different values of the first rows, each of at most 60 characters."""


class LookedTable(msgspec.Struct, rename="camel"):
    sheet: str | None
    """Null: the file has no sheets."""
    header_row: int
    """The row or line of the header, from 1."""
    columns: list[LookedColumn]
    """Its columns, from left to right."""


class Looked(msgspec.Struct, rename="camel"):
    format: str
    """Kind of file: `csv` or `xlsx`."""
    encoding: str | None
    """Null: the format has only one."""
    encoding_doubt: str | None
    """Why another encoding may be the right one; null: no doubt."""
    separator: str | None
    """Separator of the cells of CSV; null: the format has none."""
    tables: list[LookedTable]
    """The table, or those of all sheets that an import would read."""
    left_out: list[LeftOut]
    """Sheets that it would not read."""


def look(file: IO[bytes], body_format: BodyFormat, limits: Limits) -> Looked:
    """Look at a CSV file or a workbook. InvalidInput, naming the place, where it is none."""
    given, found = GivenUses(body_format.uses), list[LookedTable]()
    with open_tables(file, body_format, limits, lambda cells: names_contacts(cells) or given.names(cells)) as opened:
        for table in opened.tables:
            header = header_of(table, given)
            given.seen(header.names)
            columns = find_columns(header.names, given, any_kind=True)
            assert columns is not None
            rows = islice(all_rows(table.rest(table.start[header.last + 1 :], columns.width, ())), _WITHIN)
            sheet = None if table.sheet is None else table.sheet[:NAME_SHOWN]
            samples = _samples(rows, columns.width)
            of = [
                LookedColumn(column.column, column.use, own)
                for column, own in zip(columns.detected(), samples, strict=True)
            ]
            found.append(LookedTable(sheet, table.row_number(header.last), of))
        detected = opened.detected
        given.require_seen([column.column for column in found[-1].columns] if found else ())
    return Looked(
        detected.format, detected.encoding, detected.encoding_doubt, detected.separator, found, detected.left_out
    )


def _samples(rows: Iterable[Sequence[str]], width: int) -> list[list[str]]:
    """The first different values of each column."""
    found: list[list[str]] = [[] for _ in range(width)]
    for row in rows:
        for own, cell in zip(found, row, strict=False):
            if len(own) < SAMPLES:
                text = clean(cell)[:SAMPLE_SHOWN]
                if text and text not in own:
                    own.append(text)
        if all(len(own) == SAMPLES for own in found):
            break
    return found
