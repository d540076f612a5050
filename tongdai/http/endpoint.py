"""One declaration for each endpoint: its route, what the guard asks of it, and what the OpenAPI document says of it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tongdai.errors import ApiError
from tongdai.http.principal import Scope
from tongdai.http.request import Answer, Reply, Request, Stream, connection, principal_of, settings_of
from tongdai.text import CONTROL

__all__ = [
    "ID",
    "NAME",
    "PLAIN_TEXT",
    "Answer",
    "Endpoint",
    "Query",
    "Request",
    "Route",
    "Stream",
    "connection",
    "endpoint",
    "principal_of",
    "settings_of",
]  # fmt: skip

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
    """The struct of the 200 body; None when it is never JSON."""
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


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint and the function behind it."""

    endpoint: Endpoint
    handle: Callable[[Request], Awaitable[Reply]]

    async def __call__(self, request: Request) -> Reply:
        """Through the guard. The handler gets the request alone and parses what it needs, strictly."""
        await request.resources.guard(request, self.endpoint)
        return await self.handle(request)


def endpoint(spec: Endpoint) -> Callable[[Callable[[Request], Awaitable[Reply]]], Route]:
    """Make a route of a function."""
    return lambda handle: Route(spec, handle)
