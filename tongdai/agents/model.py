"""Agents, and the states that they and their phones go through."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto
from typing import Any, Final
from uuid import UUID

from tongdai.ids import AgentId, CampaignId, ContactId, QueueId, TenantId

MAX_NAME = 255
MAX_WRAP_UP_S = 3600
DEFAULT_WRAP_UP_S = 10
ENDPOINT = "[A-Za-z0-9_-]{1,64}"
"""A pattern: the name of a PJSIP endpoint, and nothing that a dial string could mean otherwise."""

OFFER_LASTS = timedelta(minutes=5)
"""A contact that was offered and not accepted for so long may be offered to another agent."""
SKIPPED_FOR = timedelta(minutes=10)
"""A contact that was skipped is due again after that."""


class AgentState(StrEnum):
    OFFLINE = "offline"
    CALLING = "calling"
    """Signed in; his phone is being called."""
    IDLE = "idle"
    """His phone's call is up, and nobody talks to him."""
    RESERVED = "reserved"
    """For a call: he is about to be bridged with who answered, or waits for who is being called."""
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    HANGING_UP = "hanging_up"
    """Signed out; his phone is still to be hung up."""


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
"""A phone's call may end at any time, and with it every state ends as offline."""


class Action(StrEnum):
    """What an agent does himself."""

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
"""In which states he may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    tenant_id: TenantId
    agent_id: AgentId
    name: str
    endpoint: str
    """Of his phone: `PJSIP/<endpoint>` is called."""
    queue_id: QueueId
    """Whose campaigns and callers he talks to."""
    wrap_up_s: int
    state: AgentState
    state_since: datetime
    channel_id: UUID | None
    """Of his phone's call. None when offline, and while `calling` until the dialer has begun to call."""
    call_id: UUID | None
    """Whom he is reserved for or talks to."""
    leaving: bool
    """Signed out while reserved or talking: his phone is hung up as soon as that is over."""
    created_at: datetime


class Refusal(Enum):
    """Why an agent was not made or changed."""

    NO_AGENT = auto()
    NO_QUEUE = auto()
    ENDPOINT_TAKEN = auto()
    """Another agent of the tenant has it."""
    SIGNED_IN = auto()
    """Only an agent who is offline may be deleted, or get another endpoint."""


class _Keep(Enum):
    KEEP = auto()


KEEP: Final = _Keep.KEEP
"""In a change: leave the field as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The fields that a request sends, and no others."""

    name: str | _Keep = KEEP
    endpoint: str | _Keep = KEEP
    queue_id: QueueId | _Keep = KEEP
    wrap_up_s: int | _Keep = KEEP


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
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
    """The contact's time zone, as contacts have it."""
    attempts: int
    """How often it was called before."""
    offered_at: datetime
    accepted_at: datetime | None
    """Since then it waits to be called."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A preview that waits to be called."""

    tenant_id: TenantId
    campaign_id: CampaignId
    contact_id: ContactId
    agent_id: AgentId
    accepted_at: datetime
