"""`BodyFormat`: file format and character set of a body, as declared by the client."""

from dataclasses import dataclass
from enum import StrEnum


class Format(StrEnum):
    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True, slots=True)
class BodyFormat:
    format: Format
    charset: str | None = None
    """Python's name of the codec, or a conversion (encodings/legacy_vietnamese.py); None: detect it."""
    sheet: str | None = None
    """The sheet of a workbook that is read, by name or number from 1; None: the first that has a header."""
    all_sheets: bool = False
    skip_hidden: bool = False
    """Whether rows that a workbook hides are left out."""
    uses: tuple[tuple[str, str], ...] = ()
    """Headings of columns whose uses the client names, and these uses, which are not detected then."""
