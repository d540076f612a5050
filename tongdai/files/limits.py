"""Limits of a file."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    chunk_rows: int
    columns: int = 1000
    cell_kb: int = 128
    """Length of one cell, in 1024 characters."""
    unpacked_mb: int = 2048
    """Size that the parts of a workbook may unpack to."""
    memory_mb: int = 1024
    """Memory of a reader's process."""
