"""One declaration for each endpoint: its route, what the guard asks of it, and what the OpenAPI document says of it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, cast

import litestar
from litestar import Request
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Receive, Send
from litestar.types import Scope as AsgiScope

from tongdai.db.pool import Connection, Lender
from tongdai.errors import ApiError
from tongdai.http.principal import PRINCIPAL, Principal, Scope
from tongdai.settings import Settings
from tongdai.text import CONTROL

ApiRequest = Request[object, object, State]
Handler = Callable[[ApiRequest], Awaitable["Answer | Stream"]]
Headers = Sequence[tuple[bytes, bytes]]

_JSON: Headers = ((b"content-type", b"application/json"),)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response whose body is there: an ASGI application, as Litestar takes it without further ado."""

    body: bytes
    status: int = 200
    headers: Headers = _JSON

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        headers = [*self.headers, (b"content-length", b"%d" % len(self.body))]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


@dataclass(frozen=True, slots=True)
class Stream:
    """A response whose body comes piece by piece, until `pieces` ends or the client goes."""

    pieces: AsyncIterator[bytes]
    status: int = 200
    headers: Headers = _JSON

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": list(self.headers)})
        async for piece in self.pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


PLAIN_TEXT: Mapping[str, Any] = {"pattern": f"^[^{CONTROL}]*$"}
"""Text without control characters, for `Endpoint.refine`."""
NAME: Mapping[str, Any] = {"maxLength": 255, **PLAIN_TEXT}
ID: Mapping[str, Any] = {"minimum": 1, "maximum": 10**18 - 1}


@dataclass(frozen=True, slots=True)
class Query:
    """A query parameter, for the document; the handler parses it."""

    name: str
    description: str
    schema: Mapping[str, Any]
    example: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    method: str
    path: str
    """`/campaigns/{id}/contacts`, without the version's prefix."""
    scope: Scope
    summary: str
    answer: Any
    """The struct of the 200 body."""
    sample: Any
    """A 200 body, as documented."""
    body: Any = None
    """The struct of the request body; None when it takes none."""
    body_sample: Any = None
    query: Sequence[Query] = ()
    states: bool = False
    """Whether the state machine may forbid it (400 INVALID_STATE)."""
    tag: str = field(default="")
    description: str = ""
    """More than the summary says, for the document alone."""
    refine: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict[str, Any])
    """What the code checks beyond types: name of a struct → property → keywords of JSON Schema. The property `""` is
    the struct itself."""
    failures: Sequence[ApiError] = ()
    """What it fails with beyond what any route does; each is an example. Of a 404 and a 400, general ones are given."""
    media: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Any])
    """Request bodies other than JSON: content type → OpenAPI's media type object."""
    answer_media: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Any])
    """200 bodies other than JSON, likewise."""

    @property
    def route(self) -> str:
        """What its rate limit is counted by; the same under both prefixes."""
        return f"{self.method} {self.path}"


def endpoint(spec: Endpoint) -> Callable[[Handler], HTTPRouteHandler]:
    """Make a handler of a function, behind the guard. It gets the request alone and parses what it needs, strictly."""
    path = "".join(
        f"/{{{part[1:-1]}:str}}" if part.startswith("{") else f"/{part}" for part in spec.path[1:].split("/")
    )

    def make(fn: Handler) -> HTTPRouteHandler:
        async def guarded(request: ApiRequest) -> ASGIApp:
            await request.app.state.guard(request.scope, spec)
            return await fn(request)

        decorate = litestar.route(path, http_method=[cast("Any", spec.method)], endpoint=spec, status_code=200)
        return decorate(guarded)

    return make


def endpoint_of(handler: object) -> Endpoint:
    return cast("Endpoint", cast("Any", handler).opt["endpoint"])


def connection(request: ApiRequest) -> AbstractAsyncContextManager[Connection]:
    """A database connection, for `async with`."""
    return cast("Lender", request.app.state.database).borrow()


def settings_of(request: ApiRequest) -> Settings:
    return cast("Settings", request.app.state.settings)


def attach(scope: object, principal: Principal) -> None:
    """Say who the request with this ASGI scope acts for."""
    cast("dict[str, object]", scope)[PRINCIPAL] = principal


def principal_of(request: ApiRequest) -> Principal:
    """Who a request that passed the guard acts for."""
    return cast("Principal", cast("dict[str, object]", request.scope)[PRINCIPAL])
