"""The progress of an import as server-sent events."""

import asyncio
from collections.abc import AsyncGenerator

import msgspec

from tongdai.db.pool import unreachable
from tongdai.errors import NotFound, Unavailable
from tongdai.http.endpoint import Endpoint, Request, Stream, connection, endpoint, settings_of
from tongdai.http.principal import Scope
from tongdai.imports import store
from tongdai.imports.leaving import watched
from tongdai.imports.model import Job, JobStatus
from tongdai.imports.view import SAMPLE, job_of, view

POLL_S = 0.25
QUIET_S = 15.0
"""After so long without an event a comment tells everybody on the way that the connection lives."""
RETRY_AFTER_S = 5
_HEADERS = (
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)
_encode = msgspec.json.Encoder().encode


class _Streams:
    def __init__(self) -> None:
        self.open = 0


_streams = _Streams()


def open_streams() -> int:
    """How many clients this process tells the progress of imports."""
    return _streams.open


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
        answer=None,
        sample=SAMPLE,
        answer_media={
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": f"event: progress\ndata: {msgspec.json.encode(SAMPLE).decode()}\n\n",
            }
        },
        failures=(Unavailable("Too many event streams are open: poll the job, or try again", RETRY_AFTER_S),),
    )
)
async def events(request: Request) -> Stream:
    job = await _find(request)
    if _streams.open >= settings_of(request).max_event_streams:
        raise Unavailable("Too many event streams are open: poll the job, or try again", RETRY_AFTER_S)
    return Stream(_told(request, job), headers=_HEADERS)


async def _find(request: Request) -> Job:
    async with connection(request) as conn:
        job = await store.find(conn, *job_of(request))
    if job is None:
        raise NotFound("Import job not found")
    return job


async def _told(request: Request, job: Job) -> AsyncGenerator[bytes]:
    """The events, until nothing changes any more or the client goes. No connection is held between two looks."""
    loop = asyncio.get_running_loop()
    _streams.open += 1
    try:
        async with watched(request) as gone:
            yield event_of(job)
            told_at, told = loop.time(), job
            while not told.settled and not gone.done():
                await asyncio.wait((gone,), timeout=POLL_S)
                job = await _look(request, told)
                if job != told:
                    yield event_of(job)
                    told_at, told = loop.time(), job
                elif loop.time() - told_at >= QUIET_S:
                    yield b": still there\n\n"
                    told_at = loop.time()
    finally:
        _streams.open -= 1


async def _look(request: Request, last: Job) -> Job:
    """The job; as it was last while the database is away."""
    try:
        return await _find(request)
    except Exception as error:
        if not unreachable(error):
            raise
        return last


def event_of(job: Job) -> bytes:
    name = "progress"
    if job.settled:
        name = "failed" if job.status is JobStatus.FAILED else "done"
    return b"event: %s\ndata: %s\n\n" % (name.encode(), _encode(view(job)))
