"""Rows of cells, whatever the format."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tongdai.files.detected import Detected

Batch = list[list[str]]
"""Rows of cells."""


@dataclass(frozen=True, slots=True)
class Plain:
    """Rows by columns, each with all cells."""

    cells: list[list[str]]


@dataclass(slots=True)
class HiddenRows:
    """Rows with anything in them that a workbook hides, as they are read."""

    read: int = 0
    skipped: int = 0


class Rest(Protocol):
    def __call__(self, first: Batch, width: int, numbers: Sequence[int] | None = None, /) -> Iterator[Batch | Plain]:
        """All rows in batches: the last ones of the start, as given, then those after it.

        `width` is that of the header, `numbers` are the columns that may have phone numbers (None: any).
        """
        ...


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first rows are read."""

    start: Batch
    """The first HEADER_WITHIN rows, or all."""
    rest: Rest
    where: str
    """Where the header stands, for messages."""
    empty: str
    """The message when no row of `start` has anything in it."""
    row_number: Callable[[int], int]
    """The row of the sheet, or line of the file, that a row of `start` is in, from 1."""
    is_odd: Callable[[], bool]
    """Whether the rows read so far may have odd characters (cells.py)."""
    sheet: str | None = None
    hidden: HiddenRows = field(default_factory=HiddenRows)


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a file."""

    tables: Iterator[Table]
    """At least one, each to be read before the next."""
    detected: Detected
    """The findings about the file, without the tables; complete when they are read."""


def all_rows(batches: Iterator[Batch | Plain]) -> Iterator[Sequence[str]]:
    """The rows one by one."""
    for batch in batches:
        yield from zip(*batch.cells, strict=True) if isinstance(batch, Plain) else batch


def batches(take: Callable[[], Batch]) -> Iterator[Batch]:
    """Rows that `take` gets some of at a time, none at the end."""
    while rows := take():
        yield rows
