"""The line in the log, and the metrics, of each request."""

from tongdai import log, metrics
from tongdai.http.request import Request

_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))


def report(request: Request, status: int, seconds: float) -> None:
    """Log a request by the template of its path: the path itself may contain a phone number."""
    method = request.method if request.method in _METHODS else "-"
    tenant_id = None if request.principal is None else request.principal.tenant_id
    metrics.COUNTS.request_answered(method, request.route, status, seconds, tenant_id)
    log.request(method, request.route, status, seconds * 1000, tenant_id, request.id)
