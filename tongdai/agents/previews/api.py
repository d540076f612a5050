"""`/agents/{id}/preview`: the contact that an agent looks at before it is called."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from tongdai import ids
from tongdai.agents.actions.api import known
from tongdai.agents.model import MAX_REASON, SKIPPED_FOR, Preview
from tongdai.agents.previews import store as previews
from tongdai.agents.previews.store import PreviewRefusal
from tongdai.agents.view import OFFER_SAMPLE, NewPreview, Offered, OfferView, agent_of, offer_view
from tongdai.campaigns import store as campaigns
from tongdai.campaigns.settings import rules as calling_rules
from tongdai.campaigns.settings.model import CallSettings
from tongdai.db.pool import Connection
from tongdai.errors import ApiError, InvalidState, NotFound
from tongdai.http import body, paging
from tongdai.http.endpoint import (
    ID,
    PLAIN_TEXT,
    Endpoint,
    Query,
    Request,
    Response,
    Route,
    connection,
    endpoint,
    principal_of,
    query_of,
)
from tongdai.http.envelope import Done, done_sample, ok
from tongdai.http.idempotency import once
from tongdai.http.principal import Own, Scope
from tongdai.ids import CampaignId

_TAG = "Agents"
_ACCEPTED_SAMPLE = OFFER_SAMPLE | {"lapsesAt": None, "acceptedAt": "2026-03-10T02:01:00Z"}
_WHY = {
    PreviewRefusal.NOT_PREVIEW: "The campaign does not dial in mode preview",
    PreviewRefusal.NOT_RUNNING: "The campaign is not running",
    PreviewRefusal.OTHER_QUEUE: "The campaign's queue is none of the agent's",
    PreviewRefusal.NOT_CONNECTED: "The agent's phone rings for each call, and takes no calls of campaigns",
    PreviewRefusal.NOT_AVAILABLE: "The agent must be idle, or in wrap_up to look at a contact",
    PreviewRefusal.HAS_OTHER: "The agent has a contact of another campaign, to accept or to skip first",
    PreviewRefusal.NONE_OFFERED: "No contact is offered to the agent",
}

_new = msgspec.json.Decoder(NewPreview)
_REASON: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": MAX_REASON, **PLAIN_TEXT}


class PreviewCampaign(msgspec.Struct, kw_only=True):
    campaignId: int
    """A running preview campaign whose contacts may be offered to the agent."""
    campaignName: str
    """Its name."""


class PreviewView(msgspec.Struct, kw_only=True):
    campaigns: list[PreviewCampaign]
    """The campaigns from which the agent may have a contact offered, by name; at most 100."""
    offer: OfferView | None
    """The contact that is offered to the agent, or accepted and not called yet; null: none."""


@endpoint(
    Endpoint(
        method="GET",
        path="/agents/{id}/preview",
        scope=Scope.AGENT,
        own=Own.AGENT,
        tag=_TAG,
        summary="Get the contact that is offered to an agent, and the campaigns from which one may be",
        response=PreviewView,
        sample={"campaigns": [{"campaignId": 1042, "campaignName": "Khao sat khach hang"}], "offer": OFFER_SAMPLE},
        failures=(NotFound("Agent not found"),),
    )
)
async def get_preview(request: Request) -> Response:
    agent_id, by = agent_of(request), principal_of(request)
    async with connection(request) as conn:
        await known(conn, by.tenant_id, agent_id)
        offer = await previews.present(conn, by.tenant_id, agent_id)
        found = await previews.campaigns(conn, by.tenant_id, agent_id)
    shown = [PreviewCampaign(campaignId=campaign_id, campaignName=name) for campaign_id, name in found]
    return ok(PreviewView(campaigns=shown, offer=None if offer is None else offer_view(offer, by.country)))


@endpoint(
    Endpoint(
        method="POST",
        path="/agents/{id}/preview",
        scope=Scope.AGENT,
        own=Own.AGENT,
        tag=_TAG,
        summary="Offer an agent the next contact of a preview campaign; the same one until it is accepted or skipped",
        description="An offer lapses after 5 minutes. `offer` is null when none is due within its calling window.",
        body=NewPreview,
        refine={"NewPreview": {"campaignId": dict(ID)}},
        body_sample={"campaignId": 1042},
        response=Offered,
        sample=done_sample("Contact 88001 is offered", offer=OFFER_SAMPLE),
        states=True,
    )
)
async def offer_contact(request: Request) -> Response:
    agent_id = agent_of(request)
    raw = await body.read_json(request)
    campaign_id = CampaignId(ids.from_body("campaignId", body.decode(raw, _new).campaignId))
    principal = principal_of(request)

    async def work(conn: Connection) -> Offered:
        settings = await campaigns.call_settings(conn, principal.tenant_id, campaign_id)

        def is_open(zone: str, tenant_zone: str, now: datetime) -> bool:
            return settings is not None and calling_rules.open_until(settings, zone, tenant_zone, now) is not None

        offer = await previews.offer(conn, principal.tenant_id, agent_id, campaign_id, is_open)
        if offer is None:
            return Offered(error_message="No contact is due within its calling window", offer=None)
        if isinstance(offer, PreviewRefusal):
            raise _refused(offer)
        said = "is offered" if offer.accepted_at is None else "is accepted and waits to be called"
        return Offered(error_message=f"Contact {offer.contact_id} {said}", offer=offer_view(offer, principal.country))

    return await once(request, raw, work)


@endpoint(
    Endpoint(
        method="POST",
        path="/agents/{id}/preview/accept",
        scope=Scope.AGENT,
        own=Own.AGENT,
        tag=_TAG,
        summary="Have the contact called that is offered to the agent, who must be idle",
        description="It is called as soon as its campaign and calling window allow; the message says if it must wait.",
        response=Offered,
        sample=done_sample("Contact 88001 is called", offer=_ACCEPTED_SAMPLE),
        states=True,
    )
)
async def accept_contact(request: Request) -> Response:
    agent_id = agent_of(request)
    raw = await body.read_nothing(request)
    principal = principal_of(request)

    async def work(conn: Connection) -> Offered:
        offer = await previews.accept(conn, principal.tenant_id, agent_id)
        if isinstance(offer, PreviewRefusal):
            raise _refused(offer)
        settings = await campaigns.call_settings(conn, principal.tenant_id, offer.campaign_id)
        tenant_zone, now = await previews.local_time(conn, principal.tenant_id)
        said = "is called" if settings is None else _when(settings, offer, tenant_zone, now)
        return Offered(error_message=f"Contact {offer.contact_id} {said}", offer=offer_view(offer, principal.country))

    return await once(request, raw, work)


@endpoint(
    Endpoint(
        method="DELETE",
        path="/agents/{id}/preview",
        scope=Scope.AGENT,
        own=Own.AGENT,
        tag=_TAG,
        summary="Skip the contact that is offered to an agent, or accepted and not called yet",
        description="The contact is due again after 10 minutes. The audit log keeps the reason.",
        query=(Query("reason", "Why it is skipped, for people", _REASON, "not at work yet"),),
        response=Done,
        sample=done_sample("Contact 88001 is skipped for 10 minutes"),
        states=True,
    )
)
async def skip_contact(request: Request) -> Response:
    agent_id = agent_of(request)
    principal = principal_of(request)
    reason = paging.single(query_of(request), "reason")
    if reason is not None:
        reason = body.text_field("reason", reason, MAX_REASON, min_length=1)
    async with connection(request) as conn:
        contact_id = await previews.skip(conn, principal.tenant_id, agent_id, principal.author, reason)
    if isinstance(contact_id, PreviewRefusal):
        raise _refused(contact_id)
    minutes = round(SKIPPED_FOR.total_seconds() / 60)
    return ok(Done(error_message=f"Contact {contact_id} is skipped for {minutes} minutes"))


def _when(settings: CallSettings, offer: Preview, tenant_zone: str, now: datetime) -> str:
    """When an accepted contact is called, given its calling window."""
    if calling_rules.open_until(settings, offer.zone, tenant_zone, now) is not None:
        return "is called"
    opens = calling_rules.next_open(settings, offer.zone, tenant_zone, now)
    if opens is None:
        return "waits: its calling window does not open any more"
    return f"waits: its calling window opens at {opens.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _refused(refusal: PreviewRefusal) -> ApiError:
    if refusal is PreviewRefusal.NO_AGENT:
        return NotFound("Agent not found")
    if refusal is PreviewRefusal.NO_CAMPAIGN:
        return NotFound("Campaign not found")
    return InvalidState(_WHY[refusal])


HANDLERS: list[Route] = [get_preview, offer_contact, accept_contact, skip_contact]
