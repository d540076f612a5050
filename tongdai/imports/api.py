"""Polling, listing and undoing the jobs of bulk imports."""

import asyncio
from contextlib import suppress
from functools import partial

from tongdai import ids
from tongdai.errors import InvalidState, NotFound
from tongdai.http import cursor, paging
from tongdai.http.cursor import Listed
from tongdai.http.endpoint import (
    Endpoint,
    Request,
    Response,
    Route,
    connection,
    endpoint,
    principal_of,
    query_of,
    settings_of,
)
from tongdai.http.envelope import Done, done_sample, ok
from tongdai.http.principal import Scope
from tongdai.ids import CampaignId, JobId
from tongdai.imports import store
from tongdai.imports import undo as undo_store
from tongdai.imports.events import events
from tongdai.imports.intake import api as intake
from tongdai.imports.intake import look_api
from tongdai.imports.model import Job
from tongdai.imports.outcomes.api import rows
from tongdai.imports.outcomes.failed_api import failed_rows
from tongdai.imports.undo import NotUndone
from tongdai.imports.view import SAMPLE, JobView, job_of, view

_TAG = "Imports"
UNDO_POLL_S = 0.1
_NOT_KEPT = "The rows of this import are no longer kept: it cannot be undone"


class JobPage(Listed, kw_only=True):
    data: list[JobView]
    """The imports, newest first."""


class Undone(Done, kw_only=True):
    job_id: int
    """The import."""
    removedRows: int
    """Contacts removed so far."""
    undone: bool
    """Whether all are removed that can be; false: more are being removed."""


@endpoint(
    Endpoint(
        method="GET",
        path="/campaigns/{id}/contacts/import/{job_id}",
        by_vendor=True,
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="Poll the status of a bulk import; a job survives any restart of the server",
        response=JobView,
        sample=SAMPLE,
    )
)
async def job(request: Request) -> Response:
    return ok(view(await _find(request)))


async def _find(request: Request) -> Job:
    async with connection(request) as conn:
        found = await store.find(conn, *job_of(request))
    if found is None:
        raise NotFound("Import job not found")
    return found


@endpoint(
    Endpoint(
        method="GET",
        path="/campaigns/{id}/contacts/import",
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="The campaign's bulk imports, newest first",
        query=(*paging.PAGE_QUERY, cursor.QUERY),
        response=JobPage,
        sample={"success": "1", "totalRecord": 1, "data": [SAMPLE]},
    )
)
async def jobs(request: Request) -> Response:
    campaign_id = CampaignId(ids.from_path(request.path_params["id"], "Campaign"))
    query, tenant_id = query_of(request), principal_of(request).tenant_id
    wanted = cursor.list_request(request, query, JobId)
    async with connection(request) as conn:
        part = await wanted.fetch(
            page=partial(store.page, conn, tenant_id, campaign_id),
            after=partial(store.after, conn, tenant_id, campaign_id),
            key=lambda job: job.job_id,
            missing="Campaign not found",
        )
    return ok(JobPage(totalRecord=part.total, nextCursor=part.next, data=[view(job) for job in part.rows]))


@endpoint(
    Endpoint(
        method="DELETE",
        path="/campaigns/{id}/contacts/import/{job_id}",
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="Undo a bulk import: stop it if it runs, and remove those of its contacts that were not called yet",
        description=(
            "Waits for the last contact to go, 15 s (`undo_wait_s`) at the most. `undone` false says that more are "
            "left: they are being removed; repeat the request, or poll the job until `undoneAt` is set. Repeated, it "
            "changes nothing more. "
            "The list stays, and so do values that the import gave to contacts that were there before it."
        ),
        response=Undone,
        sample=done_sample("Import undone: 2 contacts removed", job_id=5, removedRows=2, undone=True),
        failures=(InvalidState(_NOT_KEPT),),
    )
)
async def undo(request: Request) -> Response:
    place = job_of(request)
    async with connection(request) as conn:
        found = await undo_store.request_undo(conn, *place, principal_of(request).author)
    match found:
        case NotUndone.NO_JOB:
            raise NotFound("Import job not found")
        case NotUndone.ROWS_DROPPED:
            raise InvalidState(_NOT_KEPT)
        case Job():
            return ok(_undone(await _until_undone(request, found)))


async def _until_undone(request: Request, found: Job) -> Job:
    """The job once it is undone, or as it is when the wait is over; no connection is held meanwhile."""
    loop, stopping = asyncio.get_running_loop(), request.resources.stopping
    deadline = loop.time() + settings_of(request).undo_wait_s
    while found.undoing and loop.time() < deadline and not stopping.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), UNDO_POLL_S)
        found = await _find(request)
    return found


def _undone(job: Job) -> Undone:
    removed = f"{job.removed_rows} contact{'' if job.removed_rows == 1 else 's'} removed"
    message = f"Import is being undone: {removed} so far" if job.undoing else f"Import undone: {removed}"
    if job.updated_rows:
        message += f"; what {job.updated_rows} updated row{'' if job.updated_rows == 1 else 's'} changed stays"
    return Undone(
        error_message=message,
        job_id=job.job_id,
        removedRows=job.removed_rows,
        undone=not job.undoing,
    )


HANDLERS: list[Route] = [*intake.HANDLERS, *look_api.HANDLERS, jobs, job, rows, failed_rows, events, undo]
