"""`/reports/queues`: callers of queues by interval."""

import asyncio

from tongdai.calls.export.store import zone_of
from tongdai.http import paging
from tongdai.http.endpoint import (
    Endpoint,
    Query,
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
from tongdai.queues.live.model import MAX_SERVICE_S
from tongdai.reports import table
from tongdai.reports.queues import kept, store
from tongdai.reports.queues.view import ROW_SAMPLE, SAMPLE, QueueReport, QueueRow, report
from tongdai.reports.request import PERIOD, QUEUE, Format, format_of, period

_SERVICE = Query(
    "serviceLevelSec",
    "The threshold of the service level, T; without it each queue has its own, by its settings",
    {"type": "integer", "minimum": 1, "maximum": MAX_SERVICE_S},
)


@endpoint(
    Endpoint(
        method="GET",
        path="/reports/queues",
        scope=Scope.REPORT,
        tag="Reports",
        summary="Report the callers of queues by interval: how each wait ended, service levels, waits, handling",
        description=(
            "A call belongs to the interval in which it arrived, in every queue that it reached, so that each row adds "
            "up: `offered` is the sum of the results. `formulas` names how the figures are computed. As a file "
            "(`format`, or `Accept`) it has the rows of `data`."
        ),
        query=(*PERIOD, QUEUE, _SERVICE),
        response=QueueReport,
        sample=SAMPLE,
        response_media=table.media(ROW_SAMPLE, QueueRow),
        slow=True,
    )
)
async def queues(request: Request) -> Response | StreamingResponse:
    tenant_id, query, kind = principal_of(request).tenant_id, query_of(request), format_of(request)
    queue_id = paging.optional_id(query, "queueId", QueueId)
    service_s = paging.whole(query, "serviceLevelSec", 0, 1, MAX_SERVICE_S) or None
    async with connection(request) as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        asked = period(request, await zone_of(conn, tenant_id))
        named = await store.queues(conn, tenant_id)
        counted = [part async for part in kept.counted(conn, tenant_id, asked.start, asked.end)]
    # A quarter of a million callers take a second, in which others are served.
    found = await asyncio.to_thread(report, asked, counted, named, queue_id, service_s)
    if kind is Format.JSON:
        return ok(found)
    return table.file(request, "queues", kind, QueueRow, found.data, found.time_zone)


HANDLERS: list[Route] = [queues]
