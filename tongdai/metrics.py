"""What Prometheus reads. Processes share their numbers through files where PROMETHEUS_MULTIPROC_DIR names a folder."""

from functools import cache

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("tongdai_http_requests", "Requests answered", ["method", "route", "status"])
LATENCY = Histogram(
    "tongdai_http_request_seconds",
    "Time from the request's head to the last byte of its answer",
    ["method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
IN_FLIGHT = Gauge("tongdai_http_in_flight", "Requests being answered", multiprocess_mode="livesum")
POOL_BUSY = Gauge("tongdai_db_pool_busy", "Database connections in use by API workers", multiprocess_mode="livesum")
REFUSED = Counter("tongdai_rate_limited", "Requests refused by a limit", ["limit"])
LIMIT_STORE_DOWN = Gauge(
    "tongdai_rate_limit_store_down", "1 while a worker limits by its own share", multiprocess_mode="livemax"
)
IMPORT_ROWS = Counter("tongdai_import_rows", "Import rows taken in", ["outcome"])
IMPORT_CHUNKS = Counter("tongdai_import_chunks", "Import chunks, by what became of them", ["result"])
IMPORT_JOBS = Gauge("tongdai_import_jobs", "Import jobs not ended", ["status"], multiprocess_mode="livemax")


@cache
def _request_metrics(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(method, route, str(status)), LATENCY.labels(method, route)


def request_answered(method: str, route: str, status: int, seconds: float) -> None:
    """`route` is a path template, or `-` for what matched none; `method` is one that HTTP knows: labels stay few."""
    count, latency = _request_metrics(method, route, status)
    count.inc()
    latency.observe(seconds)
