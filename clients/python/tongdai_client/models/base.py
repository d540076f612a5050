"""Base classes of what operations return.

Results are immutable. Their attributes are the wire's names in snake_case; the vendor's own names stop here.
"""

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")
Scalar = str | int | float | bool | None


class Result(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A decoded response. Unknown fields are ignored, so that this version understands a newer server."""


class Page(Result, Generic[T], frozen=True, kw_only=True):
    """A part of a list: one of its numbered pages, or the records from a cursor on."""

    total_record: int | None = None
    """The number of records on all pages; None if it was read from a cursor on."""
    next_cursor: str | None = None
    """Where the list continues; None at its end, and of a numbered page."""
    data: list[T]


class ChangedPage(Page[T], Generic[T], frozen=True, kw_only=True):
    """A part of what changed."""

    resume_cursor: str | None = None
    """The cursor to read with, later, what changes from here on."""
    deleted: list[int] = []
    """The ids of records that are gone."""


class Done(Result, frozen=True, kw_only=True):
    """A change that was made."""

    message: str = msgspec.field(name="error_message")
    """A description of it in English."""
