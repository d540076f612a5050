"""`/reports/missed`: calls to queues that nobody answered, by interval."""

from tongdai.calls.export.store import zone_of
from tongdai.http import paging
from tongdai.http.endpoint import (
    Endpoint,
    Request,
    Response,
    Route,
    StreamingResponse,
    connection,
    endpoint,
    principal_of,
    query_of,
)
from tongdai.http.envelope import ok
from tongdai.http.principal import Scope
from tongdai.ids import QueueId
from tongdai.reports import names, table
from tongdai.reports.missed import store
from tongdai.reports.missed.view import ROW_SAMPLE, SAMPLE, MissedReport, MissedRow, report
from tongdai.reports.request import PERIOD, QUEUE, Format, format_of, period


@endpoint(
    Endpoint(
        method="GET",
        path="/reports/missed",
        scope=Scope.REPORT,
        tag="Reports",
        summary="Report missed calls by interval: how they ended, and whether the callers were served later",
        description=(
            "The calls of `GET /v1/missed-calls`, in the interval in which they came in, with their states now. "
            "As a file (`format`, or `Accept`) it has the rows of `data`."
        ),
        query=(*PERIOD, QUEUE),
        response=MissedReport,
        sample=SAMPLE,
        response_media=table.media(ROW_SAMPLE, MissedRow),
        slow=True,
    )
)
async def missed(request: Request) -> Response | StreamingResponse:
    tenant_id, kind = principal_of(request).tenant_id, format_of(request)
    queue_id = paging.optional_id(query_of(request), "queueId", QueueId)
    async with connection(request) as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        asked = period(request, await zone_of(conn, tenant_id))
        counted = await store.counted(conn, tenant_id, asked.start, asked.end, queue_id)
        named = await names.queues(conn, tenant_id)
    found = report(asked, counted, named)
    if kind is Format.JSON:
        return ok(found)
    return table.file(request, "missed", kind, MissedRow, found.data, found.time_zone)


HANDLERS: list[Route] = [missed]
