"""Campaigns."""

from msgspec import UNSET, UnsetType

from tongdai_client.models.base import Done
from tongdai_client.models.campaigns import CallSettings, Campaign, CampaignChanged, CampaignCreated, CampaignDetail
from tongdai_client.operation import (
    PAGE_SIZE,
    Operation,
    PagedOperation,
    operation,
    paged_operation,
    without_none,
    without_unset,
)

_UNCHANGED = CallSettings()


def campaigns(
    *,
    user_name: str | None = None,
    status: int | None = None,
    type: str | None = None,  # noqa: A002 - as the server calls it
    archived: str | None = None,
    page_size: int = PAGE_SIZE,
) -> PagedOperation[Campaign]:
    """List campaigns by id, optionally of one user, one `CampaignStatus` or one type.

    Those that are archived only with `archived` `"true"`, or `"all"` for both kinds.
    """
    query = {"userName": user_name, "status": status, "type": type, "archived": archived}
    return paged_operation("/campaigns", (), Campaign, page_size, query, "limit")


def campaign(campaign_id: int) -> Operation[CampaignDetail]:
    """Get a campaign, with its contacts counted by status and by outcome."""
    return operation("GET", "/campaigns/{id}", (campaign_id,), CampaignDetail)


def create_campaign(
    name: str,
    *,
    type: str | None = None,  # noqa: A002 - as the server calls it
    user_name: str | None = None,
    settings: CallSettings = _UNCHANGED,
    idempotency_key: str | None = None,
) -> Operation[CampaignCreated]:
    """Create a campaign in status 1 (inprocess). It makes no calls until it is started."""
    body = without_none(campaignName=name, type=type, userName=user_name) | settings.body()
    return operation("POST", "/campaigns", (), CampaignCreated, body=body, idempotency_key=idempotency_key)


def update_campaign(
    campaign_id: int,
    *,
    name: str | UnsetType = UNSET,
    user_name: str | UnsetType | None = UNSET,
    settings: CallSettings = _UNCHANGED,
) -> Operation[CampaignChanged]:
    """Change the given fields of a campaign; `user_name=None` clears that field."""
    body = without_unset(campaignName=name, userName=user_name) | settings.body()
    return operation("PATCH", "/campaigns/{id}", (campaign_id,), CampaignChanged, body=body)


def start_campaign(campaign_id: int, *, idempotency_key: str | None = None) -> Operation[CampaignChanged]:
    """Start or resume calling. InvalidState unless the status is 1 or 3."""
    path = "/campaigns/{id}/start"
    return operation("POST", path, (campaign_id,), CampaignChanged, idempotency_key=idempotency_key)


def pause_campaign(campaign_id: int, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Pause calling. InvalidState unless the status is 2."""
    return operation("POST", "/campaigns/{id}/pause", (campaign_id,), Done, idempotency_key=idempotency_key)


def stop_campaign(campaign_id: int, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Stop calling for good. InvalidState unless the status is 2 or 3."""
    return operation("POST", "/campaigns/{id}/stop", (campaign_id,), Done, idempotency_key=idempotency_key)


def archive_campaign(campaign_id: int, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Hide a campaign from lists and keep it from starting; reports keep it. InvalidState while it runs."""
    return operation("POST", "/campaigns/{id}/archive", (campaign_id,), Done, idempotency_key=idempotency_key)


def unarchive_campaign(campaign_id: int, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Take a campaign out of the archive, in the status that it had."""
    return operation("POST", "/campaigns/{id}/unarchive", (campaign_id,), Done, idempotency_key=idempotency_key)
