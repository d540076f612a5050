"""The outcome of each row of an import: by pages, or all of it as CSV."""

from collections.abc import AsyncGenerator
from itertools import islice
from typing import Annotated, Any, NamedTuple

import msgspec

from tongdai.errors import InvalidInput, InvalidState, NotFound, shown
from tongdai.http import cursor, paging
from tongdai.http.cursor import Listed, Reading
from tongdai.http.endpoint import Endpoint, Query, Request, Response, StreamingResponse, connection, endpoint, query_of
from tongdai.http.envelope import ok
from tongdai.http.openapi.fields import one_of
from tongdai.http.paging import Page
from tongdai.http.principal import Scope
from tongdai.http.streams.csv import accepts_csv, csv_header, csv_headers, csv_of
from tongdai.http.streams.disconnect import disconnected
from tongdai.ids import CampaignId, JobId, TenantId
from tongdai.imports import store
from tongdai.imports.model import RowOutcome, RowResult
from tongdai.imports.outcomes import codec
from tongdai.imports.outcomes import store as outcome_store
from tongdai.imports.view import job_of

PIECE_ROWS = 1000
CHUNKS_AT_ONCE = 10
"""Chunks that a response by a cursor reads; each takes milliseconds to decode."""
_HEADER = ("row", "phoneNumber", "externalId", "outcome", "reason", "reasonCode", "contactId")
NOT_KEPT = "The outcomes of the rows of this import are no longer kept"


class RowView(msgspec.Struct):
    row: int
    """Number of the row in the import, from 1; a header is none."""
    phoneNumber: str | None
    """The number as sent; null where there was none."""
    externalId: str | None
    """The reference as sent."""
    outcome: Annotated[str, one_of(RowOutcome)]
    """The outcome of the row."""
    reason: str | None
    """Why it was not created, in English; null if it was, or updated a contact."""
    reasonCode: Annotated[str, one_of(codec.REASON_CODES)] | None
    """The same as a code."""
    contactId: int | None
    """The contact that was created or updated; of a duplicate, the one that has the number; null in a dry run, and of a
    failed row."""


class RowPage(Listed, kw_only=True):
    data: list[RowView]
    """The rows processed so far, in their order."""


_ROW_SAMPLE: dict[str, Any] = {
    "row": 1,
    "phoneNumber": "0901",
    "externalId": None,
    "outcome": "failed",
    "reason": "phoneNumber is too short for a phone number",
    "reasonCode": "too_short",
    "contactId": None,
}


@endpoint(
    Endpoint(
        method="GET",
        path="/campaigns/{id}/contacts/import/{job_id}/rows",
        slow=True,
        scope=Scope.CAMPAIGN,
        tag="Imports",
        summary="List the outcomes of the rows of a bulk import processed so far",
        description=(
            "`row` counts the rows as sent, from 1; a header is none. A duplicate names the contact that it repeats: "
            "`in_campaign` one from before this import, `repeated` that of an earlier row. With `Accept: text/csv` all "
            "matching rows come as one file, whatever `page` and `size`; a cell that a spreadsheet would take for a "
            "formula begins with `'`."
        ),
        query=(
            Query(
                "outcome",
                "Rows with that outcome alone",
                {"type": "string", "enum": [str(outcome) for outcome in RowOutcome]},
                "failed",
            ),
            *paging.PAGE_QUERY,
            cursor.QUERY,
        ),
        response=RowPage,
        sample={"success": "1", "totalRecord": 1, "data": [_ROW_SAMPLE]},
        response_media={
            "text/csv": {
                "schema": {"type": "string"},
                "example": "row,phoneNumber,externalId,outcome,reason,reasonCode,contactId\r\n"
                "1,0901,,failed,phoneNumber is too short for a phone number,too_short,\r\n",
            }
        },
        failures=(InvalidState(NOT_KEPT),),
    )
)
async def rows(request: Request) -> Response | StreamingResponse:
    place = job_of(request)
    tenant_id, _, job_id = place
    query = query_of(request)
    page, wanted = paging.page_of(query), _outcome(query)
    await _check(request, *place)
    if accepts_csv(request.headers.get("accept", "")):
        return StreamingResponse(
            _all(request, tenant_id, job_id, wanted), headers=csv_headers(f"import-{job_id}-rows.csv")
        )
    reading = cursor.reading_of(request, query, RowKey)
    if reading is not None:
        return ok(await _read(request, tenant_id, job_id, wanted, reading))
    found, total = await _page(request, tenant_id, job_id, wanted, page)
    return ok(RowPage(totalRecord=total, data=[RowView(*row) for row in found]))


