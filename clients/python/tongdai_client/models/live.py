"""Live figures, and the wallboards that show them."""

from datetime import datetime
from uuid import UUID

import msgspec

from tongdai_client.models.agents import Agent
from tongdai_client.models.base import Done, Result
from tongdai_client.models.calls import Call


class ContactCounts(Result, frozen=True, kw_only=True):
    pending: int
    in_call: int
    processed: int


class ActiveCalls(Result, frozen=True, kw_only=True):
    dialing: int
    ringing: int
    waiting: int
    """Answered, and waiting for an agent."""
    talking: int


class AgentCounts(Result, frozen=True, kw_only=True):
    """The agents of a campaign's queue by state."""

    offline: int
    calling: int
    idle: int
    reserved: int
    talking: int
    wrap_up: int
    paused: int
    unreachable: int
    hanging_up: int


class CallStats(Result, frozen=True, kw_only=True):
    """Statistics of the calls that ended within a period."""

    calls: int
    answered: int
    answer_rate: float | None
    """A percentage."""
    outcomes: dict[str, int]
    ring_sec: float | None
    """An average."""
    talk_sec: float | None
    """An average."""


class Pacing(Result, frozen=True, kw_only=True):
    mode: str
    max_concurrent_calls: int
    calls_per_second: int
    ring_timeout_sec: int
    abandonment_cap_percent: float
    """A percentage of the live answers."""


class CampaignLive(Result, frozen=True, kw_only=True):
    """The live figures of a campaign."""

    campaign_id: int
    name: str = msgspec.field(name="campaignName")
    status: int
    pause_reason: str | None = None
    """Why it paused itself: sound_not_played; None: it did not."""
    contacts: ContactCounts
    calls: ActiveCalls
    agents: AgentCounts
    calls_per_minute: int
    this_hour: CallStats
    today: CallStats
    abandoned_rate_24h: float | None = msgspec.field(name="abandonedRate24h")
    """A percentage of the live answers."""
    pacing: Pacing


class CampaignLiveDetail(CampaignLive, frozen=True, kw_only=True):
    abandoned_rate_30d: float | None = msgspec.field(name="abandonedRate30d")
    dialing_held: bool = False
    """Whether nothing is dialled, by no campaign, until an operator releases it."""
    switch_up: bool
    dialer_running: bool


class TimelinePoint(Result, frozen=True, kw_only=True):
    """An interval of a campaign's timeline."""

    at: datetime
    """When it begins."""
    calls: int
    """Placed calls."""
    answered: int
    """Answered ones, including machines and abandoned calls."""
    abandoned: int
    """Calls that ended in it as abandoned."""
    abandoned_rate_24h: float | None = msgspec.field(name="abandonedRate24h")
    """A percentage of the live answers of the 24 hours before its end."""
    talking: float
    """Mean number of calls connected with an agent or the sound."""
    idle: float
    """Mean number of idle agents, of those who serve the campaign's queue now."""


class Timeline(Result, frozen=True, kw_only=True):
    """A campaign's calls over time."""

    step: str
    """minute or hour."""
    abandonment_cap_percent: float
    data: list[TimelinePoint]


class SwitchStatus(Result, frozen=True, kw_only=True):
    up: bool
    name: str | None


class DialerStatus(Result, frozen=True, kw_only=True):
    running: bool
    alive_at: datetime | None
    """The dialer's last heartbeat."""


class DialingStatus(Result, frozen=True, kw_only=True):
    """Whether dialing is held on the whole installation."""

    held: bool = False
    since: datetime | None = None
    reason: str | None = None
    message: str | None = None


class Switch(Result, frozen=True, kw_only=True):
    """A switch that carries calls of the tenant."""

    name: str
    kind: str | None
    description: str | None
    """Product and version, as the switch reports them."""
    up: bool
    running: bool
    """Whether a process leads it."""
    alive_at: datetime | None
    live_calls: int
    """Number of the tenant's active calls on it."""


class ServiceFigures(Result, frozen=True, kw_only=True):
    """Callers who entered a queue in a period and do not wait any more. Rates are percentages."""

    offered: int
    answered: int
    abandoned: int
    sent_on: int
    """Ended otherwise: sent elsewhere, after the longest wait, lost."""
    answered_within: int
    """Callers among the answered: within service_level_sec."""
    abandoned_within: int
    """Callers among the abandoned: within short_abandon_sec."""
    service_level_of_answered: float | None
    """answered_within / answered."""
    service_level_of_offered: float | None
    """answered_within / (offered - abandoned_within)."""
    abandon_rate: float | None
    answer_sec: float | None
    """Mean seconds until the answer."""
    callers_not_served: int
    """Distinct numbers that nobody answered, and that were not answered or called back later."""


class WaitingCaller(Result, frozen=True, kw_only=True):
    call_id: UUID
    phone_number: str
    """Empty if it is withheld."""
    position: int
    arrived_at: datetime
    wait_sec: int


