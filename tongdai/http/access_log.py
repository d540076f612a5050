"""The line in the log, and the metrics, of each request."""

import structlog

from tongdai import log, metrics
from tongdai.http.request import Request

_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))


def report(request: Request, status: int, seconds: float) -> None:
    """Log a request by the template of its path: the path itself may contain a phone number."""
    method = request.method if request.method in _METHODS else "-"
    tenant_id = None if request.principal is None else request.principal.tenant_id
    metrics.COUNTS.request_answered(method, request.route, status, seconds, tenant_id)
    log.request(method, request.route, status, seconds * 1000, tenant_id, request.id)


def report_unrouted(status: int, request_id: bytes) -> None:
    """Log what the server answered before there was a request: neither method nor route is known."""
    metrics.COUNTS.request_answered("-", "-", status, 0.0, None)
    log.request("-", "-", status, 0.0, None, request_id)


class _Overload:
    """Requests that were refused unread since the last line about them: a line for each would cost more than it."""

    refused = 0


def count_overloaded() -> None:
    """Count a request that was refused unread."""
    _Overload.refused += 1


def flush() -> None:
    """Write what is counted; called every second and at the end."""
    refused, _Overload.refused = _Overload.refused, 0
    if refused:
        metrics.REQUESTS.labels("-", "-", "503").inc(refused)
        structlog.get_logger().warning("requests refused: overloaded", count=refused)
    metrics.COUNTS.flush_requests()
