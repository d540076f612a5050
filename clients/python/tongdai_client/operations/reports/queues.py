"""Reports of queues, as results or files."""

import os
from datetime import date
from pathlib import Path

from tongdai_client.download import download
from tongdai_client.models.reports.queues import QueueReport
from tongdai_client.operation import Operation, Query, operation
from tongdai_client.operations.reports.common import as_file, period
from tongdai_client.session import Session


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
    return operation(
        "GET", "/reports/queues", (), QueueReport, _queues(since, before, interval, queue_id, service_level_sec)
    )


def queue_report_as_file(
    file: str | os.PathLike[str],
    *,
    since: date | None = None,
    before: date | None = None,
    interval: str | None = None,
    queue_id: int | None = None,
    service_level_sec: int | None = None,
) -> Operation[None]:
    """Get the rows of the report as CSV or XLSX, by the name of a file."""
    query = _queues(since, before, interval, queue_id, service_level_sec)
    return as_file(operation("GET", "/reports/queues", (), None, query), file)


async def save_queue_report(
    session: Session,
    file: str | os.PathLike[str],
    *,
    since: date | None = None,
    before: date | None = None,
    interval: str | None = None,
    queue_id: int | None = None,
    service_level_sec: int | None = None,
) -> Path:
    """Save the rows of `queue_report` as a file, whose name ends with `.csv` or `.xlsx`; returns its path."""
    asked = queue_report_as_file(
        file,
        since=since,
        before=before,
        interval=interval,
        queue_id=queue_id,
        service_level_sec=service_level_sec,
    )
    return await download(session, asked, file)


def _queues(
    since: date | None, before: date | None, interval: str | None, queue_id: int | None, service_level_sec: int | None
) -> Query:
    return {**period(since, before, interval), "queueId": queue_id, "serviceLevelSec": service_level_sec}
