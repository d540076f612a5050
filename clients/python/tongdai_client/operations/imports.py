"""Imports: start a job, follow it to its end, read the outcome of its rows, and undo it."""

import os
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import msgspec

from tongdai_client.download import download
from tongdai_client.errors import (
    ApiError,
    ConnectionFailed,
    ImportFailed,
    InsufficientScope,
    Unauthorized,
    UnexpectedAnswer,
    WaitTimeout,
)
from tongdai_client.models.base import Page
from tongdai_client.models.contacts import NewContact
from tongdai_client.models.imports import (
    FileColumns,
    Import,
    ImportId,
    ImportJob,
    ImportRow,
    ImportStarted,
    ImportUndone,
)
from tongdai_client.operation import PAGE_SIZE, Operation, PagedOperation, operation, paged_operation, without_none
from tongdai_client.session import STREAM_SILENCE_S, Session
from tongdai_client.upload import Progress, upload_of

_BULK = "/campaigns/{id}/contacts/bulk"
_JOBS = "/campaigns/{id}/contacts/import"
_JOB = "/campaigns/{id}/contacts/import/{job_id}"

UPLOAD_READ_TIMEOUT_S = 900.0
"""From the last byte of a file to the response: the server stores all rows in between."""
UNDO_READ_TIMEOUT_S = 60.0
MAX_EMPTY_STREAMS = 3
"""After so many event streams without an event `watch` only polls: a proxy buffers or blocks them."""
FIRST_POLL_S = 0.5
LONGEST_POLL_S = 5.0


def import_contacts(
    campaign_id: int,
    contacts: Iterable[NewContact | Mapping[str, object]],
    *,
    list_name: str | None = None,
    dry_run: bool = False,
    on_duplicate: str | None = None,
    idempotency_key: str | None = None,
) -> Operation[ImportStarted]:
    """Import contacts from memory. Mappings use the wire's names: `phoneNumber`, `name`, `externalId`, `attributes`.

    They are added to the list `list_name`, which is created if missing; by default to a new list. With `dry_run` the
    job gives the same counts and creates nothing. With `on_duplicate` `"update"` contacts that have the numbers get
    what the rows have. Follow it with `wait`.
    """
    body = without_none(listName=list_name, contacts=list(contacts))
    query = {"dry_run": dry_run or None, "onDuplicate": on_duplicate}
    return _started(campaign_id, body, query, idempotency_key)


def import_file(
    campaign_id: int,
    file: str | os.PathLike[str],
    *,
    list_name: str | None = None,
    dry_run: bool = False,
    compress: bool = False,
    format: str | None = None,  # noqa: A002 - as the server calls it
    encoding: str | None = None,
    sheet: str | None = None,
    all_sheets: bool = False,
    skip_hidden: bool = False,
    columns: Mapping[str, str] | None = None,
    on_duplicate: str | None = None,
    progress: Progress | None = None,
    idempotency_key: str | None = None,
) -> Operation[ImportStarted]:
    """Import a file: CSV, TSV, NDJSON, JSON or XLSX by its extension (or `format`), optionally followed by `.gz`.

    `encoding` overrides the character set that the server detects: `cp1258`, `tcvn3`, `vni` and others. Of a workbook
    it reads the first sheet with a column for the phone number, or `sheet` (its name or number), or `all_sheets`;
    `skip_hidden` leaves out hidden rows. `columns` names uses of headings where the detected ones are wrong, as
    `{"Contact": "phoneNumber", "Note": "ignored"}`. What was detected and what was left out is `detected` of the job.
    With `on_duplicate` `"update"` contacts that have the numbers get what the rows have.

    The file is streamed from the disk, from its start with each try; `compress` sends it with gzip. `progress` is
    called with the bytes sent and the size of the file. ValueError for another format, OSError if it cannot be read.
    """
    upload = upload_of(file, format, compress, progress)
    query = {
        "listName": list_name,
        "dry_run": dry_run or None,
        "encoding": encoding,
        "sheet": sheet,
        "allSheets": all_sheets or None,
        "skipHidden": skip_hidden or None,
        "columns": _as_parameter(columns),
        "onDuplicate": on_duplicate,
    }
    return replace(_started(campaign_id, upload, query, idempotency_key), read_timeout_s=UPLOAD_READ_TIMEOUT_S)


