"""A reader's findings about a file: what was read, how it was understood, what was left out. Stored with the job.

Names are those of the wire in camel case. What the columns of a table are used for is for the reader of a kind of file
to say.
"""

from enum import StrEnum

import msgspec

from tongdai.errors import InvalidInput, shown

NAME_SHOWN = 100
"""Characters of the name of a column or sheet."""


class Use(StrEnum):
    """The purpose of a column. Fields of contacts and of do-not-call entries are named as on the wire."""

    PHONE = "phoneNumber"
    TIME_ZONE = "timeZone"
    COUNTRY = "country"
    ATTRIBUTE = "attribute"
    IGNORED = "ignored"


class DetectedColumn(msgspec.Struct, rename="camel"):
    column: str
    """Its name in the header, or `column 4`."""
    use: str
    """A Use, or the name of a field."""
    numbers: int | None = None
    """Rows whose number was taken from it, where the table has several columns of numbers."""
    left_empty: int = 0
    """Cells with an error such as #N/A, or a formula without a result."""


class DetectedTable(msgspec.Struct, rename="camel"):
    sheet: str | None
    """None: the file has no sheets."""
    header_row: int | None
    """The row or line of the header, from 1; the last one of a header of several rows. None: the table has none."""
    columns: list[DetectedColumn]
    """Its columns, from left to right."""
    rows: int = 0
    """Rows below the header that are not blank."""
    hidden_rows: int = 0
    """Rows that the workbook hides, as a filter does; they are among `rows` unless they were to be skipped."""


class LeftOut(msgspec.Struct, rename="camel"):
    """A sheet that was not read."""

    sheet: str
    """Its name."""
    rows: int
    """Its rows, the header among them."""
    reason: str
    """Why it was not read."""


class Detected(msgspec.Struct, rename="camel"):
    format: str
    """Kind of file, such as `csv` or `xlsx`."""
    encoding: str | None = None
    """None: the format has only one."""
    encoding_doubt: str | None = None
    """Why another encoding may be the right one, which `encoding` then names; None: no doubt."""
    separator: str | None = None
    """Separator of the cells of CSV; None: the format has none."""
    tables: list[DetectedTable] = msgspec.field(default_factory=list[DetectedTable])
    """Tables that were read: one, or a table for each sheet."""
    left_out: list[LeftOut] = msgspec.field(default_factory=list[LeftOut])
    """Sheets that were not read."""
    skipped_hidden_rows: int = 0
    """Hidden rows that were not read, as was asked."""
    notes: list[str] = msgspec.field(default_factory=list[str])
    """Sentences for a person about what they may not expect."""


HIDDEN = "it is hidden: name it to read it"
"""The reason of a sheet that the workbook hides."""
_SHEETS_SHOWN = 5
FAILED_COLUMNS = ("failedRow", "failedCode", "failedReason")
"""The columns that a file of failed rows has beside those of the file that was sent; they are not read."""


def refuse_others(detected: Detected) -> None:
    """InvalidInput for a workbook with rows in several visible sheets, for a reader of one that must miss none."""
    others = [shown(sheet.sheet) for sheet in detected.left_out if sheet.reason != HIDDEN]
    if others:
        named = ", ".join(others[:_SHEETS_SHOWN])
        raise InvalidInput(f"Other sheets of the workbook have rows too: {named}. Send each as a file")


def column_name(at: int) -> str:
    """Name a column that its header leaves empty, or does not have."""
    return f"column {at + 1}"
