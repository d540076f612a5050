"""Agents, and the states of an agent and the connection to their phone. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto
from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType

from tongdai.ids import AgentId, CampaignId, ContactId, QueueId, TenantId

MAX_NAME = 255
MAX_WRAP_UP_S = 3600
MAX_QUEUES = MAX_SKILLS = 100
MAX_POSITION = 1000
MAX_LEVEL = 10
MAX_SKILL = MAX_REASON = 64
DEFAULT_WRAP_UP_S = 10
PREVIEW_LASTS = timedelta(minutes=5)
"""A preview that is not accepted lapses after this time; the contact may then be offered to another agent."""
AUTO_PAUSE_REASON = "no_answer"
"""The reason of a pause after several offers in a row without an answer."""
AUTO_PAUSE_AFTER = 3
"""The default number of such offers."""
SKIPPED_FOR = timedelta(minutes=10)
"""A skipped contact is due again after this time."""
AgentKey = tuple[TenantId, AgentId]


class Mode(StrEnum):
    """How an agent's phone is connected."""

    NAILED_UP = "nailed_up"
    """Called once at sign-in, and connected until sign-out (a nailed-up connection)."""
    RING = "ring"
    """Called for each call. Takes calls of callers only: an answered call of a campaign cannot wait for a phone."""


class AgentState(StrEnum):
    OFFLINE = "offline"
    CALLING = "calling"
    """Signed in; the agent's phone is being called."""
    IDLE = "idle"
    """The agent has no call. The phone is connected, or may be called."""
    RESERVED = "reserved"
    """Assigned to a call that is being placed or is about to be bridged."""
    ALERTING = "alerting"
    """The phone rings for a caller, in mode ring."""
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"
    """Takes no calls until the agent or a supervisor says that they are ready."""
    UNREACHABLE = "unreachable"
    """Would be idle, but the switch reports that the phone cannot be reached."""
    HANGING_UP = "hanging_up"
    """Signed out; the phone is still connected and to be hung up."""


class NextState(StrEnum):
    """The state of an agent when the present call or wrap-up ends, instead of idle. The last one that was set holds."""

    PAUSED = "paused"
    OFFLINE = "offline"
    """When the call ends: there is no wrap-up."""


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
_FREE = frozenset({AgentState.IDLE, AgentState.PAUSED, AgentState.UNREACHABLE})
"""The states of an agent who has no call (any more) and does not go offline."""
TRANSITIONS: dict[AgentState, frozenset[AgentState]] = {
    AgentState.OFFLINE: frozenset({AgentState.CALLING, AgentState.IDLE, AgentState.UNREACHABLE}),
    AgentState.CALLING: _ENDS | {AgentState.IDLE, AgentState.PAUSED},
    AgentState.IDLE: _ENDS | {AgentState.RESERVED, AgentState.ALERTING, AgentState.PAUSED, AgentState.UNREACHABLE},
    AgentState.RESERVED: _ENDS | _FREE | {AgentState.TALKING},
    AgentState.ALERTING: _ENDS | _FREE | {AgentState.TALKING},
    AgentState.TALKING: _ENDS | {AgentState.WRAP_UP},
    AgentState.WRAP_UP: _ENDS | _FREE,
    AgentState.PAUSED: _ENDS | {AgentState.IDLE, AgentState.UNREACHABLE},
    AgentState.UNREACHABLE: _ENDS | {AgentState.IDLE, AgentState.PAUSED},
    AgentState.HANGING_UP: frozenset({AgentState.OFFLINE}),
}
"""The call to a phone may end at any time; then every state becomes offline. From paused only a request leads to idle,
no event does."""
IN_CALL = (AgentState.RESERVED, AgentState.ALERTING, AgentState.TALKING)
"""The states of an agent who has a call."""


def free_state(next_state: NextState | None, *, reachable: bool, connected: bool) -> AgentState:
    """Return the state of an agent whose call without a talk, or whose wrap-up, has ended. `connected`: the phone is in
    mode nailed-up, and has a channel. store.FREE is the same in SQL."""
    if next_state is NextState.OFFLINE:
        return AgentState.HANGING_UP if connected else AgentState.OFFLINE
    if next_state is NextState.PAUSED:
        return AgentState.PAUSED
    return AgentState.IDLE if reachable else AgentState.UNREACHABLE


class Action(StrEnum):
    """An action that an agent takes."""

    SIGN_IN = "sign-in"
    SIGN_OUT = "sign-out"
    READY = "ready"
    PAUSE = "pause"
    NEXT_STATE = "next-state"


class SupervisorAction(StrEnum):
    """An action that a supervisor takes with an agent; in the audit log as such."""

    FORCE_SIGN_OUT = "force-sign-out"
    FORCE_READY = "force-ready"
    """Also for an unreachable agent: the phone is tried again."""
    FORCE_PAUSE = "force-pause"
    RELEASE = "release"
    """The last resort: offline whatever the state, without waiting for the end of a call."""


