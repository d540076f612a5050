"""Limits of a file."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a reader's process needs none
    from tongdai.settings.declarations import Settings


@dataclass(frozen=True, slots=True)
class Limits:
    chunk_rows: int
    columns: int = 1000
    cell_chars: int = 131_072
    """Characters of a cell."""
    uncompressed_mb: int = 2048
    """Size of all parts of a workbook, decompressed."""
    memory_mb: int = 1024
    """Memory of a reader's process."""


def limits_of(settings: "Settings") -> Limits:
    """The limits of files that clients send."""
    return Limits(
        settings.import_chunk_rows,
        settings.import_columns,
        settings.import_cell_chars,
        settings.max_upload_mb,
        settings.import_reader_mb,
    )
