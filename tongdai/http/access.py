"""The outermost layer: request ids, headers that every answer carries, the access log and metrics."""

import re
import time
import uuid
from typing import Any, cast

import structlog
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from tongdai import metrics

log = structlog.get_logger()

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
    return uuid.uuid4().hex.encode()


def access(app: ASGIApp) -> ASGIApp:
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

        structlog.contextvars.bind_contextvars(request_id=request_id.decode())
        metrics.IN_FLIGHT.inc()
        try:
            await app(scope, receive, send_on)
        finally:
            metrics.IN_FLIGHT.dec()
            _report(details, status, time.perf_counter() - started)

    return wrapped


def _report(scope: dict[str, Any], status: int, seconds: float) -> None:
    method = scope["method"] if scope["method"] in _METHODS else "-"
    metrics.request_answered(method, scope.get(_ROUTE, "-"), status, seconds)
    principal = scope.get("tongdai.principal")
    log.info(
        "request",
        method=method,
        path=scope["path"][:200],
        status=status,
        ms=round(seconds * 1000, 1),
        tenant=None if principal is None else principal.tenant_id,
    )
