"""A job as the wire has it."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from tongdai import ids
from tongdai.files.detected import Detected
from tongdai.http.openapi.fields import one_of
from tongdai.http.request import Request, principal_of
from tongdai.ids import CampaignId, JobId, TenantId
from tongdai.imports.model import Job, JobStatus


class JobView(msgspec.Struct):
    jobId: int
    """The import."""
    status: Annotated[str, one_of(JobStatus)]
    """How far it is; `failed` is the import as a whole, not a row."""
    totalRows: int
    """Number of rows that were received."""
    processedRows: int
    """Rows processed so far: the sum of created, duplicate, failed and updated ones. It never falls."""
    failedRows: int
    """Rows that cannot be contacts, such as those without a usable number."""
    duplicateRows: int
    """Rows whose number the campaign, or an earlier row, had."""
    errorMessage: str | None
    """Why the import as a whole failed; null unless it did."""
    createdRows: int
    """Rows that became contacts."""
    listId: int | None
    """The list that contacts are added to; null in a dry run into a list that does not exist."""
    listName: str
    """Name of that list."""
    startedAt: datetime | None
    """When the first row was processed; null before."""
    finishedAt: datetime | None
    """When it ended; null before."""
    dryRun: bool
    """Whether nothing is created."""
    removedRows: int
    """Contacts that were removed when it was undone."""
    undoneAt: datetime | None
    """When undoing it was finished; null: it was not undone, or not yet."""
    detected: Detected | None
    """How the file was read; null: the rows were sent as JSON."""
    updatedRows: int | UnsetType = UNSET
    """Rows that updated a contact, and are no duplicates; only with `onDuplicate=update`."""


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
    "detected": {
        "format": "csv",
        "encoding": "UTF-8",
        "encodingDoubt": None,
        "separator": ",",
        "tables": [
            {
                "sheet": None,
                "headerRow": 1,
                "columns": [
                    {"column": "Số điện thoại", "use": "phoneNumber", "numbers": None, "leftEmpty": 0},
                    {"column": "Họ và tên", "use": "name", "numbers": None, "leftEmpty": 0},
                    {"column": "Thành phố", "use": "attribute", "numbers": None, "leftEmpty": 0},
                ],
                "rows": 100,
                "hiddenRows": 0,
            }
        ],
        "leftOut": [],
        "skippedHiddenRows": 0,
        "notes": [],
    },
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
        job.detected,
        job.updated_rows if job.updates else UNSET,
    )


def job_of(request: Request) -> tuple[TenantId, CampaignId, JobId]:
    """The job of a request with both ids in its path."""
    campaign_id = CampaignId(ids.from_path(request.path_params["id"], "Import job"))
    job_id = JobId(ids.from_path(request.path_params["job_id"], "Import job"))
    return principal_of(request).tenant_id, campaign_id, job_id
