"""What the log and the metrics say of each request."""

from tongdai import log, metrics
from tongdai.http.request import Request

_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))


def report(request: Request, status: int, seconds: float) -> None:
    """The path's template, not the path: what a client puts there may be anybody's number."""
    method = request.method if request.method in _METHODS else "-"
    metrics.request_answered(method, request.route, status, seconds)
    who = request.principal
    log.request(method, request.route, status, seconds * 1000, None if who is None else who.tenant_id, request.id)
