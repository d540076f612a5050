"""Acts: what somebody asks to be done to a live call. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from tongdai.calls.events.model import EventKind
from tongdai.calls.model import CallState
from tongdai.calls.parties.model import Party, PartyKind
from tongdai.ids import AgentId, Author, ByUser, KeyId, TenantId, UserId
from tongdai.queues.model import Destination, DestinationKind

LAPSES_AFTER = timedelta(seconds=4)
"""An act that the leader has not begun by then is not done any more."""
MAX_KEYS = 32
MIN_HOLD_S, DEFAULT_HOLD_S, MAX_HOLD_S = 1, 300, 3600
"""The longest that a caller is on hold before the call resumes by itself."""


class Kind(StrEnum):
    HOLD = "hold"
    """The customer hears music, and nobody; the agent hears nobody."""
    RESUME = "resume"
    MUTE = "mute"
    """Nobody hears the agent."""
    UNMUTE = "unmute"
    DTMF = "dtmf"
    """Press keys for the customer's side to hear, such as another system's menu."""
    HANG_UP = "hang_up"
    TRANSFER = "transfer"
    """The customer goes to a queue, an agent or a number, and the agent leaves at once."""
    LISTEN = "listen"
    """A supervisor's phone hears customer and agent, who do not hear it."""
    WHISPER = "whisper"
    """The agent hears the supervisor, too."""
    BARGE = "barge"
    """Customer, agent and supervisor hear each other."""
    LEAVE = "leave"
    """The supervisor's phone is hung up."""
    TAKE_OVER = "take_over"
    """The supervisor's phone talks with the customer; the agent leaves."""
    CONSULT = "consult"
    """The customer is on hold, and the agent consults somebody, who is called."""
    COMPLETE = "consult_complete"
    """Customer and consulted party talk; the agent leaves."""
    CANCEL = "consult_cancel"
    """The consulted party leaves; customer and agent talk."""
    CONFERENCE = "conference"
    """Customer, agent and consulted party hear each other."""


SUPERVISING = frozenset({Kind.LISTEN, Kind.WHISPER, Kind.BARGE, Kind.LEAVE, Kind.TAKE_OVER})
"""Acts of a supervisor, who has a phone of their own."""
CONSULTING = frozenset({Kind.CONSULT, Kind.COMPLETE, Kind.CANCEL, Kind.CONFERENCE})
"""Acts with a party besides customer and agent."""

_EVENTS = SUPERVISING | {Kind.TRANSFER, Kind.HANG_UP}
"""Acts that are events of the call: segments do not tell them."""
REPEATABLE = frozenset({Kind.HOLD, Kind.RESUME, Kind.MUTE, Kind.UNMUTE})
"""Acts whose records say what the switch is to do: one that was interrupted is completed by them."""


class Result(StrEnum):
    DONE = "done"
    REFUSED = "refused"
    """The state of the call did not allow it: nothing was done."""
    FAILED = "failed"
    """The switch refused, or did not reply: whether it was done is not known."""
    LAPSED = "lapsed"
    """Nobody began it in time: nothing was done."""


@dataclass(frozen=True, slots=True)
class Act:
    tenant_id: TenantId
    act_id: UUID
    call_id: UUID
    channel: str
    """The customer's: a caller's has an id of the switch, another one that of its call."""
    kind: Kind
    arguments: Mapping[str, Any]
    key_id: KeyId | None = None
    """The key of the request."""
    user_id: UserId | None = None
    """The user of the request."""

    @property
    def author(self) -> Author | None:
        return self.key_id if self.user_id is None else ByUser(self.user_id)

    @property
    def max_s(self) -> int:
        """The limit of a hold."""
        return int(self.arguments.get("maxSec", DEFAULT_HOLD_S))

    @property
    def keys(self) -> str:
        """The keys to press."""
        return str(self.arguments["digits"])

    @property
    def destination(self) -> Destination:
        """Where the customer is transferred."""
        if "number" in self.arguments:
            return Destination(DestinationKind.NUMBER, str(self.arguments["number"]))
        return Destination(DestinationKind.QUEUE, str(self.arguments["queueId"]))

    @property
    def event(self) -> EventKind | None:
        """The event of the call that it is; None: its segments tell it."""
        return EventKind(self.kind) if self.kind in _EVENTS else None

    @property
    def led_to(self) -> Destination | None:
        """Where the customer is transferred, to an agent too."""
        if self.kind is not Kind.TRANSFER:
            return None
        agent_id = self.to_agent
        return self.destination if agent_id is None else Destination(DestinationKind.AGENT, str(agent_id))

    @property
    def to_agent(self) -> AgentId | None:
        """The agent of that queue to whom the customer is transferred."""
        agent_id = self.arguments.get("agentId")
        return None if agent_id is None else AgentId(int(agent_id))

    @property
    def endpoint(self) -> str:
        """The supervisor's phone."""
        return str(self.arguments["endpoint"])

    @property
    def consulted(self) -> "Consulted":
        """The party that the agent consults."""
        if "agentId" in self.arguments:
            return Consulted(PartyKind.AGENT, "", AgentId(int(self.arguments["agentId"])))
        if "number" in self.arguments:
            return Consulted(PartyKind.NUMBER, str(self.arguments["number"]))
        return Consulted(PartyKind.PHONE, self.endpoint)


@dataclass(frozen=True, slots=True)
class Consulted:
    """Somebody to consult."""

    kind: PartyKind
    target: str
    """The number, in E.164, or the phone's endpoint; of an agent empty: their phone is in their row."""
    agent_id: AgentId | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How an act ended."""

    result: Result
    message: str = ""
    """Why it was not done; empty for one that was."""


@dataclass(frozen=True, slots=True)
class Talk:
    """A live call, as far as acts are concerned with it."""

    state: CallState
    channel: str
    """The customer's channel; the bridge of the talk has its name."""
    agent_id: AgentId | None
    """The agent who talks; None: nobody, or the audio file."""
    agent_channel: str | None
    held_until: datetime | None
    muted_channel: str | None
    party: Party | None = None
    """The party besides the agent: consulted, or in a conference; without an agent the one who talks instead."""

    @property
    def with_agent(self) -> bool:
        return self.agent_channel is not None

    @property
    def held(self) -> bool:
        return self.held_until is not None

    @property
    def muted(self) -> bool:
        return self.muted_channel is not None


@dataclass(frozen=True, slots=True)
class Control:
    """A live call whose talk was changed, or one that has ended since."""

    tenant_id: TenantId
    call_id: UUID
    channel: str
    """The customer's."""
    over: bool
    """The call has ended."""
    overdue: bool
    """The limit of the hold has passed."""
    muted_channel: str | None
