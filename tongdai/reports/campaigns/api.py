"""`/reports/campaigns`: calls of campaigns by interval."""

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
from tongdai.reports.campaigns import store
from tongdai.reports.campaigns.view import ROW_SAMPLE, SAMPLE, CampaignReport, CampaignRow, report
from tongdai.reports.request import CAMPAIGN, PERIOD, Format, format_of, period


@endpoint(
    Endpoint(
        method="GET",
        path="/reports/campaigns",
        scope=Scope.REPORT,
        tag="Reports",
        summary="Report the calls of campaigns by interval: how they ended, answers, abandonment",
        description=(
            "A call belongs to the interval in which its contact was taken to be called. "
            "As a file (`format`, or `Accept`) it has the rows of `data`."
        ),
        query=(*PERIOD, CAMPAIGN),
        response=CampaignReport,
        sample=SAMPLE,
        response_media=table.media(ROW_SAMPLE, CampaignRow),
        slow=True,
    )
)
async def campaigns(request: Request) -> Response | StreamingResponse:
    tenant_id, kind = principal_of(request).tenant_id, format_of(request)
    campaign_id = paging.optional_id(query_of(request), "campaignId", CampaignId)
    async with connection(request) as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        asked = period(request, await zone_of(conn, tenant_id))
        counted = await store.counted(conn, tenant_id, asked.start, asked.end, campaign_id)
        named = await names.campaigns(conn, tenant_id)
    found = report(asked, counted, named)
    if kind is Format.JSON:
        return ok(found)
    return table.file(request, "campaigns", kind, CampaignRow, found.data, found.time_zone)


HANDLERS: list[Route] = [campaigns]
