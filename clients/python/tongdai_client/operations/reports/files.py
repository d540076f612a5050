"""Reports as files."""

import os
from datetime import date
from pathlib import Path
from typing import Literal, TypedDict, Unpack, cast

from tongdai_client.download import download
from tongdai_client.operation import Operation, Query, operation
from tongdai_client.operations.reports.common import as_file, period
from tongdai_client.session import Session

ReportName = Literal["queues", "agents", "offers", "missed", "campaigns", "imports"]


class ReportFilters(TypedDict, total=False):
    """The period of a report, and whom it is about: of these the ones that the report has."""

    since: date | None
    before: date | None
    interval: str | None
    queue_id: int | None
    agent_id: int | None
    team_id: int | None
    campaign_id: int | None
    service_level_sec: int | None


_FILTERS = {
    "queue_id": "queueId",
    "agent_id": "agentId",
    "team_id": "teamId",
    "campaign_id": "campaignId",
    "service_level_sec": "serviceLevelSec",
}


def report_as_file(
    report: ReportName, file: str | os.PathLike[str], **filters: Unpack[ReportFilters]
) -> Operation[None]:
    """Get the rows of a report as CSV or XLSX, by the name of a file."""
    named = {_FILTERS[name]: value for name, value in filters.items() if name in _FILTERS}
    query = {**period(filters.get("since"), filters.get("before"), filters.get("interval")), **named}
    return as_file(operation("GET", f"/reports/{report}", (), None, cast("Query", query)), file)


async def save_report(
    session: Session, report: ReportName, file: str | os.PathLike[str], **filters: Unpack[ReportFilters]
) -> Path:
    """Save the rows of a report as a file, whose name ends with `.csv` or `.xlsx`; returns its path.

    `client.save_report("agents", "march.xlsx", since=date(2026, 3, 1), before=date(2026, 4, 1), team_id=3)`
    """
    return await download(session, report_as_file(report, file, **filters), file)
