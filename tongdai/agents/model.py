"""Agents, and the states of an agent and the connection to their phone. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto
from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType

from tongdai.ids import AgentId, CampaignId, ContactId, QueueId, TenantId

MAX_NAME = 255
MAX_WRAP_UP_S = 3600
DEFAULT_WRAP_UP_S = 10
PREVIEW_LASTS = timedelta(minutes=5)
"""A preview that is not accepted lapses after this time; the contact may then be offered to another agent."""
SKIPPED_FOR = timedelta(minutes=10)
"""A skipped contact is due again after this time."""


class AgentState(StrEnum):
    OFFLINE = "offline"
    CALLING = "calling"
    """Signed in; the agent's phone is being called."""
    IDLE = "idle"
    """The phone is connected, and the agent has no call."""
    RESERVED = "reserved"
    """Assigned to a call that is being placed or is about to be bridged."""
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    HANGING_UP = "hanging_up"
    """Signed out; the phone is still connected and to be hung up."""


class OfflineReason(StrEnum):
    """Why an agent went offline."""

    SIGNED_OUT = "signed_out"
    NO_ANSWER = "no_answer"
    """The phone rang and was not answered, or declined."""
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    """The switch could not call the phone: it is not registered, or there is no such endpoint."""
    PHONE_HUNG_UP = "phone_hung_up"
    """The phone was connected, and its call ended."""
    LOST = "lost"
    """The switch does not know the phone's call any more, as after a restart."""


_ENDS = frozenset({AgentState.HANGING_UP, AgentState.OFFLINE})
TRANSITIONS: dict[AgentState, frozenset[AgentState]] = {
    AgentState.OFFLINE: frozenset({AgentState.CALLING}),
    AgentState.CALLING: _ENDS | {AgentState.IDLE},
    AgentState.IDLE: _ENDS | {AgentState.RESERVED},
    AgentState.RESERVED: _ENDS | {AgentState.TALKING, AgentState.IDLE},
    AgentState.TALKING: _ENDS | {AgentState.WRAP_UP},
    AgentState.WRAP_UP: _ENDS | {AgentState.IDLE},
    AgentState.HANGING_UP: frozenset({AgentState.OFFLINE}),
}
"""The call to a phone may end at any time; then every state becomes offline."""


class Action(StrEnum):
    """An action that an agent takes."""

    SIGN_IN = "sign-in"
    SIGN_OUT = "sign-out"
    READY = "ready"


ALLOWED: dict[Action, tuple[AgentState, ...]] = {
    Action.SIGN_IN: (AgentState.OFFLINE,),
    Action.SIGN_OUT: (
        AgentState.CALLING,
        AgentState.IDLE,
        AgentState.RESERVED,
        AgentState.TALKING,
        AgentState.WRAP_UP,
    ),
    Action.READY: (AgentState.WRAP_UP,),
}
"""The states in which an agent may take an action."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    tenant_id: TenantId
    agent_id: AgentId
    name: str
    endpoint: str
    """The agent's phone: the dialer calls `PJSIP/<endpoint>`."""
    queue_id: QueueId
    """The queue whose campaigns and callers the agent serves."""
    wrap_up_s: int
    state: AgentState
    state_since: datetime
    channel_id: UUID | None
    """Channel of the call to the phone; None when offline, and while `calling` until the dialer calls."""
    call_id: UUID | None
    """The call that the agent is reserved for or talks on."""
    sign_out_pending: bool
    """Signed out while reserved or talking: the phone is hung up when that call ends."""
    offline_reason: OfflineReason | None
    """None unless the agent is offline, and for one who never signed in."""
    created_at: datetime


class AgentRefusal(Enum):
    """Why an agent was not created or changed."""

    NO_AGENT = auto()
    NO_QUEUE = auto()
    ENDPOINT_TAKEN = auto()
    """Another agent of the tenant has the endpoint."""
    ENDPOINT_NOT_GIVEN = auto()
    """The endpoint is no phone of the tenant."""
    SIGNED_IN = auto()
    """Only an offline agent may be deleted or get another endpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The fields of an agent that a request changes; UNSET leaves a field as it is."""

    name: str | UnsetType = UNSET
    endpoint: str | UnsetType = UNSET
    queue_id: QueueId | UnsetType = UNSET
    wrap_up_s: int | UnsetType = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A contact that an agent looks at before it is called."""

    agent_id: AgentId
    campaign_id: CampaignId
    contact_id: ContactId
    phone: str
    """E.164."""
    name: str | None
    external_id: str | None
    attributes: dict[str, Any] | None
    zone: str
    """The contact's time zone, as `contact` stores it."""
    attempts: int
    """Number of earlier calls to the contact."""
    offered_at: datetime
    accepted_at: datetime | None
    """When the agent accepted; since then the contact waits to be called."""


@dataclass(frozen=True, slots=True)
class AcceptedPreview:
    """An accepted preview, which waits to be called."""

    tenant_id: TenantId
    campaign_id: CampaignId
    contact_id: ContactId
    agent_id: AgentId
    accepted_at: datetime
