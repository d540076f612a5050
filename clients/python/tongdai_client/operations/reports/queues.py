"""Reports of queues."""

from datetime import date

from tongdai_client.models.reports.queues import QueueReport
from tongdai_client.operation import Operation, Query, operation
from tongdai_client.operations.reports.common import period


def queue_report(
    *,
    since: date | None = None,
    before: date | None = None,
    interval: str | None = None,
    queue_id: int | None = None,
    service_level_sec: int | None = None,
) -> Operation[QueueReport]:
    """Report the callers of queues by interval: 15, 30 or 60 minutes, or a day.

    A date is its midnight in the tenant's zone; a datetime must have a time zone. Without them the report is of today.
    """
    query: Query = {**period(since, before, interval), "queueId": queue_id, "serviceLevelSec": service_level_sec}
    return operation("GET", "/reports/queues", (), QueueReport, query)
