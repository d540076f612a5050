"""`/reports/imports`: imports of contacts by interval."""

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
from tongdai.ids import CampaignId
from tongdai.reports import names, table
from tongdai.reports.imports import store
from tongdai.reports.imports.view import ROW_SAMPLE, SAMPLE, ImportReport, ImportReportRow, report
from tongdai.reports.request import CAMPAIGN, PERIOD, Format, format_of, period


@endpoint(
    Endpoint(
        method="GET",
        path="/reports/imports",
        scope=Scope.REPORT,
        tag="Reports",
        summary="Report imports of contacts by interval: rows that became contacts, were there already, or failed",
        description=(
            "An import belongs to the interval in which it was sent; dry runs are left out. "
            "As a file (`format`, or `Accept`) it has the rows of `data`."
        ),
        query=(*PERIOD, CAMPAIGN),
        response=ImportReport,
        sample=SAMPLE,
        response_media=table.media(ROW_SAMPLE, ImportReportRow),
        slow=True,
    )
)
async def imports(request: Request) -> Response | StreamingResponse:
    tenant_id, kind = principal_of(request).tenant_id, format_of(request)
    campaign_id = paging.optional_id(query_of(request), "campaignId", CampaignId)
    async with connection(request) as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        asked = period(request, await zone_of(conn, tenant_id))
        counted = await store.counted(conn, tenant_id, asked.start, asked.end, campaign_id)
        named = await names.campaigns(conn, tenant_id)
    found = report(asked, counted, named)
    if kind is Format.JSON:
        return ok(found)
    return table.file(request, "imports", kind, ImportReportRow, found.data, found.time_zone)


HANDLERS: list[Route] = [imports]
