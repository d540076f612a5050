"""Operation: a request that has not been sent yet, and how its response is read. No I/O."""

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote
from uuid import UUID

import msgspec

from tongdai_client.errors import UnexpectedAnswer
from tongdai_client.models.base import ChangedPage, Done, Page
from tongdai_client.upload import Upload

T = TypeVar("T")
Query = Mapping[str, str | int | bool | None]
PAGE_SIZE = 1000
MAX_IDEMPOTENCY_KEY = 255

_PARAMETER = re.compile(r"\{(\w+)\}")
_UUID = re.compile(r"[0-9a-fA-F-]{32,36}")
_TEXT_PARAMETERS = {"phoneNumber": re.compile(r"[^/]*[0-9][^/]*"), "callId": _UUID, "callbackId": _UUID}
"""Path parameters that are not numbers. Any other text could change the path."""


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """A request to one route of the server. Every try sends the same request."""

    method: str
    template: str
    """The route's path as documented: `/campaigns/{id}/contact-lists`."""
    path_parameters: tuple[int | str | UUID, ...]
    """The values of the template's parameters, in order."""
    response_type: Any
    """The type of the response's body."""
    query: Query = field(default_factory=dict[str, str])
    body: Any = None
    """Encoded as JSON; an Upload is sent as it is."""
    idempotency_key: str | None = None
    accept: str = "application/json"
    read_timeout_s: float | None = None
    """A timeout for responses that take longer than that of the client."""
    complete: Callable[[Any], Any] | None = None
    """Adds to the result what the response does not repeat of the request."""
    if_gone: T | None = None
    """The result of a deletion that finds nothing to delete, after a try whose answer was lost may have deleted it."""

    @property
    def path(self) -> str:
        parts, values = self.template.split("/"), iter(self.path_parameters)
        return "/".join(quote(str(next(values)), safe="+") if part.startswith("{") else part for part in parts)

    @property
    def query_parameters(self) -> dict[str, str]:
        """The query as it is sent, without parameters that are None."""
        return {name: _encoded(value) for name, value in self.query.items() if value is not None}

    @property
    def content(self) -> bytes | Upload | None:
        """The body as it is sent."""
        if self.body is None or isinstance(self.body, Upload):
            return self.body
        return msgspec.json.encode(self.body)

    def read(self, body: bytes) -> T:
        """Decode the body of a 200 response."""
        try:
            # Not strict: the wire has some numbers as strings.
            result: T = msgspec.json.decode(body, type=self.response_type, strict=False)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UnexpectedAnswer(f"{self.method} {self.path}: invalid response: {error}") from None
        return result if self.complete is None else self.complete(result)


BEGIN = "*"
"""The cursor before the first record."""


@dataclass(frozen=True, slots=True)
class PagedOperation(Generic[T]):
    """A list that the server returns in parts: from a cursor on, or as numbered pages."""

    first: Operation[Page[T]]
    size_parameter: str = "size"
    start: str = BEGIN
    """The cursor at which reading begins."""

    def behind(self, cursor: str) -> Operation[Page[T]]:
        """The request for the part that begins at a cursor."""
        return replace(self.first, query={**self.first.query, "cursor": cursor})

    def page(self, number: int, size: int | None = None) -> Operation[Page[T]]:
        """The request for a page; the first page is 0."""
        query = {**self.first.query, "cursor": None, "page": number}
        return replace(self.first, query=query if size is None else query | {self.size_parameter: size})


def counted(page: Page[Any]) -> int:
    """The number of records of a list, from one of its pages."""
    if page.total_record is None:
        raise UnexpectedAnswer("the server counted no records: expected totalRecord")
    return page.total_record


def operation(
    method: str,
    template: str,
    path_parameters: tuple[int | str | UUID, ...],
    response_type: Any,
    query: Query | None = None,
    body: Any = None,
    idempotency_key: str | None = None,
    complete: Callable[[Any], Any] | None = None,
) -> Operation[Any]:
    """Make an operation. A POST gets a random idempotency key unless the caller gives one."""
    for name, value in zip(_PARAMETER.findall(template), path_parameters, strict=True):
        if name in _TEXT_PARAMETERS:
            if not (isinstance(value, (str, UUID)) and _TEXT_PARAMETERS[name].fullmatch(str(value))):
                raise ValueError(f"invalid {name}: {value!r}")
        elif type(value) is not int or value <= 0:
            raise ValueError(f"an id must be a positive integer, not {value!r}")
    if method == "POST":
        idempotency_key = _valid_key(idempotency_key) if idempotency_key is not None else uuid.uuid4().hex
    return Operation(
        method,
        template,
        path_parameters,
        response_type,
        query or {},
        body,
        idempotency_key,
        complete=complete,
        if_gone=Done(message="Deleted") if method == "DELETE" and response_type is Done else None,
    )


def paged_operation(
    template: str,
    path_parameters: tuple[int | str | UUID, ...],
    record: type[T],
    page_size: int,
    query: Query,
    size_parameter: str = "size",
) -> PagedOperation[T]:
    if not 1 <= page_size <= PAGE_SIZE:
        raise ValueError(f"page_size must be 1 to {PAGE_SIZE}, not {page_size}")
    paged = {**query, "cursor": BEGIN, "page": None, size_parameter: page_size}
    first: Operation[Page[T]] = operation("GET", template, path_parameters, Page[record], paged)
    return PagedOperation(first, size_parameter)


def since_instant(since: datetime | None) -> Query:
    """The query for what changed since an instant; None: since ever."""
    return {"updatedSince": (since or datetime.fromtimestamp(0, UTC)).isoformat()}


def following(listed: PagedOperation[T], record: type[T], cursor: str | None) -> PagedOperation[T]:
    """The list read by its changes only, from a cursor on; None: from its beginning."""
    query = {name: value for name, value in listed.first.query.items() if name != "page"}
    first = replace(listed.first, query=query, response_type=ChangedPage[record])
    return replace(listed, first=first, start=cursor or BEGIN)


def without_unset(**fields: object) -> dict[str, object]:
    """A body of the fields that are not UNSET."""
    return {name: value for name, value in fields.items() if value is not msgspec.UNSET}


def without_none(**fields: object) -> dict[str, object]:
    """A body of the fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def _valid_key(key: str) -> str:
    if not (0 < len(key) <= MAX_IDEMPOTENCY_KEY and key.isascii() and key.isprintable() and key == key.strip()):
        raise ValueError(f"idempotency_key must have 1 to {MAX_IDEMPOTENCY_KEY} printable ASCII characters")
    return key


def _encoded(value: str | int | bool | None) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
