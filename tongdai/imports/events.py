"""The progress of an import as server-sent events."""

import msgspec

from tongdai.errors import NotFound
from tongdai.http.endpoint import Endpoint, Request, StreamingResponse, connection, endpoint
from tongdai.http.principal import Scope
from tongdai.http.streams import event_source
from tongdai.http.streams.event_source import EventSource
from tongdai.imports import store
from tongdai.imports.model import Job, JobStatus
from tongdai.imports.view import SAMPLE, job_of, view

POLL_S = 0.25


@endpoint(
    Endpoint(
        method="GET",
        path="/campaigns/{id}/contacts/import/{job_id}/events",
        scope=Scope.CAMPAIGN,
        tag="Imports",
        summary="Follow a bulk import as server-sent events",
        description=(
            "`event: progress` with the job as `data`, the first at once, then at most each 250 ms when something has "
            "changed; the last event is `done` or `failed`, and then the stream ends. A comment each 15 s shows that "
            "the connection lives."
        ),
        response=None,
        sample=SAMPLE,
        response_media=event_source.media(b"event: progress\ndata: %s\n\n" % msgspec.json.encode(SAMPLE)),
        failures=(event_source.too_many(),),
    )
)
async def events(request: Request) -> StreamingResponse:
    source = EventSource(lambda: _find(request), event_of, POLL_S, is_last=lambda job: job.settled)
    return event_source.stream(request, source, await _find(request))


async def _find(request: Request) -> Job:
    async with connection(request) as conn:
        job = await store.find(conn, *job_of(request))
    if job is None:
        raise NotFound("Import job not found")
    return job


def event_of(job: Job) -> bytes:
    name = "progress"
    if job.settled:
        name = "failed" if job.status is JobStatus.FAILED else "done"
    return event_source.event(name, view(job))
