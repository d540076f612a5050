"""The outermost layer: request ids, headers that every answer carries, the access log and metrics."""

import os
import re
import time
from typing import Any, cast

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from tongdai import log, metrics
from tongdai.http.principal import PRINCIPAL

_REQUEST_ID = re.compile(rb"[\x20-\x7e]{1,128}")
_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))
_EXTRA = "tongdai.headers"
_ROUTE = "tongdai.route"


def add_headers(scope: object, headers: list[tuple[bytes, bytes]]) -> None:
    """Headers that the answer to this request carries, whatever becomes of it."""
    cast("dict[str, list[tuple[bytes, bytes]]]", scope).setdefault(_EXTRA, []).extend(headers)


def name_route(scope: object, route: str) -> None:
    """The path template that metrics are counted by."""
    cast("dict[str, str]", scope)[_ROUTE] = route


def _request_id(scope: dict[str, Any]) -> bytes:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return value
    return os.urandom(16).hex().encode()


class InFlight:
    """How many requests this process is answering."""

    def __init__(self) -> None:
        self.requests = 0


def access(app: ASGIApp, in_flight: InFlight) -> ASGIApp:
    """Wrap the application."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        details = cast("dict[str, Any]", scope)
        started = time.perf_counter()
        status = 0
        request_id = _request_id(details)
        extra: list[tuple[bytes, bytes]] = [(b"x-request-id", request_id)]
        details[_EXTRA] = extra

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        in_flight.requests += 1
        try:
            await app(scope, receive, send_on)
        finally:
            in_flight.requests -= 1
            _report(details, request_id.decode(), status, time.perf_counter() - started)

    return wrapped


def _report(scope: dict[str, Any], request_id: str, status: int, seconds: float) -> None:
    """The path's template, not the path: what a client puts there may be anybody's number."""
    method = scope["method"] if scope["method"] in _METHODS else "-"
    route = scope.get(_ROUTE, "-")
    metrics.request_answered(method, route, status, seconds)
    principal = scope.get(PRINCIPAL)
    log.line(
        "request",
        method=method,
        route=route,
        status=status,
        ms=round(seconds * 1000, 1),
        tenant=None if principal is None else principal.tenant_id,
        request_id=request_id,
    )


def request_id_of(scope: object) -> str:
    """For lines that are logged while the request is answered."""
    return cast("dict[str, list[tuple[bytes, bytes]]]", scope)[_EXTRA][0][1].decode()
