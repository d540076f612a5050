"""A call: one request that is not sent yet, and how its answer is read. No I/O."""

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import msgspec

from tongdai.client.errors import UnexpectedAnswer
from tongdai.client.model import Page
from tongdai.client.uploads import Upload

T = TypeVar("T")
Query = Mapping[str, str | int | bool | None]
PAGE_SIZE = 1000
MAX_KEY = 255

_NAMED = re.compile(r"\{(\w+)\}")
_TEXTS = {"phoneNumber": re.compile(r"[^/]*[0-9][^/]*"), "callId": re.compile(r"[0-9a-fA-F-]{32,36}")}
"""What stands in a path and is no number: any other text would let the path be another one."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request to one of the server's routes, with all that makes each of its tries the same."""

    method: str
    template: str
    """The route's path as documented: `/campaigns/{id}/contact-lists`."""
    ids: tuple[int | str, ...]
    """What stands in its braces: ids, and what is written as people write it."""
    answer: Any
    """The type of the answer's body."""
    query: Query = field(default_factory=dict[str, str])
    body: Any = None
    """What is sent as JSON; an Upload is sent as it is."""
    idempotency_key: str | None = None
    accept: str = "application/json"
    read_timeout_s: float | None = None
    """How long an answer may let wait, where the client's own timeout is too short for it."""
    complete: Callable[[Any], Any] | None = None
    """Adds what the answer does not repeat of the request."""

    @property
    def path(self) -> str:
        parts, ids = self.template.split("/"), iter(self.ids)
        return "/".join(quote(str(next(ids)), safe="+") if part.startswith("{") else part for part in parts)

    @property
    def parameters(self) -> dict[str, str]:
        """The query as it is written; what is None is not sent."""
        return {name: _written(value) for name, value in self.query.items() if value is not None}

    def read(self, body: bytes) -> T:
        """The result, of the body of a 200."""
        try:
            # Not strict: where the wire has a number as text, it becomes a number.
            result: T = msgspec.json.decode(body, type=self.answer, strict=False)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UnexpectedAnswer(f"{self.method} {self.path}: the answer cannot be read: {error}") from None
        return result if self.complete is None else self.complete(result)


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A list of records that the server gives by pages."""

    first: Call[Page[T]]
    size_name: str = "size"

    def page(self, number: int, size: int | None = None) -> Call[Page[T]]:
        """The call for a page, counted from 0."""
        query = {**self.first.query, "page": number} | ({} if size is None else {self.size_name: size})
        return replace(self.first, query=query)

    def ends_with(self, page: Page[T], seen: int) -> bool:
        """Whether a page is the last, when with it `seen` pages were read."""
        return not page.data or seen * int(self.first.query[self.size_name] or 1) >= page.total_record


def listing(
    template: str, ids: tuple[int | str, ...], record: type[T], page_size: int, query: Query, size_name: str = "size"
) -> Listing[T]:
    if not 1 <= page_size <= PAGE_SIZE:
        raise ValueError(f"page_size must be 1 to {PAGE_SIZE}, not {page_size}")
    first: Call[Page[T]] = call("GET", template, ids, Page[record], {**query, "page": 0, size_name: page_size})
    return Listing(first, size_name)


def call(
    method: str,
    template: str,
    ids: tuple[int | str, ...],
    answer: Any,
    query: Query | None = None,
    body: Any = None,
    idempotency_key: str | None = None,
    complete: Callable[[Any], Any] | None = None,
) -> Call[Any]:
    """A call; a POST gets an idempotency key of its own unless the caller gives one."""
    for name, value in zip(_NAMED.findall(template), ids, strict=True):
        if name in _TEXTS:
            if not (isinstance(value, str) and _TEXTS[name].fullmatch(value)):
                raise ValueError(f"that is no {name}: {value!r}")
        elif type(value) is not int or value <= 0:
            raise ValueError(f"an id must be a whole number above 0, not {value!r}")
    if method == "POST":
        idempotency_key = _checked(idempotency_key) if idempotency_key is not None else uuid.uuid4().hex
    return Call(method, template, ids, answer, query or {}, body, idempotency_key, complete=complete)


def sent(**fields: object) -> dict[str, object]:
    """A body of those fields that are not UNSET."""
    return {name: value for name, value in fields.items() if value is not msgspec.UNSET}


def present(**fields: object) -> dict[str, object]:
    """A body of those fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def encoded(call: Call[Any]) -> bytes | Upload | None:
    """The body as it is sent."""
    if call.body is None or isinstance(call.body, Upload):
        return call.body
    return msgspec.json.encode(call.body)


def _checked(key: str) -> str:
    if not (0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable() and key == key.strip()):
        raise ValueError(f"idempotency_key must have 1 to {MAX_KEY} printable ASCII characters")
    return key


def _written(value: str | int | bool | None) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
