"""One caller of the ACD: stages and transitions, progress, and the records and requests of `core.step`. Pure."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from tongdai.acd.admission import Send
from tongdai.call_outcome import InboundOutcome, OfferOutcome
from tongdai.callbacks.model import CallbackDialog
from tongdai.calls.inbound.model import InboundEnding
from tongdai.ids import AgentId, MenuId, QueueId
from tongdai.queues.menus.core import State
from tongdai.queues.menus.model import Menu, Menus
from tongdai.queues.model import Destination


class Stage(StrEnum):
    ADMITTING = "admitting"
    """The rules of a queue are being read. On arrival the call is not answered."""
    WAITING = "waiting"
    """In a queue, with hold music."""
    CONNECTING = "connecting"
    """Offered to an agent, and being bridged."""
    FORWARDING = "forwarding"
    """An external number is called for the caller, who hears music."""
    TALKING = "talking"
    MENU = "menu"
    """In a keypad menu."""
    CALLBACK = "callback"
    """Asks to be called back: confirms the number by keys."""
    PLAYING = "playing"
    """A message is playing, after which the call ends."""
    HANGING_UP = "hanging_up"
    """We have requested the hang-up."""
    ENDED = "ended"


TRANSITIONS: dict[Stage, frozenset[Stage]] = {
    Stage.ADMITTING: frozenset(
        {Stage.WAITING, Stage.FORWARDING, Stage.MENU, Stage.CALLBACK, Stage.PLAYING, Stage.HANGING_UP, Stage.ENDED}
    ),
    Stage.WAITING: frozenset(
        {
            Stage.ADMITTING,
            Stage.CONNECTING,
            Stage.FORWARDING,
            Stage.MENU,
            Stage.CALLBACK,
            Stage.PLAYING,
            Stage.HANGING_UP,
            Stage.ENDED,
        }
    ),
    Stage.CONNECTING: frozenset({Stage.WAITING, Stage.TALKING, Stage.HANGING_UP, Stage.ENDED}),
    Stage.FORWARDING: frozenset({Stage.ADMITTING, Stage.TALKING, Stage.HANGING_UP, Stage.ENDED}),
    Stage.TALKING: frozenset({Stage.WAITING, Stage.FORWARDING, Stage.HANGING_UP, Stage.ENDED}),
    Stage.MENU: frozenset(
        {Stage.ADMITTING, Stage.FORWARDING, Stage.CALLBACK, Stage.PLAYING, Stage.HANGING_UP, Stage.ENDED}
    ),
    Stage.CALLBACK: frozenset({Stage.WAITING, Stage.PLAYING, Stage.HANGING_UP, Stage.ENDED}),
    Stage.PLAYING: frozenset({Stage.HANGING_UP, Stage.ENDED}),
    Stage.HANGING_UP: frozenset({Stage.ENDED}),
    Stage.ENDED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Rung:
    """One of several agents whose phones ring for a caller at once."""

    agent_id: AgentId
    channel: str
    placed: bool = False
    """The switch has the channel, as far as is known."""


@dataclass(frozen=True, slots=True)
class CallerProgress:
    """The state of one caller in the ACD."""

    call_id: UUID
    queue_id: QueueId
    """The queue that the caller reached last."""
    stage: Stage = Stage.ADMITTING
    hops: int = 0
    """How often the caller was sent on to another queue, menu or number, or was transferred."""
    transfers: int = 0
    """How often of these somebody transferred the call: they are not counted towards the limit."""
    epoch: int = 0
    """When this process began to control a caller whom another one left: the channels that it requests are named after
    it, so that none has the name of an earlier one. 0: from the arrival."""
    answered: bool = False
    """The answer is recorded, and was requested."""
    music: bool = False
    """Hold music was requested, and nothing since that ends it."""
    agent_id: AgentId | None = None
    """The agent to whom the caller is offered, or who talks; None: nobody, a number, or not known after a restart."""
    preferred: AgentId | None = None
    """The agent to whom the caller was transferred: nobody else gets them for a while."""
    number: str | None = None
    """The number that is called for the caller, or talks."""
    agent_channel: str | None = None
    """The channel of the agent's phone, once the offer is committed, or of the number."""
    rings: bool = False
    """The phone is called for the caller, and hung up afterwards: of an agent in mode ring, or of a number."""
    placed: bool = False
    """The switch has the channel of the agent's phone, as far as is known."""
    agent_up: bool = False  # the agent's phone is connected
    talked: bool = False
    """The caller and an agent heard each other."""
    also: tuple[AgentId, ...] = ()
    """Other agents who are to be rung at once with `agent_id`, until the offers are committed."""
    rung: tuple[Rung, ...] = ()
    """The agents who are rung at once, until one answers; `agent_id` is None then."""
    leaving: Send | None = None
    """Where the caller goes unless the present offer succeeds."""
    menu_id: MenuId | None = None
    menu: State | None = None
    """Where the caller is in it; None: it is being read, or the caller is in none."""
    menus: Menus = field(default_factory=dict[MenuId, Menu])
    """The menus of the tenant, as they were when the caller reached it."""
    callback: CallbackDialog | None = None
    """None: it is being begun, or the caller does not ask for a callback."""
    keeps_waiting: bool = False
    """A caller who gives up asking waits again; otherwise the call ends."""
    outcome: InboundOutcome | None = None
    """The outcome, if it was decided before the channel ended."""

    @property
    def playback_id(self) -> str:
        return f"{self.call_id}-message"

    @property
    def ringing(self) -> tuple[str, ...]:
        """The channels of phones that are called for the caller, and hung up afterwards."""
        own = (self.agent_channel,) if self.rings and self.agent_channel is not None else ()
        return (*own, *(one.channel for one in self.rung))

    @property
    def agent_channels(self) -> tuple[str, ...]:
        """The channels of agents' phones that the switch has, as far as is known."""
        own = (self.agent_channel,) if self.placed and self.agent_channel is not None else ()
        return (*own, *(one.channel for one in self.rung if one.placed))


