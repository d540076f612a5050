"""Any format → chunks, within limits."""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import IO

from tongdai.files.body_format import BodyFormat, Format
from tongdai.files.detected import Detected
from tongdai.files.limits import Limits
from tongdai.imports.chunk import Chunk
from tongdai.imports.readers.prepare import prepared
from tongdai.imports.readers.sent_rows import SentRows

Reading = Generator[SentRows, None, "Totals"]
"""Some rows at a time as they are read; returns what is known at the end. Raises InvalidInput, naming the place: the
rows that came before it must then be dropped."""
Chunks = Generator[Chunk, None, "Totals"]
"""Likewise, as chunks to store."""


@dataclass(frozen=True, slots=True)
class Totals:
    """The values that a body has beside its rows."""

    total_rows: int
    list_name: str | None = None
    detected: Detected = field(default_factory=lambda: Detected(""), compare=False)
    headings: list[list[str]] | None = field(default=None, compare=False)
    """The header of each table as the file has it; None: the rows are JSON."""


def read(file: IO[bytes], body_format: BodyFormat, limits: Limits, country: str, *, updates: bool = False) -> Chunks:
    """Read a file from its beginning into chunks; numbers are read in `country`, `updates` is as in `prepared`."""
    reading, rows = read_rows(file, body_format, limits), 0
    while True:
        try:
            sent = next(reading)
        except StopIteration as end:
            return end.value
        rows += len(sent)
        yield from prepared(sent, country, rows, updates=updates)


def read_rows(file: IO[bytes], body_format: BodyFormat, limits: Limits) -> Reading:
    """Read a file from its beginning, as it says it."""
    file.seek(0)
    # Each is imported when it is used: a reader's process uses one.
    match body_format.format:
        case Format.JSON:
            from tongdai.imports.readers.formats.from_json import read_json  # noqa: PLC0415

            return read_json(file, limits)
        case Format.NDJSON:
            from tongdai.imports.readers.formats.from_ndjson import read_ndjson  # noqa: PLC0415

            return read_ndjson(file, limits)
        case Format.CSV | Format.XLSX:
            from tongdai.imports.readers.formats.table import read_table  # noqa: PLC0415

            return read_table(file, body_format, limits)
