"""Why a caller still waits, and why an agent is offered nobody: the facts and the reasons. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tongdai.acd.eligibility import Place, QueueKey, WaitingCaller
from tongdai.agents.model import Agent, AgentKey, IdleAgent
from tongdai.ids import AgentId, CampaignId, QueueId, TenantId
from tongdai.queues.model import QueueRules
from tongdai.switches.model import Switch


class CallerReason(StrEnum):
    """Why a caller has no agent."""

    BEING_OFFERED = "being_offered"
    """They are offered to an agent now."""
    CALLED_BACK = "called_back"
    """They had asked to be called back: their phone is being called."""
    BEFORE_QUEUE = "before_queue"
    """They hear a menu or a message, and are not in the queue."""
    TELEPHONY_NOT_RUNNING = "telephony_not_running"
    SWITCH_AWAY = "switch_away"
    NO_AGENTS_SIGNED_IN = "no_agents_signed_in"
    NO_AGENT_FREE = "no_agent_free"
    CALLERS_FIRST = "callers_first"
    """Callers who come before get the agents who are free."""
    PREFERRED_AGENT = "preferred_agent"
    """They wait for one agent, for a while."""
    SKILL_MISSING = "skill_missing"
    KEPT_FOR_CAMPAIGN = "kept_for_campaign"
    TRIED_LATELY = "tried_lately"
    """They were offered to the agents who are free, in vain, and are not offered to them again for a while."""


class AgentReason(StrEnum):
    """Why an agent is offered no caller of a queue."""

    OFFLINE = "offline"
    PHONE_CALLED = "phone_called"
    """They have signed in, and their phone is being called."""
    SIGNING_OUT = "signing_out"
    PAUSED = "paused"
    UNREACHABLE = "unreachable"
    BEING_OFFERED = "being_offered"
    """A caller is offered to them now."""
    CAMPAIGN_CALL = "campaign_call"
    """They are reserved for a call of a campaign."""
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    PHONE_BUSY = "phone_busy"
    """Their phone is in a call of its own."""
    PHONE_NOT_GIVEN = "phone_not_given"
    """The tenant may not have their phone called."""
    TELEPHONY_NOT_RUNNING = "telephony_not_running"
    SWITCH_AWAY = "switch_away"
    OTHER_QUEUE_FIRST = "other_queue_first"
    """A caller of another queue comes before."""
    OTHERS_PREFERRED = "others_preferred"
    """The callers who wait prefer other agents, for a while."""
    SKILL_MISSING = "skill_missing"
    KEPT_FOR_CAMPAIGN = "kept_for_campaign"
    """Somebody whom a campaign has called has answered, and waits for an agent."""
    TRIED_LATELY = "tried_lately"
    """They were offered the callers who wait, in vain, and are not offered them again for a while."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A caller is offered to an agent."""

    agent_id: AgentId
    agent_name: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerFacts:
    """A caller in a queue."""

    caller: WaitingCaller
    phone: str
    """E.164; empty if it is withheld."""
    joined_at: datetime
    """When the caller joined the queue."""
    offer: Offer | None = None
    """The offer that is open."""
    called_back: bool = False
    """Their phone is being called, and has not answered."""
    offers: int = 0
    """The offers until now."""
    offered_here: bool = False
    """There was an offer since they joined the queue."""
    excluded: Mapping[AgentKey, datetime] = field(default_factory=dict[AgentKey, datetime])
    """The agents who do not get the caller, and until when."""


@dataclass(frozen=True, slots=True)
class BeforeQueue:
    """A caller of the queue's number who is not in a queue."""

    call_id: UUID
    phone: str
    arrived_at: datetime


@dataclass(frozen=True, slots=True)
class AgentCall:
    """The call that an agent is reserved for, that their phone rings for, or that they talk on."""

    call_id: UUID
    queue_id: QueueId | None
    """The queue of a caller; None: the call is a campaign's."""
    campaign_id: CampaignId | None


@dataclass(frozen=True, slots=True)
class AgentFacts:
    """An agent of the queue."""

    agent: Agent
    call: AgentCall | None = None
    idle: IdleAgent | None = None
    """None: the agent cannot be offered a caller now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that decides who is offered to whom, at an instant."""

    tenant_id: TenantId
    queue_id: QueueId
    """The queue that is asked about."""
    now: datetime
    zone: str
    """The tenant's."""
    switch: Switch
    rules: Mapping[QueueId, QueueRules]
    """The rules of the queue, and of those in which callers wait."""
    callers: Sequence[CallerFacts]
    """The tenant's callers, of all queues."""
    callbacks: Sequence[WaitingCaller] = ()
    """The tenant's callbacks that are due, in the order of the callers."""
    before: Sequence[BeforeQueue] = ()
    agents: Sequence[AgentFacts] = ()
    """The agents of the queue."""
    idle: Sequence[IdleAgent] = ()
    """The tenant's agents who can be offered a caller now, of all queues."""
    withheld: Sequence[QueueKey] = ()
    """The queues for whose agents callees of campaigns wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerWhy:
    facts: CallerFacts
    position: int
    """In the queue, from 1."""
    place: Place
    reason: CallerReason | None
    """None: they are about to be offered to an agent."""
    until: datetime | None = None
    """When the reason ends by itself; None: it does not, or that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentWhy:
    facts: AgentFacts
    reason: AgentReason | None
    """None: they are about to be offered a caller, or would be offered the next one."""
    until: datetime | None = None
    first: WaitingCaller | None = None
    """The caller of another queue who comes before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    situation: Situation
    callers: Sequence[CallerWhy]
    """The callers of the queue, in their order."""
    agents: Sequence[AgentWhy]
    """Its agents, by id."""

    counts: Mapping[AgentReason, int]
    """The agents who are signed in, by reason."""


_NOT_SIGNED_IN = frozenset({"offline", "calling", "hanging_up"})


def signed_in(facts: AgentFacts) -> bool:
    return facts.agent.state not in _NOT_SIGNED_IN
