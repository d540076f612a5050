"""Declarations of endpoints: route, scope, and everything that the OpenAPI document says of them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from tongdai import ids
from tongdai.db.pool_parts import SLOW
from tongdai.errors import ApiError, InvalidInput, shown
from tongdai.http.principal import Own, Scope
from tongdai.http.request import (
    AnyResponse,
    Request,
    Response,
    StreamingResponse,
    connection,
    principal_of,
    query_of,
    readable_query_of,
    settings_of,
)
from tongdai.text import CONTROL, normalised

__all__ = [
    "ID",
    "NAME",
    "PLAIN_TEXT",
    "Endpoint",
    "Query",
    "Request",
    "Response",
    "Route",
    "StreamingResponse",
    "connection",
    "endpoint",
    "principal_of",
    "query_of",
    "readable_query_of",
    "settings_of",
]  # fmt: skip

_READING = frozenset(("GET", "HEAD"))
_NO = frozenset(("false", "0", "no", "off"))
PLAIN_TEXT: Mapping[str, Any] = {"pattern": f"^[^{CONTROL}]*$"}
"""Schema of text without control characters, for `Endpoint.refine`."""
NAME: Mapping[str, Any] = {"maxLength": 255, **PLAIN_TEXT}
ID: Mapping[str, Any] = {"minimum": 1, "maximum": ids.LARGEST}


@dataclass(frozen=True, slots=True)
class Query:
    """A query parameter in the OpenAPI document; the handler parses it."""

    name: str
    description: str
    schema: Mapping[str, Any]
    example: Any = None
    aliases: Sequence[str] = ()
    """Other spellings that are understood; the document describes the name alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    method: str
    path: str
    """`/campaigns/{id}/contacts`, without the version's prefix."""
    scope: Scope | None
    """None: for people, by their session, whatever their role, or for wallboards; no key has access."""
    summary: str
    response: Any
    """Struct of the 200 body; None when it is never JSON."""
    sample: Any
    """A 200 body, as documented."""
    body: Any = None
    """Struct of the JSON request body; None: there is none."""
    body_sample: Any = None
    query: Sequence[Query] = ()
    platform: bool = False
    """Whether it concerns the whole installation: for platform keys alone, and of no tenant."""
    own: Own | None = None
    """How a request is tied to an agent; None: users who may act for their own agent alone have no access."""
    wallboard: bool = False
    """Whether it is for the tokens of wallboards, and for them alone."""
    open: bool = False
    """Whether it needs neither a key nor a session."""
    by_vendor: bool = False
    """Whether the vendor documents it: its clients may send query parameters that mean nothing, which are ignored."""
    slow: bool = False
    """Whether it holds a database connection for long: such routes share a part of the pool (db/pool_parts.py)."""
    states: bool = False
    """Whether the state machine may forbid it (400 INVALID_STATE)."""
    tag: str = field(default="")
    description: str = ""
    """Details beyond the summary, in the OpenAPI document."""
    refine: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict[str, Any])
    """Checks beyond types: name of a struct → property → keywords of JSON Schema. The property `""` is the struct."""
    failures: Sequence[ApiError] = ()
    """Failures beyond those of every route, as examples. A generic 404 and 400 are added where none is given."""
    media: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Any])
    """Request bodies other than JSON: content type → OpenAPI's media type object."""
    response_media: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Any])
    """200 bodies other than JSON, likewise."""

    @property
    def route(self) -> str:
        """The name that the rate limit counts by; the same under both prefixes."""
        return f"{self.method} {self.path}"

    @property
    def part(self) -> str:
        """The part of the database pool that it takes connections from."""
        return SLOW if self.slow else self.route


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint and its handler."""

    endpoint: Endpoint
    handle: Callable[[Request], Awaitable[AnyResponse]]

    @property
    def part(self) -> str:
        return self.endpoint.part

    async def __call__(self, request: Request) -> AnyResponse:
        """Pass the request through the guard, then to the handler, which parses it strictly."""
        request.endpoint = self.endpoint
        await request.resources.guard(request, self.endpoint)
        # A malformed id in the path comes first: the handler answers 404.
        if all(map(ids.well_formed, request.path_params, request.path_params.values())):
            if not self.endpoint.by_vendor:
                refuse_unknown(request, self.endpoint.query)
            elif self.endpoint.method not in _READING:
                refuse_dry_run(request)
        with request.resources.shares.held(principal_of(request).tenant_id, upload=bool(self.endpoint.media)):
            return await self.handle(request)


def endpoint(spec: Endpoint) -> Callable[[Callable[[Request], Awaitable[AnyResponse]]], Route]:
    """Decorate a handler with its declaration, which makes it a route."""
    return lambda handle: Route(spec, handle)


def refuse_unknown(request: Request, known: Sequence[Query]) -> None:
    """Raise InvalidInput for a parameter that the endpoint does not know, naming the nearest one that it does.

    Otherwise a misspelt filter would match everything, and a misspelt `dry_run` would be a run.
    """
    names = {name for query in known for name in (query.name, *query.aliases)}
    for name in query_of(request):
        if name not in names:
            raise InvalidInput(f"Query parameter {shown(name)} is not known: {_instead(name, known)}")


def refuse_dry_run(request: Request) -> None:
    """Raise InvalidInput for a parameter that asks an endpoint without a dry run for one, however it is spelt.

    The vendor's endpoints ignore parameters that they do not know; ignoring this one does what was not to be done.
    """
    for name, values in readable_query_of(request).items():
        plain = normalised(name)
        asks = "dryrun" in plain or get_close_matches(plain, ["dryrun"], cutoff=0.8)
        if asks and not _NO.issuperset(map(str.lower, values)):
            raise InvalidInput(
                f"Query parameter {shown(name)} is not known: this endpoint has no dry run, and did nothing"
            )


def _instead(name: str, known: Sequence[Query]) -> str:
    if not known:
        return "this endpoint has none"
    plain = {normalised(query.name): query.name for query in known}
    # `dryrun` is the alias `dryRun` but for its case, and nearer to it than to `dry_run`.
    plain |= {normalised(one): one for query in known for one in query.aliases if one.casefold() == name.casefold()}
    near = get_close_matches(normalised(name), plain, n=1)
    return f"did you mean {plain[near[0]]}?" if near else f"expected {', '.join(query.name for query in known)}"