class QueueLive(Result, frozen=True, kw_only=True):
    """The live figures of an inbound queue."""

    queue_id: int = msgspec.field(name="callinId")
    name: str = msgspec.field(name="callinName")
    strategy: int
    waiting: int
    longest_wait_sec: int | None
    talking: int
    callbacks: int = 0
    """Callbacks that are due or being called; 0 of a server that is older."""
    agents: dict[str, int]
    """By state, states without an agent left out."""
    today: ServiceFigures
    """Since midnight in the tenant's time zone."""
    last_30_min: ServiceFigures = msgspec.field(name="last30Min")
    service_level_sec: int
    """The threshold of the service level: as asked for, or else as the queue has it."""


class Live(Result, frozen=True, kw_only=True):
    """The live figures of the tenant."""

    switch: SwitchStatus
    dialer: DialerStatus
    dialing: DialingStatus = DialingStatus()
    """Not held, where the server is too old to tell."""
    switches: list[Switch]
    """The one that carries new calls, and those that still carry others."""
    campaigns: list[CampaignLive]
    """Campaigns that are running, have active calls or paused themselves."""
    queues: list[QueueLive] = msgspec.field(default_factory=list[QueueLive])
    """The inbound queues by id; none of a server that is older."""
    newest: list[Call]
    """The calls that ended last, the last first."""


class QueueLiveDetail(QueueLive, frozen=True, kw_only=True):
    callers: list[WaitingCaller]
    """Callers who wait, in their order."""
    short_abandon_sec: int


class QueuesLive(Result, frozen=True, kw_only=True):
    """The live figures of all inbound queues, and of all together."""

    waiting: int
    longest_wait_sec: int | None
    talking: int
    agents: dict[str, int]
    """The tenant's agents by state, each counted once."""
    today: ServiceFigures
    last_30_min: ServiceFigures = msgspec.field(name="last30Min")
    service_level_sec: int | None
    """The threshold that was asked for; None: each queue has its own."""
    short_abandon_sec: int
    queues: list[QueueLive]


class QueuesWithCallers(QueuesLive, frozen=True, kw_only=True):
    """The live figures of all inbound queues, each with its callers."""

    queues: list[QueueLiveDetail]  # pyright: ignore[reportIncompatibleVariableOverride] - more of each


class LiveTopics(Result, frozen=True, kw_only=True):
    """Changes of the topics that a stream follows; None: nothing changed."""

    now: datetime
    """The server's time."""
    read_at: dict[str, datetime]
    """When each topic was read last, changed or not."""
    queues: QueuesWithCallers | None = None
    agents: list[Agent] | None = None
    campaigns: Live | None = None


class HealthPart(Result, frozen=True, kw_only=True):
    part: str
    """`disk`, `telephony` (the process that leads the switch), `switch` (its connection), `dialing`, `imports`."""
    state: str
    """`ok`, `warning`, `failed`, or `unknown`: another fault hides it."""
    reason: str | None
    """Why it does not work, a code."""
    message: str | None
    """The same in a sentence, and what to do."""


class Health(Result, frozen=True, kw_only=True):
    """State of the parts that the tenant's work needs."""

    state: str
    """The worst of the parts: `ok`, `warning`, `failed`."""
    version: str
    now: datetime
    switch_seen_at: datetime | None
    """When the process that leads the switch was last heard."""
    imports_open: int
    parts: list[HealthPart]


class WallboardThreshold(Result, frozen=True):
    """From which figure a board warns, and from which it alarms."""

    warn: int
    alarm: int


class WallboardThresholds(Result, frozen=True, kw_only=True):
    """From which figures a board warns and alarms; None: never."""

    waiting: WallboardThreshold | None = None
    """Callers who wait."""
    longest_sec: WallboardThreshold | None = None
    """Seconds of the longest wait."""
    service_percent: WallboardThreshold | None = None
    """Service level of today: this low."""


class Wallboard(Result, frozen=True, kw_only=True):
    wallboard_id: int
    name: str
    hint: str
    """The first and last characters of its token."""
    tiles: list[str]
    """The figures that it shows, in this order."""
    queue_ids: list[int]
    """The queues that it shows; empty: all."""
    thresholds: WallboardThresholds
    language: str | None
    """None: the browser's."""
    theme: str
    created_by: int | None
    """The user who made it; None: a key."""
    created_at: datetime
    seen_at: datetime | None
    """When it was shown last, to half a minute; None: never."""


class Wallboards(Result, frozen=True, kw_only=True):
    data: list[Wallboard]


class WallboardCreated(Done, frozen=True, kw_only=True):
    wallboard_id: int
    token: str | None
    """Returned this once; None if a retried request finds that it was returned before."""

    def __repr__(self) -> str:
        # Results are printed and logged; tokens must not be.
        return f"WallboardCreated(wallboard_id={self.wallboard_id}, token='…')"