def file_columns(
    campaign_id: int,
    file: str | os.PathLike[str],
    *,
    format: str | None = None,  # noqa: A002 - as the server calls it
    encoding: str | None = None,
    sheet: str | None = None,
    all_sheets: bool = False,
    skip_hidden: bool = False,
    columns: Mapping[str, str] | None = None,
) -> Operation[FileColumns]:
    """Get the columns of a CSV file or a workbook, what an import would use each for, and some of its values.

    The parameters are those of `import_file`; nothing is stored. A file in which no column is known to have phone
    numbers is shown too: say in `columns` of `import_file` which one has them.
    """
    upload = upload_of(file, format, False, None)
    query = {
        "encoding": encoding,
        "sheet": sheet,
        "allSheets": all_sheets or None,
        "skipHidden": skip_hidden or None,
        "columns": _as_parameter(columns),
    }
    found = operation("POST", f"{_BULK}/columns", (campaign_id,), FileColumns, query, upload)
    return replace(found, read_timeout_s=UPLOAD_READ_TIMEOUT_S)


def _as_parameter(columns: Mapping[str, str] | None) -> str | None:
    return None if columns is None else msgspec.json.encode(columns).decode()


def _started(
    campaign_id: int, body: object, query: Mapping[str, str | int | bool | None], key: str | None
) -> Operation[ImportStarted]:
    def complete(started: ImportStarted) -> ImportStarted:
        return msgspec.structs.replace(started, campaign_id=campaign_id)

    return operation("POST", _BULK, (campaign_id,), ImportStarted, query, body, key, complete)


def import_job(campaign_id: int | Import, job_id: int | None = None) -> Operation[ImportJob]:
    """Get an import job, by an `ImportId` or what identifies one, or by the ids of its campaign and its own."""
    if isinstance(campaign_id, int):
        if job_id is None:
            raise TypeError("import_job takes an ImportId, or the ids of a campaign and a job")
        job: Import = ImportId(campaign_id, job_id)
    else:
        job = campaign_id
    return operation("GET", _JOB, (job.campaign_id, job.job_id), ImportJob, complete=_of(job.campaign_id))


def import_jobs(campaign_id: int, *, page_size: int = PAGE_SIZE) -> PagedOperation[ImportJob]:
    """List the import jobs of a campaign, newest first."""
    found = paged_operation(_JOBS, (campaign_id,), ImportJob, page_size, {})
    of = _of(campaign_id)

    def complete(page: Page[ImportJob]) -> Page[ImportJob]:
        return msgspec.structs.replace(page, data=[of(job) for job in page.data])

    return PagedOperation(replace(found.first, complete=complete))


def import_rows(job: Import, *, outcome: str | None = None, page_size: int = PAGE_SIZE) -> PagedOperation[ImportRow]:
    """List the rows processed so far in the file's order, optionally of one `ImportOutcome`."""
    return paged_operation(f"{_JOB}/rows", (job.campaign_id, job.job_id), ImportRow, page_size, {"outcome": outcome})


def rows_as_csv(job: Import, outcome: str | None) -> Operation[None]:
    """Get the rows as CSV."""
    rows: Operation[None] = operation("GET", f"{_JOB}/rows", (job.campaign_id, job.job_id), None, {"outcome": outcome})
    return replace(rows, accept="text/csv")


def failed_rows_as_sent(job: Import) -> Operation[None]:
    """Get the failed rows in the format that they were sent in."""
    rows: Operation[None] = operation("GET", f"{_JOB}/failed-rows", (job.campaign_id, job.job_id), None)
    return replace(rows, accept="text/csv, application/x-ndjson")


