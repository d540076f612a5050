"""The format and character set of a body, as its sender says."""

from dataclasses import dataclass
from enum import StrEnum


class Format(StrEnum):
    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True, slots=True)
class Source:
    format: Format
    charset: str | None = None
    """Python's name of the codec; None when it is to be found out."""
