"""Requests for the diagnostics of campaigns and contacts, and what they take."""

from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from tests.support.api import Tenant
from tests.support.calls import configure
from tongdai.calls.diagnostics.rules import PendingReason
from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, ContactId

REASONS = [str(reason) for reason in PendingReason]
HOUR = timedelta(hours=1)


class Add(Protocol):
    """The fixture `add`: adds a contact with the `n`-th number, due an hour ago unless said otherwise."""

    async def __call__(
        self, n: int, due_at: datetime | None = None, zone: str = ..., campaign: CampaignId | None = None
    ) -> ContactId: ...


async def diagnostics(tenant: Tenant, campaign_id: CampaignId) -> dict[str, Any]:
    """The response of the API; assert that the counts of all reasons add up."""
    found = await tenant.done("GET", f"/v1/campaigns/{campaign_id}/diagnostics")
    assert sum(found[reason] for reason in REASONS) == found["pending"]
    return found


async def counts(tenant: Tenant, campaign_id: CampaignId) -> dict[str, int]:
    """How many contacts have each reason, without the reasons that none has."""
    found = await diagnostics(tenant, campaign_id)
    return {reason: found[reason] for reason in REASONS if found[reason]}


async def why(tenant: Tenant, campaign_id: CampaignId, contact_id: ContactId) -> dict[str, Any]:
    return await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contacts/{contact_id}/why")


async def blocked(tenant: Tenant, campaign_id: CampaignId) -> list[str]:
    """Codes of the campaign's blockers."""
    return [blocker["code"] for blocker in (await diagnostics(tenant, campaign_id))["blockers"]]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def now() -> datetime:
    return datetime.now(UTC)


async def closed_windows(conn: Connection, tenant: Tenant, campaign_id: CampaignId) -> None:
    """Set calling hours of one minute a week, days from now."""
    day = (now() + timedelta(days=3)).weekday()
    week = [[[720, 721]] if number == day else [] for number in range(7)]
    await configure(conn, tenant.tenant_id, campaign_id, windows=week)
