"""Agents and offered contacts in requests and responses."""

import re
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from tongdai import ids
from tongdai.agents.model import (
    DEFAULT_WRAP_UP_S,
    MAX_NAME,
    MAX_WRAP_UP_S,
    PREVIEW_LASTS,
    Agent,
    AgentState,
    OfflineReason,
    Preview,
)
from tongdai.contacts.numbers import phone
from tongdai.errors import InvalidInput, shown
from tongdai.http import body
from tongdai.http.cursor import Listed
from tongdai.http.endpoint import ID, NAME
from tongdai.http.envelope import Done
from tongdai.http.openapi.fields import one_of
from tongdai.http.request import Request
from tongdai.ids import AgentId
from tongdai.text import SWITCH_NAME

_ENDPOINT = re.compile(SWITCH_NAME)
SCHEMA: dict[str, dict[str, Any]] = {
    "agentName": {"minLength": 1, **NAME},
    "endpoint": {"pattern": f"^{SWITCH_NAME}$"},
    "queueId": dict(ID),
    "wrapUpSec": {"minimum": 0, "maximum": MAX_WRAP_UP_S},
}


class NewAgent(msgspec.Struct, forbid_unknown_fields=True):
    agentName: str
    """Name of the agent."""
    endpoint: str
    """Name of the PJSIP endpoint of the agent's phone, unique in the tenant."""
    queueId: int
    """The queue whose calls the agent takes."""
    wrapUpSec: int = DEFAULT_WRAP_UP_S
    """Seconds after each call before the agent gets another."""


class AgentChange(msgspec.Struct, forbid_unknown_fields=True):
    agentName: str | UnsetType = UNSET
    """Name of the agent."""
    endpoint: str | UnsetType = UNSET
    """Name of the PJSIP endpoint of the agent's phone, unique in the tenant; only while the agent is offline."""
    queueId: int | UnsetType = UNSET
    """The queue whose calls the agent takes, from the next call on."""
    wrapUpSec: int | UnsetType = UNSET
    """Seconds after each call before the agent gets another."""


class AgentView(msgspec.Struct, kw_only=True):
    agentId: int
    """The agent."""
    agentName: str
    """Name of the agent."""
    endpoint: str
    """Name of the PJSIP endpoint of the agent's phone."""
    queueId: int
    """The queue whose calls the agent takes."""
    wrapUpSec: int
    """Seconds after each call before the agent gets another."""
    state: Annotated[str, one_of(AgentState)]
    """State of the agent: offline; calling, their phone is being called; idle; reserved for a call that is being
    placed; talking; wrap_up; hanging_up, signed out and the phone not free yet."""
    stateSince: datetime
    """Since when the agent is in that state."""
    signOutPending: bool
    """Whether the agent goes offline as soon as the present call ends."""
    offlineReason: Annotated[str, one_of(OfflineReason)] | None
    """Why the agent went offline; null before the first time, and while signed in."""
    callId: UUID | None
    """The call that the agent is reserved for or talks in; null: none."""
    createdAt: datetime
    """When the agent was created."""


class AgentPage(Listed, kw_only=True):
    data: list[AgentView]
    """The agents, by id."""


class AgentCreated(Done, kw_only=True):
    agentId: int
    """The new agent."""


class NewPreview(msgspec.Struct, forbid_unknown_fields=True):
    campaignId: int
    """The preview campaign to take a contact of."""


class OfferView(msgspec.Struct, kw_only=True):
    campaignId: int
    """The campaign that calls."""
    contactId: int
    """The contact to look at."""
    phoneNumber: str
    """Its number."""
    name: str | None
    """Its name."""
    externalId: str | None
    """The caller's own reference of the contact."""
    attributes: dict[str, Any] | None
    """The caller's own data of the contact."""
    attempts: int
    """How often it was called before."""
    offeredAt: datetime
    """When it was offered."""
    lapsesAt: datetime | None
    """When it may be offered to another agent; null once it is accepted."""
    acceptedAt: datetime | None
    """When the agent accepted it; null before."""


class Offered(Done, kw_only=True):
    offer: OfferView | None
    """The contact offered; null: none is due within its calling window."""


def check(sent: NewAgent | AgentChange) -> None:
    """Check the fields of a request; InvalidInput names the field and what is expected."""
    if not isinstance(sent.agentName, UnsetType):
        body.text_field("agentName", sent.agentName, MAX_NAME, min_length=1)
    if not isinstance(sent.endpoint, UnsetType) and not _ENDPOINT.fullmatch(sent.endpoint):
        expected = "1 to 64 of A-Z, a-z, 0-9, _ and -, the name of a PJSIP endpoint"
        raise InvalidInput(f"endpoint must be {expected}, not {shown(sent.endpoint)!r}")
    if not isinstance(sent.queueId, UnsetType):
        ids.from_body("queueId", sent.queueId)
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


def offer_view(offer: Preview, country: str) -> OfferView:
    """An offer as shown, its number in the national format of the tenant's country. Accepted offers do not lapse."""
    return OfferView(
        campaignId=offer.campaign_id,
        contactId=offer.contact_id,
        phoneNumber=phone.formatted(offer.phone, country),
        name=offer.name,
        externalId=offer.external_id,
        attributes=offer.attributes,
        attempts=offer.attempts,
        offeredAt=offer.offered_at,
        lapsesAt=None if offer.accepted_at is not None else offer.offered_at + PREVIEW_LASTS,
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


def agent_of(request: Request) -> AgentId:
    """The agent in the path; NotFound when the id is malformed."""
    return AgentId(ids.from_path(request.path_params["id"], "Agent"))
