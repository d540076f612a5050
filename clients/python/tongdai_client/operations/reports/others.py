"""Reports of agents, offers, missed calls, campaigns and imports."""

from datetime import date

from tongdai_client.models.reports.agents import AgentReport
from tongdai_client.models.reports.campaigns import CampaignReport
from tongdai_client.models.reports.imports import ImportReport
from tongdai_client.models.reports.missed import MissedReport
from tongdai_client.models.reports.offers import OfferReport
from tongdai_client.operation import Operation, Query, operation
from tongdai_client.operations.reports.common import period


def agent_report(
    *,
    since: date | None = None,
    before: date | None = None,
    interval: str | None = None,
    agent_id: int | None = None,
    team_id: int | None = None,
) -> Operation[AgentReport]:
    """Report the time of agents by interval: with customers, and signed in by state.

    A date is its midnight in the tenant's zone; a datetime must have a time zone. Without them the report is of today.
    """
    query: Query = {**period(since, before, interval), "agentId": agent_id, "teamId": team_id}
    return operation("GET", "/reports/agents", (), AgentReport, query)


def offer_report(
    *,
    since: date | None = None,
    before: date | None = None,
    interval: str | None = None,
    queue_id: int | None = None,
    agent_id: int | None = None,
    team_id: int | None = None,
) -> Operation[OfferReport]:
    """Report the offers of callers to agents by interval: whose phone rang, and what came of it.

    A date is its midnight in the tenant's zone; a datetime must have a time zone. Without them the report is of today.
    """
    query: Query = {**period(since, before, interval), "queueId": queue_id, "agentId": agent_id, "teamId": team_id}
    return operation("GET", "/reports/offers", (), OfferReport, query)


def missed_report(
    *,
    since: date | None = None,
    before: date | None = None,
    interval: str | None = None,
    queue_id: int | None = None,
) -> Operation[MissedReport]:
    """Report missed calls by interval, with their states now.

    A date is its midnight in the tenant's zone; a datetime must have a time zone. Without them the report is of today.
    """
    query: Query = {**period(since, before, interval), "queueId": queue_id}
    return operation("GET", "/reports/missed", (), MissedReport, query)


def campaign_report(
    *,
    since: date | None = None,
    before: date | None = None,
    interval: str | None = None,
    campaign_id: int | None = None,
) -> Operation[CampaignReport]:
    """Report the calls of campaigns by interval.

    A date is its midnight in the tenant's zone; a datetime must have a time zone. Without them the report is of today.
    """
    query: Query = {**period(since, before, interval), "campaignId": campaign_id}
    return operation("GET", "/reports/campaigns", (), CampaignReport, query)


def import_report(
    *,
    since: date | None = None,
    before: date | None = None,
    interval: str | None = None,
    campaign_id: int | None = None,
) -> Operation[ImportReport]:
    """Report imports of contacts by interval.

    A date is its midnight in the tenant's zone; a datetime must have a time zone. Without them the report is of today.
    """
    query: Query = {**period(since, before, interval), "campaignId": campaign_id}
    return operation("GET", "/reports/imports", (), ImportReport, query)
