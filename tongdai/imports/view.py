"""A job as the wire has it."""

from datetime import datetime
from typing import Any

import msgspec

from tongdai import ids
from tongdai.http.request import Request, principal_of
from tongdai.ids import CampaignId, JobId, TenantId
from tongdai.imports.model import Job


class JobView(msgspec.Struct):
    jobId: int
    status: str
    totalRows: int
    processedRows: int
    failedRows: int
    duplicateRows: int
    errorMessage: str | None
    createdRows: int
    listId: int | None
    listName: str
    startedAt: datetime | None
    finishedAt: datetime | None
    dryRun: bool
    removedRows: int
    undoneAt: datetime | None


SAMPLE: dict[str, Any] = {
    "jobId": 5,
    "status": "processing",
    "totalRows": 100,
    "processedRows": 42,
    "failedRows": 0,
    "duplicateRows": 1,
    "errorMessage": None,
    "createdRows": 41,
    "listId": 501,
    "listName": "Danh sach thang 4",
    "startedAt": "2026-03-10T02:00:00Z",
    "finishedAt": None,
    "dryRun": False,
    "removedRows": 0,
    "undoneAt": None,
}


def view(job: Job) -> JobView:
    return JobView(
        job.job_id,
        job.status,
        job.total_rows,
        job.processed_rows,
        job.failed_rows,
        job.duplicate_rows,
        job.error_message,
        job.created_rows,
        job.list_id,
        job.list_name,
        job.started_at,
        job.finished_at,
        job.dry_run,
        job.removed_rows,
        job.undone_at,
    )


def job_of(request: Request) -> tuple[TenantId, CampaignId, JobId]:
    """The job of a request with both ids in its path."""
    campaign_id = CampaignId(ids.from_path(request.path_params["id"], "Import job"))
    job_id = JobId(ids.from_path(request.path_params["job_id"], "Import job"))
    return principal_of(request).tenant_id, campaign_id, job_id
