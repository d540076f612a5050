"""Campaigns in requests and responses."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from tongdai.campaigns.model import DEFAULT_TYPE, Campaign, PauseReason, Status, Totals
from tongdai.campaigns.settings import request as settings_request
from tongdai.campaigns.settings import view as settings_view
from tongdai.campaigns.settings.kinds import Window
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.view import REQUEST_SAMPLE
from tongdai.http.cursor import Listed
from tongdai.http.envelope import Done
from tongdai.http.openapi.fields import one_of


class CampaignRow(msgspec.Struct, kw_only=True):
    campaignId: int
    """The campaign."""
    campaignName: str
    """Its name."""
    type: str
    """Kind of campaign, in capital letters; the server gives it no meaning."""
    status: Annotated[int, one_of(Status)]
    """State of the campaign. 1 inprocess: contacts are being added; 2 running; 3 paused; 4 stopped, for good."""
    pauseReason: Annotated[str, one_of(PauseReason)] | None
    """Why it paused itself, in status 3; null: it did not. `sound_not_played`: the switch could not play its sound to
    several people in a row who had answered."""
    userName: str | None
    """The person whose campaign it is, as the caller names them."""
    createdAt: datetime
    """When it was created."""
    archivedAt: datetime | None
    """Since when it is archived: hidden from lists and never started; null: it is not."""
    contactCount: int
    """Number of its contacts."""
    pendingCount: int
    """Contacts that wait to be called, for the first time or again."""
    inCallCount: int
    """Contacts in a call now."""
    processedCount: int
    """Contacts that are not called any more."""


class CampaignPage(Listed, kw_only=True):
    data: list[CampaignRow]
    """The campaigns, by id."""


@settings_view.with_settings
class CampaignDetail(CampaignRow, kw_only=True):
    processStatus: dict[str, int]
    """Number of contacts by `processStatus`: `0`, `1` and `2`."""
    callStatus: dict[str, int]
    """Number of contacts by the outcome of their last call, of those that were called."""


@settings_request.with_settings
class NewCampaign(msgspec.Struct, kw_only=True):
    campaignName: str
    """Name of the campaign."""
    type: str = DEFAULT_TYPE
    """Kind of campaign, in capital letters; the server gives it no meaning."""
    userName: str | None = None
    """The person whose campaign it is, as the caller names them."""


@settings_request.with_settings
class CampaignChange(msgspec.Struct, kw_only=True):
    campaignName: str | UnsetType = UNSET
    """Name of the campaign."""
    userName: str | UnsetType | None = UNSET
    """The person whose campaign it is, as the caller names them; null clears it."""


class CampaignCreated(Done, kw_only=True):
    campaignId: int
    """The new campaign."""
    effectiveWindows: list[Window]
    """The calling windows in effect, in the contact's local time."""
    missingSounds: list[str]
    """The settings, such as `audioFile`, that name a sound which the switch does not have: until it does the campaign
    cannot start."""


class CampaignChanged(Done, kw_only=True):
    effectiveWindows: list[Window]
    """The calling windows in effect, in the contact's local time."""


def row_view(campaign: Campaign, totals: Totals) -> CampaignRow:
    return CampaignRow(
        campaignId=campaign.campaign_id,
        campaignName=campaign.name,
        type=campaign.type,
        status=campaign.status,
        pauseReason=campaign.pause_reason,
        userName=campaign.user_name,
        createdAt=campaign.created_at,
        archivedAt=campaign.archived_at,
        contactCount=totals.contacts,
        pendingCount=totals.by_process_status[0],
        inCallCount=totals.by_process_status[1],
        processedCount=totals.by_process_status[2],
    )


ROW_SAMPLE: dict[str, Any] = {
    "campaignId": 1042,
    "campaignName": "Khao sat thang 4",
    "type": DEFAULT_TYPE,
    "status": 2,
    "pauseReason": None,
    "userName": "supervisor1",
    "createdAt": "2026-03-10T02:00:00Z",
    "archivedAt": None,
    "contactCount": 180,
    "pendingCount": 120,
    "inCallCount": 2,
    "processedCount": 58,
}
_NEW_SAMPLE = msgspec.convert({"campaignName": "Khao sat thang 4", **REQUEST_SAMPLE}, NewCampaign)
SETTINGS_SAMPLE: dict[str, Any] = msgspec.to_builtins(
    settings_view.settings_shown(
        settings_request.changed(CallSettings(), settings_request.sent_of(_NEW_SAMPLE), "VN"), hours=None
    )
)
WINDOWS_SAMPLE = SETTINGS_SAMPLE["effectiveWindows"]
