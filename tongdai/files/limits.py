"""Limits of a file."""

from dataclasses import dataclass


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
