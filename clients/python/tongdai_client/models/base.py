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
    """One page of a list."""

    total_record: int
    """The number of records on all pages."""
    data: list[T]


class Done(Result, frozen=True, kw_only=True):
    """A change that was made."""

    message: str = msgspec.field(name="error_message")
    """A description of it in English."""