def undo_step(job: Import) -> Operation[ImportUndone]:
    """One request to undo an import; large imports need several."""
    return replace(
        operation("DELETE", _JOB, (job.campaign_id, job.job_id), ImportUndone), read_timeout_s=UNDO_READ_TIMEOUT_S
    )


def import_events(job: Import) -> Operation[ImportJob]:
    """The event stream of an import's states."""
    stream = operation("GET", f"{_JOB}/events", (job.campaign_id, job.job_id), ImportJob, complete=_of(job.campaign_id))
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
    """Wait until an import has ended and all of its rows can be read. `progress` is called with each state.

    ImportFailed if the whole import fails. WaitTimeout after `timeout` seconds; the import continues on the server.
    """
    async with aclosing(watch(session, job, timeout=timeout)) as states:
        async for state in states:
            if progress is not None:
                progress(state)
            if state.ended:
                return _unless_failed(state)
    raise AssertionError("watch ended before the import did")


async def watch(session: Session, job: Import, *, timeout: float | None = None) -> AsyncGenerator[ImportJob]:
    """Yield the states of an import, the last of them `done` or `failed`. WaitTimeout after `timeout` seconds.

    Uses the server's event stream, and polls where the stream does not get through.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    empty_streams, pause = 0, FIRST_POLL_S
    while True:
        if empty_streams < MAX_EMPTY_STREAMS:
            empty_streams += 1
            async with aclosing(_stream(session, job, deadline)) as states:
                async for state in states:
                    yield state
                    if state.ended:
                        return
                    empty_streams, pause = 0, FIRST_POLL_S
        state = await session.execute(import_job(job.campaign_id, job.job_id))
        yield state
        if state.ended:
            return
        left = LONGEST_POLL_S if deadline is None else deadline - time.monotonic()
        if left <= 0:
            raise WaitTimeout(state)
        await session.transport.sleep(min(pause, left))
        pause = min(pause * 1.5, LONGEST_POLL_S)


async def _stream(session: Session, job: Import, deadline: float | None) -> AsyncGenerator[ImportJob]:
    """Yield states until the stream ends, breaks or reaches the deadline; none if the stream cannot be opened."""
    left = STREAM_SILENCE_S if deadline is None else min(STREAM_SILENCE_S, deadline - time.monotonic())
    if left <= 0:
        return
    stream = import_events(job)
    try:
        async with session.open(stream, read_timeout_s=left) as response:
            async for event in response.events():
                yield stream.read(event.data.encode())
                if deadline is not None and time.monotonic() >= deadline:
                    return
    except (Unauthorized, InsufficientScope):
        raise
    except (ApiError, ConnectionFailed, UnexpectedAnswer):
        # Polling raises the error if it concerns more than the stream.
        return


def _unless_failed(job: ImportJob) -> ImportJob:
    if job.status == "failed":
        raise ImportFailed(job)
    return job


async def undo_import(session: Session, job: Import, *, timeout: float | None = None) -> ImportUndone:
    """Stop an import and remove those of its contacts that were never called.

    Returns when that is done or, after `timeout` seconds, with `undone` False; the server continues. May be repeated.
    InvalidState if the import is so old that its rows have been deleted.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        undone = await session.execute(undo_step(job))
        if undone.undone or (deadline is not None and time.monotonic() >= deadline):
            return undone


async def save_rows_csv(
    session: Session, job: Import, file: str | os.PathLike[str], *, outcome: str | None = None
) -> Path:
    """Save the rows, optionally of one `ImportOutcome`, as a CSV file; returns its path.

    The response is streamed to the disk and replaces the file only when it is complete.
    """
    return await download(session, rows_as_csv(job, outcome), file)


async def save_failed_rows(session: Session, job: Import, file: str | os.PathLike[str]) -> Path:
    """Save the failed rows as they were sent, each with the reason, in a file to correct and import again.

    Of CSV and workbooks it is CSV with the columns of the file, of NDJSON and JSON it is NDJSON; `failedRow`,
    `failedCode` and `failedReason` in it are not imported. Returns its path; streamed as by `save_rows_csv`.
    """
    return await download(session, failed_rows_as_sent(job), file)
