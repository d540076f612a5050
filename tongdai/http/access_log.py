"""The line in the log, and the metrics, of each request."""

from tongdai import log, metrics
from tongdai.http.request import Request

_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))


def report(request: Request, status: int, seconds: float) -> None:
    """Log a request by the template of its path: the path itself may contain a phone number."""
    method = request.method if request.method in _METHODS else "-"
    metrics.request_answered(method, request.route, status, seconds)
    who = request.principal
    log.request(method, request.route, status, seconds * 1000, None if who is None else who.tenant_id, request.id)
