"""Polling the jobs of bulk imports."""

from datetime import datetime

import msgspec

from tongdai import ids
from tongdai.errors import NotFound
from tongdai.http.endpoint import Answer, ApiRequest, Endpoint, Route, connection, endpoint, principal_of
from tongdai.http.envelope import answer
from tongdai.http.principal import Scope
from tongdai.ids import CampaignId, JobId
from tongdai.imports import intake, store
from tongdai.imports.model import Job

_TAG = "Imports"


class JobView(msgspec.Struct):
    jobId: int
    status: str
    totalRows: int
    processedRows: int
    failedRows: int
    duplicateRows: int
    errorMessage: str | None
    createdRows: int
    listId: int
    listName: str
    startedAt: datetime | None
    finishedAt: datetime | None


@endpoint(
    Endpoint(
        method="GET",
        path="/campaigns/{id}/contacts/import/{job_id}",
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="Poll the status of a bulk import; a job survives any restart of the server",
        answer=JobView,
        sample={
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
        },
    )
)
async def job(request: ApiRequest) -> Answer:
    campaign_id = CampaignId(ids.from_path(request.path_params["id"], "Import job"))
    job_id = JobId(ids.from_path(request.path_params["job_id"], "Import job"))
    async with connection(request) as conn:
        found = await store.find(conn, principal_of(request).tenant_id, campaign_id, job_id)
    if found is None:
        raise NotFound("Import job not found")
    return answer(_view(found))


def _view(job: Job) -> JobView:
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
    )


HANDLERS: list[Route] = [*intake.HANDLERS, job]
