"""Imports: sending contacts, following a job to its end, its rows, and taking it back."""

import os
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import msgspec

from tongdai.client.calls import PAGE_SIZE, Call, Listing, call, listing, present
from tongdai.client.errors import (
    ApiError,
    ConnectionFailed,
    ImportFailed,
    InsufficientScope,
    Unauthorized,
    UnexpectedAnswer,
    WaitTimeout,
)
from tongdai.client.model import (
    Import,
    ImportJob,
    ImportRow,
    ImportStarted,
    ImportUndone,
    NewContact,
    Page,
)
from tongdai.client.saving import save
from tongdai.client.session import Session
from tongdai.client.uploads import Progress, upload_of

_BULK = "/campaigns/{id}/contacts/bulk"
_JOBS = "/campaigns/{id}/contacts/import"
_JOB = "/campaigns/{id}/contacts/import/{job_id}"

TAKEN_IN_S = 900.0
"""How long the server may need, after the last byte of a file, until it has all rows of it."""
UNDO_S = 60.0
SILENCE_S = 45.0
"""An event stream says something each 15 s; after so long without, it is broken."""
VAIN_STREAMS = 3
"""Streams without an event after which polling alone goes on: something between here and the server holds them back."""
FIRST_POLL_S = 0.5
LONGEST_POLL_S = 5.0


def import_contacts(
    campaign_id: int,
    contacts: Iterable[NewContact | Mapping[str, object]],
    *,
    list_name: str | None = None,
    dry_run: bool = False,
    idempotency_key: str | None = None,
) -> Call[ImportStarted]:
    """Import contacts from memory; mappings have the wire's names (`phoneNumber`, `name`, `externalId`, `attributes`).

    They go to the list of that name, made if there is none; without a name, to a new one. `dry_run` gives the same
    counts and makes nothing. Follow it with `wait`.
    """
    body = present(listName=list_name, contacts=list(contacts))
    return _started(campaign_id, body, {"dry_run": dry_run or None}, idempotency_key)


def import_file(
    campaign_id: int,
    file: str | os.PathLike[str],
    *,
    list_name: str | None = None,
    dry_run: bool = False,
    compress: bool = False,
    format: str | None = None,  # noqa: A002 - as the server calls it
    progress: Progress | None = None,
    idempotency_key: str | None = None,
) -> Call[ImportStarted]:
    """Import a file: CSV, TSV, NDJSON, JSON or XLSX by the end of its name (or `format`), also with `.gz` behind it.

    It is streamed from the disk, from the start again with each try; `compress` sends it with gzip. `progress` gets
    the bytes sent and the bytes there are. ValueError for a file of no such kind, OSError when it cannot be read.
    """
    upload = upload_of(file, format, compress, progress)
    query = {"listName": list_name, "dry_run": dry_run or None}
    return replace(_started(campaign_id, upload, query, idempotency_key), read_timeout_s=TAKEN_IN_S)


def _started(
    campaign_id: int, body: object, query: Mapping[str, str | int | bool | None], key: str | None
) -> Call[ImportStarted]:
    def complete(started: ImportStarted) -> ImportStarted:
        return msgspec.structs.replace(started, campaign_id=campaign_id)

    return call("POST", _BULK, (campaign_id,), ImportStarted, query, body, key, complete)


def import_job(campaign_id: int, job_id: int) -> Call[ImportJob]:
    """How far an import is."""
    return call("GET", _JOB, (campaign_id, job_id), ImportJob, complete=_of(campaign_id))


def import_jobs(campaign_id: int, *, page_size: int = PAGE_SIZE) -> Listing[ImportJob]:
    """The campaign's imports, newest first."""
    found = listing(_JOBS, (campaign_id,), ImportJob, page_size, {})
    of = _of(campaign_id)

    def complete(page: Page[ImportJob]) -> Page[ImportJob]:
        return msgspec.structs.replace(page, data=[of(job) for job in page.data])

    return Listing(replace(found.first, complete=complete))


def import_rows(job: Import, *, outcome: str | None = None, page_size: int = PAGE_SIZE) -> Listing[ImportRow]:
    """What became of each row that is processed so far, in the file's order: all, or those of an `Outcome`."""
    return listing(f"{_JOB}/rows", (job.campaign_id, job.job_id), ImportRow, page_size, {"outcome": outcome})


