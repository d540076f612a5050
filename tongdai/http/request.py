"""Requests as handlers see them, and the responses that handlers return."""

import os
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qsl

from tongdai.db.pool import Connection, Lender
from tongdai.db.pool_parts import SLOW, PoolParts, of_address
from tongdai.errors import ApiError, InvalidInput
from tongdai.http.asgi import Headers, Message, Receive, Scope, Send
from tongdai.http.principal import NOBODY, Principal
from tongdai.runtime.shares import Shares
from tongdai.runtime.stopping import Stopping
from tongdai.settings.declarations import Settings

if TYPE_CHECKING:
    from tongdai.http.endpoint import Endpoint

_REQUEST_ID = re.compile(rb"[\x20-\x7e]{1,128}")
CLIENT_LEFT = "tongdai.client_left"
"""Key of the scope: a function that returns whether the client has closed its connection, where the server knows."""
_JSON = ((b"content-type", b"application/json"),)


class ClientGone(ApiError):
    """The client disconnected before it sent the whole body, or was answered; the status appears only in the log."""

    status, error_code = 400, "INVALID_INPUT"


class Guard(Protocol):
    """Lets a request through to an endpoint, or raises the error to answer."""

    async def __call__(self, request: "Request", endpoint: "Endpoint") -> None: ...

    async def still(self, request: "Request") -> bool:
        """Whether the key of an admitted request is still valid for it."""
        ...

    def address(self, scope: Scope) -> str:
        """The address of the client, behind trusted proxies."""
        ...

    def tenant_of(self, unread: bytes) -> int | None:
        """The tenant whose key or session a request has, as far as that is known without reading it."""
        ...

    def address_of(self, unread: bytes, client: str) -> str:
        """The same of a request that is not parsed yet, from this client."""
        ...

    def forget(self) -> None:
        """Empty the cache, after keys or tenants changed."""
        ...


@dataclass(frozen=True, slots=True)
class Resources:
    """Open resources of an API process, shared by its requests."""

    settings: Settings
    database: Lender
    parts: PoolParts
    """The parts of `database` that routes may take."""
    pepper: bytes
    guard: Guard
    shares: Shares
    stopping: Stopping


MOST_PAIRS = 100
UNREADABLE_QUERY = f"The query string cannot be read: expected at most {MOST_PAIRS} UTF-8 name=value pairs"


class Request:
    __slots__ = (
        "_headers",
        "_receive",
        "endpoint",
        "id",
        "path_params",
        "principal",
        "resources",
        "response_headers",
        "route",
        "scope",
    )

    def __init__(self, scope: Scope, receive: Receive, resources: Resources) -> None:
        self.scope = scope
        self.resources = resources
        self.id = _request_id(scope)
        self.path_params: dict[str, str] = {}
        self.route = "-"
        """Template of the path, by which metrics and the log name the request."""
        self.endpoint: Endpoint | None = None
        """The declaration of the endpoint that handles it."""
        self.principal: Principal | None = None
        self.response_headers: Headers = [(b"x-request-id", self.id)]
        """Headers of the response, whether the request succeeds or fails."""
        self._headers: dict[str, str] | None = None
        self._receive = receive

    @property
    def method(self) -> str:
        return self.scope["method"]

    def sent(self, name: str) -> list[str]:
        """All values of a header (`name` in lower case), in the order received."""
        wanted, sent = name.encode(), self._sent()
        return [value.decode("latin-1") for key, value in sent if key == wanted]

    def _sent(self) -> Headers:
        return self.scope["headers"]

    @property
    def headers(self) -> dict[str, str]:
        """Headers by lower-case name; the first value of a repeated one."""
        if self._headers is None:
            self._headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(self._sent())}
        return self._headers

    def require_client(self) -> None:
        """Raise ClientGone when the client has left: nobody would read the response."""
        left = self.scope.get(CLIENT_LEFT)
        if left is not None and left():
            raise ClientGone("The client disconnected before it was answered")

    async def stream(self) -> AsyncGenerator[bytes]:
        """Yield the body as it arrives; ClientGone when it ends early."""
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGone("The body ended before it was complete")
            piece: bytes = message.get("body", b"")
            if piece:
                yield piece
            more = message.get("more_body", False)


def _request_id(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return value
    return os.urandom(16).hex().encode()


def query_of(request: Request) -> dict[str, list[str]]:
    """Parse the query string into the values of each parameter; undecodable bytes are an error."""
    raw = request.scope["query_string"]
    if not raw:
        return {}
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_PAIRS)
    except ValueError:
        raise InvalidInput(UNREADABLE_QUERY) from None
    return _by_name(pairs)


def readable_query_of(request: Request) -> dict[str, list[str]]:
    """Parse what can be read of the query string, for an endpoint that ignores what it does not know."""
    raw = request.scope["query_string"]
    if not raw:
        return {}
    try:
        pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_PAIRS)
    except ValueError:  # too many: each is compared with what has a meaning
        raise InvalidInput(UNREADABLE_QUERY) from None
    return _by_name(pairs)


def _by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values


def connection(request: Request, *, slow: bool = False) -> AbstractAsyncContextManager[Connection]:
    """Borrow a database connection, with `async with`; ClientGone when the client has left by the time one is free.

    It is of the part of the pool that the route may take; `slow`: of the part of slow routes.
    """
    resources, endpoint = request.resources, request.endpoint
    assert endpoint is not None, "a request of no endpoint needs no database"
    part = SLOW if slow else endpoint.part
    principal = principal_of(request)
    whose = of_address(resources.guard.address(request.scope)) if principal is NOBODY else principal.tenant_id
    return resources.parts.within(part, whose, resources.database.borrow(request.require_client))


def settings_of(request: Request) -> Settings:
    return request.resources.settings


def principal_of(request: Request) -> Principal:
    """The principal of a request that passed the guard."""
    assert request.principal is not None
    return request.principal


@dataclass(frozen=True, slots=True)
class Response:
    """A response whose body is in memory."""

    body: bytes
    status: int = 200
    headers: Sequence[tuple[bytes, bytes]] = _JSON

    async def send(self, send: Send, headers: Headers) -> None:
        """Send the response, with further headers."""
        await self._send(send, headers, self.body)

    async def send_head(self, send: Send, headers: Headers) -> None:
        """Send the response to a HEAD: the same headers and no body."""
        await self._send(send, headers, b"")

    async def _send(self, send: Send, headers: Headers, body: bytes) -> None:
        length = (b"content-length", b"%d" % len(self.body))
        await send({"type": "http.response.start", "status": self.status, "headers": [*self.headers, length, *headers]})
        await send({"type": "http.response.body", "body": body, "more_body": False})


@dataclass(frozen=True, slots=True)
class StreamingResponse:
    """A response whose body is streamed. The server may not report a disconnect: see `http.streams.disconnect`."""

    pieces: AsyncIterator[bytes]
    status: int = 200
    headers: Sequence[tuple[bytes, bytes]] = _JSON

    async def send(self, send: Send, headers: Headers) -> None:
        await send(self._start(headers))
        async for piece in self.pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def send_head(self, send: Send, headers: Headers) -> None:
        await send(self._start(headers))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _start(self, headers: Headers) -> Message:
        return {"type": "http.response.start", "status": self.status, "headers": [*self.headers, *headers]}


AnyResponse = Response | StreamingResponse