async def _check(request: Request, tenant_id: TenantId, campaign_id: CampaignId, job_id: JobId) -> None:
    async with connection(request) as conn:
        job = await store.find(conn, tenant_id, campaign_id, job_id)
    if job is None:
        raise NotFound("Import job not found")
    if not job.rows_kept:
        raise InvalidState(NOT_KEPT)


def _outcome(query: dict[str, list[str]]) -> RowOutcome | None:
    text = paging.single(query, "outcome")
    if text is None:
        return None
    if text not in list(RowOutcome):
        raise InvalidInput(f"outcome must be created, updated, duplicate or failed, not {shown(text)!r}")
    return RowOutcome(text)


async def _page(
    request: Request, tenant_id: TenantId, job_id: JobId, wanted: RowOutcome | None, page: Page
) -> tuple[list[RowResult], int]:
    found: list[RowResult] = []
    async with connection(request) as conn:
        places, total = await outcome_store.places(conn, tenant_id, job_id, wanted, page.size, page.offset)
        for place in places:
            chunk = await outcome_store.chunk(conn, tenant_id, job_id, place.seq)
            if chunk is None:
                raise InvalidState(NOT_KEPT)
            matching = codec.results_of(chunk, wanted)
            found.extend(islice(matching, max(page.offset - place.before, 0), page.offset + page.size - place.before))
    return found, total


class RowKey(NamedTuple):
    """The row that was read last, by its chunk and its number in the import."""

    seq: int
    row: int


async def _read(
    request: Request, tenant_id: TenantId, job_id: JobId, wanted: RowOutcome | None, reading: Reading[RowKey]
) -> RowPage:
    """The next rows, of a few chunks at most: where few rows match, a response has fewer than asked for, or none."""
    last = reading.after or RowKey(0, 0)
    found: list[tuple[RowKey, RowResult]] = []
    seq = last.seq - 1
    async with connection(request) as conn:
        for _ in range(CHUNKS_AT_ONCE):
            chunk = await outcome_store.next_chunk(conn, tenant_id, job_id, seq, wanted)
            if chunk is None:
                break
            seq = chunk.seq
            behind = (row for row in codec.results_of(chunk, wanted) if row.row > last.row)
            found += [(RowKey(seq, row.row), row) for row in islice(behind, reading.limit - len(found))]
            if len(found) == reading.limit:
                break
        else:
            # Read to the end of a chunk, and there may be more: the next response continues with the next one.
            rows = [RowView(*row) for _, row in found]
            return RowPage(nextCursor=reading.seal(RowKey(seq + 1, 0)), data=rows)
    read, more = reading.cut(found, lambda one: one[0])
    return RowPage(nextCursor=more, data=[RowView(*row) for _, row in read])


async def _all(
    request: Request, tenant_id: TenantId, job_id: JobId, wanted: RowOutcome | None
) -> AsyncGenerator[bytes]:
    """A file of all matching rows, a chunk at a time: no connection is held while the client reads."""
    yield csv_header(_HEADER)
    seq = -1
    async with disconnected(request) as gone:
        while not gone.done():
            async with connection(request) as conn:
                chunk = await outcome_store.next_chunk(conn, tenant_id, job_id, seq, wanted)
            if chunk is None:
                return
            seq = chunk.seq
            matching = codec.results_of(chunk, wanted)
            while piece := list(islice(matching, PIECE_ROWS)):
                yield csv_of(piece)
