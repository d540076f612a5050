"""Parses parameters of query strings strictly: a repeated one is an error."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import msgspec

from tongdai import ids
from tongdai.errors import InvalidInput, shown
from tongdai.http.endpoint import Query

K = TypeVar("K")

DEFAULT_SIZE = 20
MAX_SIZE = 1000


@dataclass(frozen=True, slots=True)
class Page:
    number: int
    """Page number, from 0."""
    size: int

    @property
    def offset(self) -> int:
        return self.number * self.size


FIRST_PAGE = Page(0, DEFAULT_SIZE)

PAGE_QUERY = (
    Query("page", "Page, from 0", {"type": "integer", "minimum": 0, "default": 0}, 0),
    Query(
        "size",
        "Records a page",
        {"type": "integer", "minimum": 1, "maximum": MAX_SIZE, "default": DEFAULT_SIZE},
        DEFAULT_SIZE,
    ),
)


def single(query: dict[str, list[str]], name: str) -> str | None:
    """The value of a parameter that may be given once; an empty value counts."""
    values = query.get(name)
    if values is None:
        return None
    if len(values) > 1:
        raise InvalidInput(f"{name} is given {len(values)} times: expected once")
    return values[0]


def whole(query: dict[str, list[str]], name: str, default: int, low: int, high: int | None = None) -> int:
    """A parameter of ASCII digits only, from `low` to `high`."""
    text = single(query, name)
    if text is None:
        return default
    span = f"{low} to {high}" if high is not None else f"{low} or more"
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        raise InvalidInput(f"{name} must be a whole number, {span}, not {shown(text)!r}")
    value = int(text)
    if value < low or (high is not None and value > high):
        raise InvalidInput(f"{name} must be {span}, not {value}")
    return value


def optional_id(query: dict[str, list[str]], name: str, kind: Callable[[int], K]) -> K | None:
    """A parameter that is an id of that kind."""
    text = single(query, name)
    return None if text is None else kind(ids.from_query(name, text))


def optional_instant(query: dict[str, list[str]], name: str) -> datetime | None:
    """Parse a parameter that is an instant, to UTC. In a query an unescaped `+` is a space."""
    text = single(query, name)
    if text is None:
        return None
    try:
        return _aware(text.replace(" ", "+")).astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        raise InvalidInput(
            f"{name} must be an instant such as 2026-03-10T02:00:00Z or 2026-03-10T09:00:00+07:00, not {shown(text)!r}"
        ) from None


def _aware(text: str) -> datetime:
    return msgspec.convert(text, Annotated[datetime, msgspec.Meta(tz=True)])


def page_of(query: dict[str, list[str]], size_name: str = "size") -> Page:
    """The requested page; `size_name` is `limit` where the vendor names the parameter so."""
    if not query:
        return FIRST_PAGE
    page = Page(whole(query, "page", 0, 0), whole(query, size_name, DEFAULT_SIZE, 1, MAX_SIZE))
    if page.offset >= 2**63:
        raise InvalidInput(f"page is too large: page times {size_name} must be below 2^63")
    return page
