"""Inbound queues. Pure."""

from dataclasses import dataclass
from enum import Enum, IntEnum, StrEnum, auto
from typing import NamedTuple

from msgspec import UNSET, UnsetType

from tongdai.ids import AgentId, CampaignId, MenuId, QueueId

MAX_NAME = 255
MAX_NUMBER = 32
MAX_WAIT_S = 86400


class Strategy(IntEnum):
    """The strategy by which a queue is managed."""

    NORMAL = 1
    VIP = 2
    BLACKLIST = 3
    DIVERT = 4
    LOCKED = 99


class Selector(StrEnum):
    """How an idle agent is selected for a caller."""

    LONGEST_IDLE = "longest_idle"
    FEWEST_CALLS = "fewest_calls"
    """The agent with the fewest calls today."""
    LEAST_TALK = "least_talk"
    """The agent who has talked least today."""
    ROUND_ROBIN = "round_robin"
    """The agents in turn, by id: the one after the agent offered last."""
    LINEAR = "linear"
    """The first idle agent in the order of their positions in the queue."""
    RANDOM = "random"
    RING_ALL = "ring_all"
    """All idle agents whose phones ring for each call, at once: the first to answer. Agents whose phones are connected
    get callers only while nobody else is idle, the longest idle first."""


class CallbackMode(StrEnum):
    """The one whom a queue calls first for a callback."""

    AGENT_FIRST = "agent_first"
    """An agent is reserved, then the customer is called: who picks up has an agent at once."""
    CUSTOMER_FIRST = "customer_first"
    """The customer is called while an agent is idle, and waits at their place: no agent waits for a phone."""


class DestinationKind(StrEnum):
    """Where a caller is sent who is not to wait, or no longer."""

    QUEUE = "queue"
    AGENT = "agent"
    NUMBER = "number"
    """An external number, in E.164."""
    MENU = "menu"
    CALLBACK = "callback"
    MESSAGE = "message"
    """A sound is played, then the call ends."""
    HANG_UP = "hang_up"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a caller goes: after the maximum wait, when the queue is full, empty, closed or diverted."""

    kind: DestinationKind
    target: str | None = None
    """The id of the queue, agent or menu, the number, or the sound; None for a callback and for hanging up."""


HANG_UP = Destination(DestinationKind.HANG_UP)


@dataclass(frozen=True, slots=True)
class SkillRule:
    """A skill that an agent needs for the callers of a queue."""

    skill: str
    level: int = 1
    """The lowest level, 1 to 10."""


VIP_HEAD_START_S = 600
LEAVE_EMPTY_AFTER_S = 30
CALLBACK_EXPIRES_S = 14_400
PREFERRED_AGENT_PATIENCE_S = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRules:
    """The rules of a queue for admission, waiting and the selection of agents, at the arrival of a caller."""

    queue_id: QueueId
    name: str
    strategy: Strategy = Strategy.NORMAL
    divert_to: Destination | None = None
    """For Strategy.DIVERT; None: the call is refused."""
    closed: Destination | None = None
    """Where callers go who arrive now, outside of opening hours, on a holiday or while the queue is closed; None: the
    queue is open."""
    locked: Destination = HANG_UP
    """For Strategy.LOCKED: the closed message."""
    max_length: int | None = None
    """The most callers that may wait; None: no limit."""
    when_full: Destination = HANG_UP
    join_empty: bool = False
    """Whether callers may join while no agent of the queue is signed in."""
    when_empty: Destination = HANG_UP
    leave_empty_after_s: int | None = LEAVE_EMPTY_AFTER_S
    """How long callers wait with no agent signed in, before they go to `when_empty`; None: until the maximum wait."""
    max_wait_s: int | None = None
    """The maximum wait from admission; 0 and None are no limit."""
    overflow: Destination = HANG_UP
    """Where callers go after the maximum wait."""
    hold_music: str | None = None
    """The file of the music on hold; None: the switch's default class."""
    announce_position: bool = False
    language: str | None = None
    """The language of prompts; None: the tenant's."""
    country: str = "VN"
    """By whose plan callers enter numbers."""
    selector: Selector = Selector.LONGEST_IDLE
    skills: tuple[SkillRule, ...] = ()
    """An agent needs all of them."""
    skills_for_s: int | None = None
    """For how long of a caller's wait the skills are needed; None: always."""
    preferred_agent_days: int | None = None
    """A caller waits for the agent who talked with them last, within so many days; None: for nobody."""
    preferred_agent_patience_s: int = PREFERRED_AGENT_PATIENCE_S
    """For how long of the wait."""
    vip_head_start_s: int = VIP_HEAD_START_S
    """Callers of a VIP queue are served as if they had arrived so much earlier."""
    inbound_reserve: int | None = None
    """Idle agents that pacing leaves; None: as many as callers wait."""
    ring_timeout_s: int = 20
    """How long the phone of an agent in ring mode rings."""
    auto_pause_after: int | None = 3
    """Missed calls in a row after which an agent is paused; None: never."""
    announce_wait: bool = True
    """Whether the expected wait is announced with the position."""
    announce_every_s: int = 30
    """The least time from one announcement to the next."""
    service_level_s: int = 20
    """The wait up to which a call counts as answered in time."""
    callback_offered: bool = False
    """Whether callers who wait may ask to be called back."""
    callback_key: str = "1"
    """By which key."""
    callback_mode: CallbackMode = CallbackMode.AGENT_FIRST
    callback_expires_s: int = CALLBACK_EXPIRES_S
    """How long a callback holds, while the queue is open."""
    menu_id: MenuId | None = None
    """The menu that callers of the queue's number hear first; those who come from elsewhere hear none."""

    @property
    def head_start_s(self) -> int:
        return self.vip_head_start_s if self.strategy is Strategy.VIP else 0


@dataclass(frozen=True, slots=True)
class InboundQueue:
    queue_id: QueueId
    name: str
    number: str | None
    """The number that callers dial to reach the queue."""
    strategy: Strategy
    moh_file: str | None
    """File name of the hold music."""
    max_wait_s: int | None
    """0 and None are no limit."""
    announce_position: bool | None
    agent_selector: str | None


class References(NamedTuple):
    """The users of a queue: agents, campaigns and others by id, the first few when there are many; and callers."""

    agents: list[AgentId]
    campaigns: list[CampaignId]
    queues: list[QueueId]
    """Other queues, by a destination of theirs."""
    menus: list[MenuId]
    defaults: bool
    """Whether it is the after-hours destination of the tenant."""
    callers: int
    """The number of callers who wait in it."""


class NumberRefusal(Enum):
    """Why a queue does not get a number."""

    OF_OTHER_QUEUE = auto()
    """Another queue of the tenant has it, in one of its written forms."""
    OF_OTHER_TENANT = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The fields of a queue that a request changes; UNSET leaves a field as it is, None clears it."""

    name: str | UnsetType = UNSET
    strategy: Strategy | UnsetType = UNSET
    moh_file: str | UnsetType | None = UNSET
    max_wait_s: int | UnsetType | None = UNSET
    announce_position: bool | UnsetType | None = UNSET
    number: str | UnsetType | None = UNSET
