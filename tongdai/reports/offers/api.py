"""`/reports/offers`: offers of callers to agents by interval."""

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
from tongdai.http.principal import Own, Scope
from tongdai.ids import AgentId, QueueId
from tongdai.reports import names, table
from tongdai.reports.offers import store
from tongdai.reports.offers.view import ROW_SAMPLE, SAMPLE, OfferReport, OfferRow, report
from tongdai.reports.request import AGENT, PERIOD, QUEUE, TEAM, Format, format_of, period, team_of


@endpoint(
    Endpoint(
        method="GET",
        path="/reports/offers",
        scope=Scope.REPORT,
        own=Own.QUERY,
        tag="Reports",
        summary="Report the offers of callers to agents by interval: whose phone rang, and what came of it",
        description=(
            "An offer belongs to the interval in which it began. An agent who signs in may read their own, by "
            "`agentId`. As a file (`format`, or `Accept`) it has the rows of `data`."
        ),
        query=(*PERIOD, QUEUE, AGENT, TEAM),
        response=OfferReport,
        sample=SAMPLE,
        response_media=table.media(ROW_SAMPLE, OfferRow),
        slow=True,
    )
)
async def offers(request: Request) -> Response | StreamingResponse:
    tenant_id, query, kind = principal_of(request).tenant_id, query_of(request), format_of(request)
    by = (
        paging.optional_id(query, "queueId", QueueId),
        paging.optional_id(query, "agentId", AgentId),
        team_of(request),
    )
    async with connection(request) as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        asked = period(request, await zone_of(conn, tenant_id))
        counted = [one async for one in store.counted(conn, tenant_id, asked.start, asked.end, by)]
        queues, agents = await names.queues(conn, tenant_id), await names.agents(conn, tenant_id)
    found = report(asked, counted, queues, agents)
    return (
        ok(found) if kind is Format.JSON else table.file(request, "offers", kind, OfferRow, found.data, found.time_zone)
    )


HANDLERS: list[Route] = [offers]
