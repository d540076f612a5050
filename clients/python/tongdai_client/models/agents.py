"""Agents, and the contacts they preview."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from tongdai_client.models.base import Done, Result, Scalar


class AgentState(StrEnum):
    OFFLINE = "offline"
    CALLING = "calling"
    """Signed in; their phone is being called."""
    IDLE = "idle"
    RESERVED = "reserved"
    """Reserved for a call that is about to be connected."""
    ALERTING = "alerting"
    """Their phone rings for a caller."""
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"
    """Gets no calls until they are ready."""
    UNREACHABLE = "unreachable"
    """The switch cannot reach their phone."""
    HANGING_UP = "hanging_up"
    """Signed out; their phone has not been hung up yet."""


class AgentMode(StrEnum):
    NAILED_UP = "nailed_up"
    """Their phone is called at sign-in, and connected until sign-out."""
    RING = "ring"
    """Their phone is called for each call of a caller."""


class QueueMember(Result, frozen=True):
    """A queue whose calls an agent takes."""

    queue_id: int
    position: int = 1
    """The agent's place in the queue's order of agents."""


class AgentSkill(Result, frozen=True):
    """A skill of an agent."""

    skill: str
    level: int = 1
    """1 to 10."""


class OfflineReason(StrEnum):
    SIGNED_OUT = "signed_out"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    """The switch could not call the phone: it is not registered, or there is no such endpoint."""
    PHONE_HUNG_UP = "phone_hung_up"
    LOST = "lost"
    """The switch does not know the phone's call any more, as after a restart."""


class Agent(Result, frozen=True, kw_only=True):
    agent_id: int
    name: str = msgspec.field(name="agentName")
    endpoint: str
    """The PJSIP endpoint of their phone."""
    queue_id: int
    """Their own queue."""
    team_id: int | None
    """Your own number of their team."""
    mode: str
    """An `AgentMode`."""
    queues: list[QueueMember]
    """All queues whose calls they take, by position, with their own."""
    skills: list[AgentSkill]
    wrap_up_sec: int
    state: str
    """An `AgentState`."""
    state_since: datetime
    next_state: str | None
    """Paused or offline, an `AgentState`, when the present call and its wrap-up end; None: idle."""
    pause_reason: str | None
    """Why they are paused, or will be."""
    wrap_up_until: datetime | None
    """When their wrap-up ends by itself."""
    wrap_up_code_needed: bool = False
    """Their wrap-up ends early, or at all, only with a code."""
    missed: int
    """Offers in a row that they did not answer."""
    phone_reachable: bool
    busy_elsewhere: bool
    """Their phone is in a call that is not Tongdai's."""
    sign_out_pending: bool
    """Signed out during a call; offline when it ends."""
    offline_reason: str | None
    """An `OfflineReason`; None unless offline, and for an agent who never signed in."""
    call_id: UUID | None
    """The call that they are reserved for or connected to."""
    created_at: datetime


class PhoneCredentials(Result, frozen=True, kw_only=True):
    """The name and password that a phone is set up with."""

    username: str
    password: str | None
    """Shown once; None for a request that was repeated with its idempotency key."""


class AgentCreated(Done, frozen=True, kw_only=True):
    agent_id: int
    phone: PhoneCredentials | None
    """The SIP account that was made, of an agent without an `endpoint`."""


class PhoneAccountMade(Done, frozen=True, kw_only=True):
    phone: PhoneCredentials


class PhoneAccount(Result, frozen=True, kw_only=True):
    """The SIP account of an agent's phone."""

    username: str
    made_at: datetime
    password_at: datetime
    """When its present password was made."""
    on_switch: bool
    """The switch has it as it is."""
    problem: str | None
    """Why the switch did not take it."""
    in_browser: bool
    """The agent uses it in the browser; it is on the switch only while their desk is open."""


class Preview(Result, frozen=True, kw_only=True):
    """A contact that an agent looks at before calling it."""

    campaign_id: int
    contact_id: int
    phone_number: str
    name: str | None
    external_id: str | None
    attributes: dict[str, Scalar] | None
    attempts: int
    """Number of earlier calls to the contact."""
    offered_at: datetime
    lapses_at: datetime | None
    """When the contact may be offered to another agent; None once accepted."""
    accepted_at: datetime | None


class PreviewCampaign(Result, frozen=True, kw_only=True):
    campaign_id: int
    campaign_name: str


class AgentPreview(Result, frozen=True, kw_only=True):
    """The contact offered to an agent, and the campaigns from which one may be."""

    campaigns: list[PreviewCampaign]
    offer: Preview | None


class StateSeconds(Result, frozen=True, kw_only=True):
    """For how many seconds agents were signed in, by state."""

    signed_in_sec: int
    """The sum of the next eight."""
    calling_sec: int
    idle_sec: int
    reserved_sec: int
    alerting_sec: int
    talking_sec: int
    wrapping_up_sec: int
    paused_sec: int
    unreachable_sec: int
    pauses: dict[str, int]
    """`paused_sec` by the reason of the pause."""


class AgentToday(Result, frozen=True, kw_only=True):
    """The figures of an agent since midnight of the tenant."""

    zone: str
    """The tenant's time zone."""
    since: datetime
    """Midnight."""
    now: datetime
    """When the figures were read."""
    calls_in: int
    calls_out: int
    talk_sec: float
    hold_sec: float
    wrap_up_sec: float
    offers: int
    missed_offers: int
    states: StateSeconds
    """The seconds since midnight for which the agent was signed in."""


class PauseReasons(Result, frozen=True, kw_only=True):
    """The reasons for pauses that agents choose from."""

    reasons: list[str]


class PreviewOffered(Done, frozen=True, kw_only=True):
    preview: Preview | None = msgspec.field(name="offer")
    """None if no contact is due within its calling window."""
