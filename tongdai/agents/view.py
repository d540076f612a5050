"""Agents and offered contacts in requests and answers."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from tongdai import ids
from tongdai.agents.model import DEFAULT_WRAP_UP_S, ENDPOINT, MAX_NAME, MAX_WRAP_UP_S, OFFER_LASTS, Agent, Offer
from tongdai.contacts.numbers import phone
from tongdai.errors import InvalidInput, shown
from tongdai.http import body
from tongdai.http.cursor import Listed
from tongdai.http.endpoint import ID, NAME
from tongdai.http.envelope import Done

_ENDPOINT = re.compile(ENDPOINT)
SCHEMA: dict[str, dict[str, Any]] = {
    "agentName": {"minLength": 1, **NAME},
    "endpoint": {"pattern": f"^{ENDPOINT}$"},
    "queueId": dict(ID),
    "wrapUpSec": {"minimum": 0, "maximum": MAX_WRAP_UP_S},
}


class NewAgent(msgspec.Struct, forbid_unknown_fields=True):
    agentName: str
    endpoint: str
    queueId: int
    wrapUpSec: int = DEFAULT_WRAP_UP_S


class AgentChange(msgspec.Struct, forbid_unknown_fields=True):
    agentName: str | UnsetType = UNSET
    endpoint: str | UnsetType = UNSET
    queueId: int | UnsetType = UNSET
    wrapUpSec: int | UnsetType = UNSET


class AgentView(msgspec.Struct, kw_only=True):
    agentId: int
    agentName: str
    endpoint: str
    queueId: int
    wrapUpSec: int
    state: str
    stateSince: datetime
    signOutPending: bool
    offlineReason: str | None
    callId: UUID | None
    createdAt: datetime


class AgentPage(Listed, kw_only=True):
    data: list[AgentView]


class AgentCreated(Done, kw_only=True):
    agentId: int


class NewPreview(msgspec.Struct, forbid_unknown_fields=True):
    campaignId: int


class OfferView(msgspec.Struct, kw_only=True):
    campaignId: int
    contactId: int
    phoneNumber: str
    name: str | None
    externalId: str | None
    attributes: dict[str, Any] | None
    attempts: int
    offeredAt: datetime
    lapsesAt: datetime | None
    acceptedAt: datetime | None


class Offered(Done, kw_only=True):
    offer: OfferView | None


def check(sent: NewAgent | AgentChange) -> None:
    """Check the fields of a request; InvalidInput names the field and what is expected."""
    if not isinstance(sent.agentName, UnsetType):
        body.text_field("agentName", sent.agentName, MAX_NAME, min_length=1)
    if not isinstance(sent.endpoint, UnsetType) and not _ENDPOINT.fullmatch(sent.endpoint):
        expected = "1 to 64 of A-Z, a-z, 0-9, _ and -, the name of a PJSIP endpoint"
        raise InvalidInput(f"endpoint must be {expected}, not {shown(sent.endpoint)!r}")
    if not isinstance(sent.queueId, UnsetType) and not 1 <= sent.queueId <= ID["maximum"]:
        raise InvalidInput(f"queueId must be an id, 1 to {ids.MAX_DIGITS} digits, not {shown(sent.queueId)}")
    if not isinstance(sent.wrapUpSec, UnsetType) and not 0 <= sent.wrapUpSec <= MAX_WRAP_UP_S:
        raise InvalidInput(f"wrapUpSec must be seconds, 0 to {MAX_WRAP_UP_S}, not {shown(sent.wrapUpSec)}")


def agent_view(agent: Agent) -> AgentView:
    return AgentView(
        agentId=agent.agent_id,
        agentName=agent.name,
        endpoint=agent.endpoint,
        queueId=agent.queue_id,
        wrapUpSec=agent.wrap_up_s,
        state=agent.state,
        stateSince=agent.state_since,
        signOutPending=agent.sign_out_pending,
        offlineReason=agent.offline_reason,
        callId=agent.call_id,
        createdAt=agent.created_at,
    )


def offer_view(offer: Offer, country: str) -> OfferView:
    """An offer as shown, its number in the national format of the tenant's country. Accepted offers do not lapse."""
    return OfferView(
        campaignId=offer.campaign_id,
        contactId=offer.contact_id,
        phoneNumber=phone.shown(offer.phone, country),
        name=offer.name,
        externalId=offer.external_id,
        attributes=offer.attributes,
        attempts=offer.attempts,
        offeredAt=offer.offered_at,
        lapsesAt=None if offer.accepted_at is not None else offer.offered_at + OFFER_LASTS,
        acceptedAt=offer.accepted_at,
    )


AGENT_SAMPLE: dict[str, Any] = {
    "agentId": 7,
    "agentName": "Tran Thi B",
    "endpoint": "agent-7",
    "queueId": 1001226,
    "wrapUpSec": 10,
    "state": "idle",
    "stateSince": "2026-03-10T02:00:00Z",
    "signOutPending": False,
    "offlineReason": None,
    "callId": None,
    "createdAt": "2026-03-01T02:00:00Z",
}
OFFER_SAMPLE: dict[str, Any] = {
    "campaignId": 1042,
    "contactId": 88001,
    "phoneNumber": "0901234567",
    "name": "Nguyen Van A",
    "externalId": "CRM-1",
    "attributes": {"balance": 120000},
    "attempts": 1,
    "offeredAt": "2026-03-10T02:00:00Z",
    "lapsesAt": "2026-03-10T02:05:00Z",
    "acceptedAt": None,
}
