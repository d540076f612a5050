"""`/reports/agents`: time of agents with customers, and in their states, by interval."""

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
from tongdai.ids import AgentId
from tongdai.reports import names, table
from tongdai.reports.agents import store
from tongdai.reports.agents.view import ROW_SAMPLE, SAMPLE, AgentReport, AgentRow, report
from tongdai.reports.request import AGENT, PERIOD, TEAM, Format, format_of, period, team_of


@endpoint(
    Endpoint(
        method="GET",
        path="/reports/agents",
        scope=Scope.REPORT,
        own=Own.QUERY,
        tag="Reports",
        summary="Report the time of agents by interval: with customers, and signed in by state",
        description=(
            "A part of a call belongs to the interval in which it began; a state is split at the edges of intervals, "
            "and one that has not ended counts up to now. An agent who signs in may read their own, by "
            "`agentId`. As a file (`format`, or `Accept`) it has the rows of `data`."
        ),
        query=(*PERIOD, AGENT, TEAM),
        response=AgentReport,
        sample=SAMPLE,
        response_media=table.media(ROW_SAMPLE, AgentRow),
        slow=True,
    )
)
async def agents(request: Request) -> Response | StreamingResponse:
    tenant_id, query, kind = principal_of(request).tenant_id, query_of(request), format_of(request)
    by = (
        paging.optional_id(query, "agentId", AgentId),
        team_of(request),
    )
    async with connection(request) as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        asked = period(request, await zone_of(conn, tenant_id))
        counted = await store.counted(conn, tenant_id, asked, by)
        named = await names.agents(conn, tenant_id)
    found = report(asked, counted, named)
    return (
        ok(found) if kind is Format.JSON else table.file(request, "agents", kind, AgentRow, found.data, found.time_zone)
    )


HANDLERS: list[Route] = [agents]