_SIGNED_IN = tuple(state for state in AgentState if state not in _ENDS)
ALLOWED: dict[Action | SupervisorAction, tuple[AgentState, ...]] = {
    Action.SIGN_IN: (AgentState.OFFLINE,),
    Action.SIGN_OUT: _SIGNED_IN,
    Action.READY: (AgentState.WRAP_UP, AgentState.PAUSED),
    Action.PAUSE: _SIGNED_IN,
    Action.NEXT_STATE: (AgentState.CALLING, *IN_CALL, AgentState.WRAP_UP),
    SupervisorAction.FORCE_SIGN_OUT: _SIGNED_IN,
    SupervisorAction.FORCE_READY: (AgentState.WRAP_UP, AgentState.PAUSED, AgentState.UNREACHABLE),
    SupervisorAction.FORCE_PAUSE: _SIGNED_IN,
    SupervisorAction.RELEASE: tuple(state for state in AgentState if state is not AgentState.OFFLINE),
}
"""The states in which an action may be taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    tenant_id: TenantId
    agent_id: AgentId
    name: str
    endpoint: str
    """The agent's phone: the switch calls `PJSIP/<endpoint>`."""
    queue_id: QueueId
    """The agent's own queue: one of those whose campaigns and callers the agent serves."""
    team_id: int | None = None
    """The tenant's own number of the agent's team."""
    mode: Mode = Mode.NAILED_UP
    wrap_up_s: int
    state: AgentState
    state_since: datetime
    channel_id: UUID | None
    """Channel of the call to the phone; None when offline, while `calling` until the dialer calls, and in mode ring
    without a call."""
    call_id: UUID | None
    """The call that the agent is reserved for, that the phone rings for, or that the agent talks on."""
    next_state: NextState | None = None
    pause_reason: str | None = None
    """Why the agent is paused, or will be."""
    wrap_up_until: datetime | None = None
    """When the wrap-up ends by itself; None: when a code is set."""
    code_needed: bool = False
    """In wrap-up: it does not end by the agent without a code."""
    missed: int = 0
    """Offers in a row that were not answered."""
    phone_reachable: bool = True
    """Whether the switch can reach the phone, as it last reported."""
    busy_elsewhere: bool = False
    """The phone is in a call that is not of this system: an idle agent gets no call then."""
    offline_reason: OfflineReason | None
    """None unless the agent is offline, and for one who never signed in."""
    created_at: datetime


def is_available(agent: Agent) -> bool:
    """Whether an agent can be assigned to a call. store.AVAILABLE is the same in SQL."""
    return agent.state is AgentState.IDLE and not agent.busy_elsewhere


@dataclass(frozen=True, slots=True)
class LostPage:
    """An agent in mode nailed-up whose phone is in a browser, and whose page is gone."""

    agent: Agent
    """With the channel that was called last."""
    since: datetime
    lost_s: float
    there: bool
    """A page has the account."""
    called: bool
    """The channel was called at that page, after the former one was lost."""


@dataclass(frozen=True, slots=True)
class Membership:
    """A queue whose calls an agent takes."""

    queue_id: QueueId
    position: int = 1
    """The agent's place in the queue's order of agents; agents in the same place are in the order of their ids."""


def with_own(queues: Iterable[Membership], own: QueueId, before: QueueId | None = None) -> list[Membership]:
    """The memberships of an agent: their own queue is always among them. `before`: it takes the place of that one, the
    own queue until now."""
    found = {queue.queue_id: queue for queue in queues}
    left = found.pop(before, None) if before is not None and before != own else None
    found.setdefault(own, Membership(own, left.position if left is not None else 1))
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Skill:
    skill: str
    level: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """The queues and skills of an agent."""

    queues: tuple[Membership, ...] = ()
    """By position, with the agent's own queue."""
    skills: tuple[Skill, ...] = ()
    """By name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleAgent:
    """An agent who can be offered a caller now."""

    tenant_id: TenantId
    agent_id: AgentId
    endpoint: str
    mode: Mode
    channel_id: UUID | None
    """The connected phone's; None in mode ring."""
    idle_since: datetime
    queues: dict[QueueId, int]
    """The agent's queues, and their position in each."""
    skills: dict[str, int]
    """The level of each skill."""
    calls_today: int
    """Calls that the agent talked on and that ended since midnight in the tenant's time zone."""
    talk_s_today: int
    """Seconds of their talks."""

    @property
    def key(self) -> AgentKey:
        return self.tenant_id, self.agent_id


class AgentRefusal(Enum):
    """Why an agent was not created or changed."""

    NO_AGENT = auto()
    NO_QUEUE = auto()
    ENDPOINT_TAKEN = auto()
    """Another agent of the tenant has the endpoint."""
    ENDPOINT_NOT_GIVEN = auto()
    """The endpoint is no phone of the tenant."""
    SIGNED_IN = auto()
    """Only an offline agent may be deleted, or get another endpoint or mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The fields of an agent that a request changes; UNSET leaves a field as it is."""

    name: str | UnsetType = UNSET
    endpoint: str | UnsetType = UNSET
    queue_id: QueueId | UnsetType = UNSET
    team_id: int | UnsetType | None = UNSET
    mode: Mode | UnsetType = UNSET
    wrap_up_s: int | UnsetType = UNSET
    queues: tuple[Membership, ...] | UnsetType = UNSET
    """All of the agent's queues; the own one is added when it is missing."""
    skills: tuple[Skill, ...] | UnsetType = UNSET
    """All of the agent's skills."""


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