def rows_as_csv(job: Import, outcome: str | None) -> Call[None]:
    """All such rows at once, as a stream of CSV."""
    rows: Call[None] = call("GET", f"{_JOB}/rows", (job.campaign_id, job.job_id), None, {"outcome": outcome})
    return replace(rows, accept="text/csv")


def undo(job: Import) -> Call[ImportUndone]:
    """One request to take an import back; large ones need several."""
    return replace(call("DELETE", _JOB, (job.campaign_id, job.job_id), ImportUndone), read_timeout_s=UNDO_S)


def events(job: Import) -> Call[ImportJob]:
    """The stream of an import's states."""
    stream = call("GET", f"{_JOB}/events", (job.campaign_id, job.job_id), ImportJob, complete=_of(job.campaign_id))
    return replace(stream, accept="text/event-stream")


def _of(campaign_id: int) -> Callable[[ImportJob], ImportJob]:
    def complete(job: ImportJob) -> ImportJob:
        return msgspec.structs.replace(job, campaign_id=campaign_id)

    return complete


async def wait(
    session: Session,
    job: Import,
    *,
    timeout: float | None = None,
    progress: Callable[[ImportJob], object] | None = None,
) -> ImportJob:
    """The import at its end, when all of its rows can be read. `progress` gets each of its states on the way.

    ImportFailed when it fails as a whole; WaitTimeout after `timeout` seconds, while it goes on.
    """
    async with aclosing(watch(session, job, timeout=timeout)) as states:
        async for state in states:
            if progress is not None:
                progress(state)
            if state.ended:
                return _unless_failed(state)
    raise AssertionError("watch ends with the end of the import")


async def watch(session: Session, job: Import, *, timeout: float | None = None) -> AsyncGenerator[ImportJob]:
    """An import's states as they come, the last of them `done` or `failed`. WaitTimeout after `timeout` seconds.

    By the server's events where they get through, by polling otherwise.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    vain, pause = 0, FIRST_POLL_S
    while True:
        if vain < VAIN_STREAMS:
            vain += 1
            async with aclosing(_streamed(session, job, deadline)) as states:
                async for state in states:
                    yield state
                    if state.ended:
                        return
                    vain, pause = 0, FIRST_POLL_S
        state = await session.do(import_job(job.campaign_id, job.job_id))
        yield state
        if state.ended:
            return
        left = LONGEST_POLL_S if deadline is None else deadline - time.monotonic()
        if left <= 0:
            raise WaitTimeout(state)
        await session.transport.sleep(min(pause, left))
        pause = min(pause * 1.5, LONGEST_POLL_S)


async def _streamed(session: Session, job: Import, deadline: float | None) -> AsyncGenerator[ImportJob]:
    """States until the stream ends, breaks or reaches the deadline; none where there is no stream to be had."""
    left = SILENCE_S if deadline is None else min(SILENCE_S, deadline - time.monotonic())
    if left <= 0:
        return
    stream = events(job)
    try:
        async with session.open(stream, read_timeout_s=left) as reply:
            async for event in reply.events():
                yield stream.read(event.data.encode())
                if deadline is not None and time.monotonic() >= deadline:
                    return
    except (Unauthorized, InsufficientScope):
        raise
    except (ApiError, ConnectionFailed, UnexpectedAnswer):
        # Polling tells what is wrong, if it is more than the stream.
        return


def _unless_failed(job: ImportJob) -> ImportJob:
    if job.status == "failed":
        raise ImportFailed(job)
    return job


async def undo_import(session: Session, job: Import, *, timeout: float | None = None) -> ImportUndone:
    """Stop an import and take back those of its contacts that are still pending.

    Returns when that is done, or after `timeout` seconds with `undone` False, while the server goes on. May be
    repeated. InvalidState when it was so long ago that its rows are not kept any more.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        undone = await session.do(undo(job))
        if undone.undone or (deadline is not None and time.monotonic() >= deadline):
            return undone


async def save_rows_csv(
    session: Session, job: Import, file: str | os.PathLike[str], *, outcome: str | None = None
) -> Path:
    """Write what became of each row, or of those of an `Outcome`, to a CSV file; its path.

    It is streamed to the disk, and the file is there, or replaced, only when it is whole.
    """
    return await save(session, rows_as_csv(job, outcome), file)