class NumberCall(NamedTuple):
    """The call of a number for a caller."""

    number: str
    channel: str
    talks: bool
    """The two were connected."""


# Commands: records to commit, then requests to make, in this order


@dataclass(frozen=True, slots=True)
class RecordJoin:
    """The caller waits in the queue; the call is answered, if it was not."""

    queue_id: QueueId
    hops: int
    transfer: bool = False
    """Somebody transferred the call: the talk is over, and the agent wraps up."""


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """The call is answered for a menu, a message, or (as that) to ask for a number; the caller is in no queue."""

    menu_id: MenuId | None = None


@dataclass(frozen=True, slots=True)
class RecordKey:
    """The caller pressed a key in a menu, or (None) none of it in time, and is sent on."""

    menu_id: MenuId
    key: str | None
    to: Destination | None
    """None: the key is not in the menu."""


@dataclass(frozen=True, slots=True)
class RecordConnection:
    """The caller and the agent hear each other. Result: NotConnected, or none."""

    agent_id: AgentId | None


@dataclass(frozen=True, slots=True)
class RecordOfferEnd:
    """The agent is free, and the caller waits at the same place."""

    agent_id: AgentId | None
    """None: not known; all offers of the caller end."""
    outcome: OfferOutcome


@dataclass(frozen=True, slots=True)
class RecordForward:
    """A number is called for the caller, who is in no queue (any more); the call is answered, if it was not."""

    number: str
    channel: str
    transfer: bool = False
    """Somebody transferred the call: the talk is over, and the agent wraps up."""


@dataclass(frozen=True, slots=True)
class RecordCallback:
    """The caller is to be called back at a number, and is in no queue any more: the callback has the place. Result:
    CallbackAsked."""

    phone: str
    others: bool = False
    """The number is not the one that the caller shows: as many as are allowed may have been asked for meanwhile."""


@dataclass(frozen=True, slots=True)
class RecordEnd:
    """Ends the call, its offer and its wait, and frees the agent."""

    ending: InboundEnding


