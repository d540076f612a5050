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
    """Python's name of the codec; None: detect it."""
