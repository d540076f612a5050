"""A request as handlers see it, and the answers they give."""

import os
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tongdai.db.pool import Connection, Lender
from tongdai.errors import ApiError
from tongdai.http.asgi import Headers, Receive, Scope, Send
from tongdai.http.principal import Principal
from tongdai.settings import Settings

if TYPE_CHECKING:
    from tongdai.http.endpoint import Endpoint

_REQUEST_ID = re.compile(rb"[\x20-\x7e]{1,128}")
_JSON = ((b"content-type", b"application/json"),)


class ClientGone(ApiError):
    """The client went before its body was there. Nobody reads this answer; the log has its status."""

    status, error_code = 400, "INVALID_INPUT"


class Guard(Protocol):
    """Lets a request through to an endpoint, or raises what refuses it."""

    async def __call__(self, request: "Request", endpoint: "Endpoint") -> None: ...

    async def still(self, request: "Request") -> bool:
        """Whether the key of a request that was let through says today what it said then."""
        ...

    def forget(self) -> None:
        """Keys or tenants changed: ask the database again."""
        ...


@dataclass(frozen=True, slots=True)
class Resources:
    """What a process of the API has open, for all its requests."""

    settings: Settings
    database: Lender
    pepper: bytes
    guard: Guard


class Request:
    __slots__ = (
        "_headers",
        "_receive",
        "id",
        "path_params",
        "principal",
        "reply_headers",
        "resources",
        "route",
        "scope",
    )

    def __init__(self, scope: Scope, receive: Receive, resources: Resources) -> None:
        self.scope = scope
        self.resources = resources
        self.id = _request_id(scope)
        self.path_params: dict[str, str] = {}
        self.route = "-"
        """The path's template where there is such an endpoint: what metrics and the log name it by."""
        self.principal: Principal | None = None
        self.reply_headers: Headers = [(b"x-request-id", self.id)]
        """What its answer carries, whatever becomes of it."""
        self._headers: dict[str, str] | None = None
        self._receive = receive

    @property
    def method(self) -> str:
        return self.scope["method"]

    def sent(self, name: str) -> list[str]:
        """Each value of the header `name` (in lower case), in the order they came."""
        wanted, sent = name.encode(), self._sent()
        return [value.decode("latin-1") for key, value in sent if key == wanted]

    def _sent(self) -> Headers:
        return self.scope["headers"]

    @property
    def headers(self) -> dict[str, str]:
        """By name in lower case; of one sent twice, the first."""
        if self._headers is None:
            self._headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(self._sent())}
        return self._headers

    async def stream(self) -> AsyncGenerator[bytes]:
        """The body as it arrives. ClientGone when it ends too early."""
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


def connection(request: Request) -> AbstractAsyncContextManager[Connection]:
    """A database connection, for `async with`."""
    return request.resources.database.borrow()


def settings_of(request: Request) -> Settings:
    return request.resources.settings


def principal_of(request: Request) -> Principal:
    """Who a request that passed the guard acts for."""
    assert request.principal is not None
    return request.principal


class Reply(Protocol):
    """What a handler answers with."""

    @property
    def status(self) -> int: ...

    async def send(self, send: Send, headers: Headers) -> None:
        """To the client, with `headers` besides its own."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply whose body is there."""

    body: bytes
    status: int = 200
    headers: Sequence[tuple[bytes, bytes]] = _JSON

    async def send(self, send: Send, headers: Headers) -> None:
        length = (b"content-length", b"%d" % len(self.body))
        await send({"type": "http.response.start", "status": self.status, "headers": [*self.headers, length, *headers]})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


@dataclass(frozen=True, slots=True)
class Stream:
    """A reply whose body comes piece by piece. A server may not tell when the client goes: see `http.leaving`."""

    pieces: AsyncIterator[bytes]
    status: int = 200
    headers: Sequence[tuple[bytes, bytes]] = _JSON

    async def send(self, send: Send, headers: Headers) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": [*self.headers, *headers]})
        async for piece in self.pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