@dataclass(frozen=True, slots=True)
class Admit:
    """Read the rules of a queue and decide. Results: Admitted or NotAdmitted."""

    queue_id: QueueId
    hops: int


@dataclass(frozen=True, slots=True)
class Answer:
    again: bool = False
    """An earlier request may have been lost."""


@dataclass(frozen=True, slots=True)
class StartMusic:
    pass


@dataclass(frozen=True, slots=True)
class StopMusic:
    pass


@dataclass(frozen=True, slots=True)
class Wait:
    """Let the caller be matched with agents, but not with `without` for so long. Results: Matched or WaitOver."""

    without: AgentId | None = None
    without_s: int = 0


@dataclass(frozen=True, slots=True)
class StopWaiting:
    """Match the caller no more."""


@dataclass(frozen=True, slots=True)
class MakeOffer:
    """Reserve the agent. Idempotent. Results: OfferMade or OfferRefused."""

    agent_id: AgentId
    also: tuple[AgentId, ...] = ()
    """Others to be rung at once. Results then: OffersMade or OfferRefused."""


@dataclass(frozen=True, slots=True)
class Exclude:
    """Do not offer the caller to the agent for so long."""

    agent_id: AgentId
    seconds: int


@dataclass(frozen=True, slots=True)
class RingAgent:
    """Call the agent's phone. Results: PhoneRings, AgentLeft, or none: it may ring."""

    channel: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class CallNumber:
    """Call a number for the caller, by the trunk of the call. Results: PhoneRings, AgentLeft, or none: it may ring."""

    channel: str
    number: str


@dataclass(frozen=True, slots=True)
class StartRingTimer:
    """Notify the caller of RingTimedOut after the longest time that the phone may ring."""

    channel: str


@dataclass(frozen=True, slots=True)
class HangUpAgent:
    channel: str


@dataclass(frozen=True, slots=True)
class BridgeWithAgent:
    """Results: BridgedWithAgent, NotBridged or AgentMissing."""

    channel: str


@dataclass(frozen=True, slots=True)
class PlaySound:
    sound: str
    playback_id: str


@dataclass(frozen=True, slots=True)
class PlayInvalidKey:
    """Say that the key means nothing."""

    playback_id: str


@dataclass(frozen=True, slots=True)
class PlayParts:
    """Say a sentence of recorded parts."""

    parts: tuple[str, ...]
    language: str
    playback_id: str


@dataclass(frozen=True, slots=True)
class BeginCallback:
    """Read what is needed to ask for the number. Result: CallbackBegun."""

    hops: int


@dataclass(frozen=True, slots=True)
class CheckKey:
    """Ask whether the queue offers a callback by this key. Results: CallbackWanted, or none."""

    digit: str


@dataclass(frozen=True, slots=True)
class StopSound:
    playback_id: str


@dataclass(frozen=True, slots=True)
class ReadMenus:
    """Result: MenusRead."""

    hops: int


@dataclass(frozen=True, slots=True)
class StartKeyTimer:
    """Notify the caller of KeyTimedOut after so many seconds."""

    seconds: int
    turn: int
    hops: int


@dataclass(frozen=True, slots=True)
class CheckSound:
    """Results: SoundOver, or none."""

    playback_id: str


@dataclass(frozen=True, slots=True)
class HangUp:
    cause: int
    """By Q.850; the switch makes a SIP status of it while the call is not answered."""


@dataclass(frozen=True, slots=True)
class DestroyBridge:
    pass


Moving = RecordJoin | RecordAnswer | RecordForward | RecordCallback
Record = Moving | RecordKey | RecordConnection | RecordOfferEnd | RecordEnd
Sound = PlaySound | PlayInvalidKey | PlayParts | StopSound
Resultless = Answer | StartMusic | StopMusic | StopWaiting | StartKeyTimer | HangUp | DestroyBridge | Exclude
Phone = RingAgent | CallNumber | StartRingTimer | HangUpAgent
Asking = BeginCallback | CheckKey
Request = Sound | Phone | Asking | Admit | ReadMenus | Wait | MakeOffer | BridgeWithAgent | CheckSound | Resultless
Command = Record | Request
