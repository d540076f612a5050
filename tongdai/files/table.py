"""Rows of cells, whatever the format, and which of them is the header."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

Batch = list[list[str]]
"""Rows of cells."""


@dataclass(frozen=True, slots=True)
class Plain:
    """Rows by columns, each with all cells."""

    cells: list[list[str]]


@dataclass(frozen=True, slots=True)
class Table:
    """A file whose first rows are read."""

    start: Batch
    """The first HEADER_WITHIN rows, or all."""
    rest: Callable[[Batch, int], Iterator[Batch | Plain]]
    """All rows in batches: the given ones of `start`, then those after it. The number is the width of the header."""
    where: str
    """Where the header stands, for messages."""
    empty: str
    """The message when no row of `start` has anything in it."""


IsHeader = Callable[[Sequence[str]], bool]
"""Whether cells name the columns of such a file. InvalidInput when they name one twice."""

HEADER_WITHIN = 10
"""Rows: titles may stand above the header."""


def header_row(rows: Sequence[Sequence[str]], is_header: IsHeader) -> int | None:
    """Which row is the header: the first that has two cells or names the columns. None when all are empty."""
    first = None
    for at, row in enumerate(rows[:HEADER_WITHIN]):
        filled = [cell for cell in row if cell.strip()]
        if len(filled) > 1 or (filled and is_header(filled)):
            return at
        if filled and first is None:
            first = at
    return first


def batches(first: Batch, take: Callable[[int], Batch], size: int) -> Iterator[Batch]:
    """Rows of which `first` are there and `take` gets so many more, or fewer at the end, `size` at a time."""
    while len(first) > size:
        yield first[:size]
        first = first[size:]
    batch = first + take(size - len(first))
    while batch:
        yield batch
        batch = take(size)
