"""The failed rows of an import as a file of their own."""

from collections.abc import AsyncGenerator, Callable, Sequence
from itertools import islice

from tongdai.errors import InvalidState, NotFound
from tongdai.files import Format
from tongdai.http.endpoint import Endpoint, Request, StreamingResponse, connection, endpoint
from tongdai.http.principal import Scope
from tongdai.http.streams.csv import csv_header, csv_headers, csv_of
from tongdai.http.streams.disconnect import disconnected
from tongdai.imports.model import RowOutcome
from tongdai.imports.outcomes import store as outcome_store
from tongdai.imports.outcomes.api import NOT_KEPT, PIECE_ROWS
from tongdai.imports.outcomes.failed_rows import FailedRow, failed_of, layout_of, ndjson_line
from tongdai.imports.view import job_of

_CSV = (
    "Số điện thoại,Họ tên,failedRow,failedCode,failedReason\r\n"
    "0901,Trần Thị B,3,too_short,phoneNumber is too short for a phone number\r\n"
)
_NDJSON = (
    '{"phoneNumber":"0901","name":"Trần Thị B","failedRow":3,"failedCode":"too_short",'
    '"failedReason":"phoneNumber is too short for a phone number"}\n'
)


@endpoint(
    Endpoint(
        method="GET",
        path="/campaigns/{id}/contacts/import/{job_id}/failed-rows",
        slow=True,
        scope=Scope.CAMPAIGN,
        tag="Imports",
        summary="Download the failed rows of a bulk import as the file has them, to correct and import again",
        description=(
            "Of CSV and workbooks it is CSV with the columns of the file that was sent, in their order; of NDJSON and "
            "JSON it is NDJSON. Each row has besides `failedRow`, its number in the import, `failedCode` and "
            "`failedReason`, which are not read when the file is imported. A cell that a spreadsheet would take for a "
            "formula begins with `'`, which is not read either."
        ),
        response=None,
        sample={},
        response_media={
            "text/csv": {"schema": {"type": "string"}, "example": _CSV},
            "application/x-ndjson": {"schema": {"type": "string"}, "example": _NDJSON},
        },
        failures=(InvalidState(NOT_KEPT),),
    )
)
async def failed_rows(request: Request) -> StreamingResponse:
    tenant_id, campaign_id, job_id = job_of(request)
    async with connection(request) as conn:
        file = await outcome_store.file_of(conn, tenant_id, campaign_id, job_id)
    if file is None:
        raise NotFound("Import job not found")
    if not file.rows_kept:
        raise InvalidState(NOT_KEPT)
    if file.format in {Format.JSON, Format.NDJSON}:
        name = f'attachment; filename="import-{job_id}-failed.ndjson"'.encode()
        headers = ((b"content-type", b"application/x-ndjson"), (b"content-disposition", name))
        return StreamingResponse(_pieces(request, b"", lambda rows: b"".join(map(ndjson_line, rows))), headers=headers)
    layout = layout_of(file.headings)
    pieces = _pieces(request, csv_header(layout.header), lambda rows: csv_of(map(layout.line, rows)))
    return StreamingResponse(pieces, headers=csv_headers(f"import-{job_id}-failed.csv"))


async def _pieces(
    request: Request, start: bytes, encode: Callable[[Sequence[FailedRow]], bytes]
) -> AsyncGenerator[bytes]:
    """A chunk at a time: no connection is held while the client reads."""
    tenant_id, _, job_id = job_of(request)
    yield start
    seq = -1
    async with disconnected(request) as gone:
        while not gone.done():
            async with connection(request) as conn:
                chunk = await outcome_store.next_chunk(conn, tenant_id, job_id, seq, RowOutcome.FAILED)
            if chunk is None:
                return
            seq = chunk.seq
            rows = failed_of(chunk)
            while piece := list(islice(rows, PIECE_ROWS)):
                yield encode(piece)
