"""Prometheus metrics. Processes share them through files in the folder that PROMETHEUS_MULTIPROC_DIR names."""

from typing import TypeVar

from prometheus_client import Counter, Gauge, Histogram

from tongdai import metric_files

metric_files.install()

T = TypeVar("T")

REQUESTS = Counter("tongdai_http_requests", "Requests answered", ["method", "route", "status"])
LATENCY = Histogram(
    "tongdai_http_request_seconds",
    "Time from the request's head to the last byte of its response",
    ["method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
IN_FLIGHT = Gauge("tongdai_http_in_flight", "Requests being answered", multiprocess_mode="livesum")
EVENT_STREAMS = Gauge("tongdai_http_event_streams", "Open event streams", multiprocess_mode="livesum")
POOL_BUSY = Gauge("tongdai_db_pool_busy", "Database connections in use by API workers", multiprocess_mode="livesum")
REFUSED = Counter("tongdai_rate_limited", "Requests refused by a limit", ["limit"])
LIMIT_STORE_DOWN = Gauge(
    "tongdai_rate_limit_store_down", "1 while a worker limits by its own share", multiprocess_mode="livemax"
)
IMPORT_ROWS = Counter("tongdai_import_rows", "Import rows processed", ["outcome"])
IMPORT_CHUNKS = Counter("tongdai_import_chunks", "Import chunks processed, by result", ["result"])
IMPORT_JOBS = Gauge("tongdai_import_jobs", "Import jobs not ended", ["status"], multiprocess_mode="livemax")

WEBHOOK_TRIES = Counter("tongdai_webhook_tries", "Requests to webhooks, by what came of them", ["result"])
WEBHOOK_DELAY = Histogram(
    "tongdai_webhook_delay_seconds",
    "Time from an event to its delivery",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600, 36_000, 360_000),
)

TASK_FAILURES = Counter("tongdai_background_task_failures", "Failures of background tasks", ["task"])
TASKS_FAILING = Gauge(
    "tongdai_background_tasks_failing",
    "Background tasks whose last attempt failed",
    ["task"],
    multiprocess_mode="livesum",
)

ORIGINATES = Counter("tongdai_originates", "Calls that the switch was asked for, by what it said", ["result"])
CALLS = Counter("tongdai_calls", "Calls to reach a contact that have ended", ["outcome"])
INBOUND_CALLS = Counter("tongdai_inbound_calls", "Calls to queues that have ended", ["outcome"])
CALLERS_WAITING = Gauge("tongdai_callers_waiting", "Callers in queues of this switch", multiprocess_mode="livesum")
ACTIVE_CALLS = Gauge("tongdai_active_calls", "Calls in this dialer that have not ended", multiprocess_mode="livesum")
SWITCH_UP = Gauge("tongdai_switch_up", "1 while the dialer may originate", multiprocess_mode="livemax")
DIALING_HELD = Gauge(
    "tongdai_dialing_held", "1 while dialing is held until an operator releases it", multiprocess_mode="livemax"
)
DIALER_LAG = Gauge(
    "tongdai_dialer_lag_seconds", "How late the dialer's last round of the second began", multiprocess_mode="livemax"
)

OTHER = "other"
TENANT_REQUESTS = Counter("tongdai_tenant_requests", "Requests answered, by tenant", ["tenant"])
TENANT_IMPORT_ROWS = Counter("tongdai_tenant_import_rows", "Import rows processed, by tenant", ["tenant", "outcome"])
CAMPAIGN_CALLS = Counter("tongdai_campaign_calls", "Calls ended, by campaign", ["tenant", "campaign", "outcome"])


class Counts:
    """Counts with a series for each tenant and campaign, in a bounded number of series.

    The first that a process meets have series of their own; all others are together in one called `other`.
    """

    def __init__(self, max_tenants: int = 500, max_campaigns: int = 500) -> None:
        self._max_tenants, self._max_campaigns = max_tenants, max_campaigns
        self._tenants: set[int] = set()
        self._campaigns: set[tuple[int, int]] = set()
        self._answered: dict[tuple[str, str, int], list[float]] = {}
        self._of_tenants: dict[str, int] = {}

    def import_rows(self, tenant: int, outcome: str, count: int) -> None:
        """Count rows of an import of a tenant."""
        if count:
            IMPORT_ROWS.labels(outcome).inc(count)
            TENANT_IMPORT_ROWS.labels(self._tenant(tenant), outcome).inc(count)

    def call_ended(self, tenant: int, campaign: int, outcome: str) -> None:
        """Count a call that has ended."""
        CALLS.labels(outcome).inc()
        if _known(self._campaigns, (tenant, campaign), self._max_campaigns):
            CAMPAIGN_CALLS.labels(str(tenant), str(campaign), outcome).inc()
        else:
            CAMPAIGN_CALLS.labels(OTHER, OTHER, outcome).inc()

    def request_answered(self, method: str, route: str, status: int, seconds: float, tenant: int | None) -> None:
        """Count a request by template of its path (`-`: no route) and method, which keeps the number of labels small,
        and by its tenant (None: it had no key that is valid).

        Buffered until `flush_requests`, as writing to the shared files costs more than everything else here.
        """
        times = self._answered.get((method, route, status))
        if times is None:
            times = self._answered[method, route, status] = []
        times.append(seconds)
        if tenant is not None:
            name = self._tenant(tenant)
            self._of_tenants[name] = self._of_tenants.get(name, 0) + 1

    def flush_requests(self) -> None:
        """Write the buffered counts to the metrics; called every second and at the end."""
        for (method, route, status), times in self._answered.items():
            REQUESTS.labels(method, route, str(status)).inc(len(times))
            latency = LATENCY.labels(method, route)
            for seconds in times:
                latency.observe(seconds)
            times.clear()
        for tenant, count in self._of_tenants.items():
            TENANT_REQUESTS.labels(tenant).inc(count)
        self._of_tenants.clear()

    def _tenant(self, tenant: int) -> str:
        return str(tenant) if _known(self._tenants, tenant, self._max_tenants) else OTHER


def _known(known: set[T], value: T, limit: int) -> bool:
    if value not in known and len(known) < limit:
        known.add(value)
    return value in known


COUNTS = Counts()
"""The counts of this process."""
