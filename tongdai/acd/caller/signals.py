"""Signals of a caller: inputs of `core.step` other than events of the switch. Pure."""

from dataclasses import dataclass
from typing import NamedTuple

from tongdai.acd.admission import Admission, Send
from tongdai.call_outcome import OfferOutcome
from tongdai.callbacks.model import ANYTHING, Askable
from tongdai.ids import AgentId
from tongdai.queues.menus.model import Menus
from tongdai.queues.model import Destination


@dataclass(frozen=True, slots=True)
class Admitted:
    """The result of admission to the queue that is reached after `hops` others."""

    admission: Admission
    hops: int


@dataclass(frozen=True, slots=True)
class NotAdmitted:
    """The rules could not be read: the database is unavailable, or the queue was deleted."""

    hops: int


@dataclass(frozen=True, slots=True)
class Matched:
    """The caller is to be offered to an agent of the queue that they reached after `hops` others."""

    agent_id: AgentId
    hops: int
    also: tuple[AgentId, ...] = ()
    """Others whose phones are to ring at once."""


@dataclass(frozen=True, slots=True)
class OfferMade:
    """The agent is reserved, and the offer committed."""

    agent_id: AgentId
    channel: str
    endpoint: str | None = None
    """The phone to ring; None: it is connected."""


class Phone(NamedTuple):
    """A phone to ring."""

    agent_id: AgentId
    channel: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class OffersMade:
    """The agents who were idle still are reserved, and their offers committed."""

    agent_id: AgentId
    """The first of those who were asked for."""
    phones: tuple[Phone, ...]


@dataclass(frozen=True, slots=True)
class PhoneRings:
    """The switch calls the agent's phone."""

    channel: str


@dataclass(frozen=True, slots=True)
class AgentAnswered:
    channel: str


@dataclass(frozen=True, slots=True)
class RingTimedOut:
    """The agent's phone has rung as long as it may, and nothing was heard of it since."""

    channel: str


@dataclass(frozen=True, slots=True)
class OfferRefused:
    """The agent was not idle any more."""

    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class BridgedWithAgent:
    pass


@dataclass(frozen=True, slots=True)
class NotBridged:
    """The caller's channel is gone."""


@dataclass(frozen=True, slots=True)
class NotConnected:
    """The agent was gone before the connection was recorded: nobody talks with the caller."""


@dataclass(frozen=True, slots=True)
class AgentMissing:
    """The agent's phone hung up before the two were bridged."""


@dataclass(frozen=True, slots=True)
class AgentLeft:
    """The agent's phone hung up, was not answered, or cannot be called; another agent may have come since."""

    channel: str
    outcome: OfferOutcome = OfferOutcome.UNREACHABLE
    """The outcome of the offer, if the two did not talk."""


@dataclass(frozen=True, slots=True)
class TalksWith:
    """Another one talks with the caller from now on: a consulted agent or number, or a phone that took over."""

    agent_id: AgentId | None
    channel: str


@dataclass(frozen=True, slots=True)
class Transferred:
    """Somebody transfers a caller who talks, or moves one who waits, to a queue or a number; `preferred`: to this agent
    of the queue."""

    to: Destination
    preferred: AgentId | None = None


@dataclass(frozen=True, slots=True)
class WaitOver:
    """The caller has waited as long as the queue lets callers wait, or with nobody signed in."""

    to: Send
    hops: int


@dataclass(frozen=True, slots=True)
class SoundOver:
    """A sound is not playing, or no longer."""

    playback_id: str


@dataclass(frozen=True, slots=True)
class MenusRead:
    """The menus of the tenant, for a caller who reached one after `hops` others."""

    menus: Menus
    hops: int


@dataclass(frozen=True, slots=True)
class CallbackWanted:
    """The caller, who waits, has pressed the key by which the queue offers callbacks."""


@dataclass(frozen=True, slots=True)
class CallbackBegun:
    """The data for asking a caller for the number to call back."""

    phone: str
    """The caller's, in E.164; empty: withheld."""
    country: str
    language: str
    hops: int
    askable: Askable = ANYTHING


@dataclass(frozen=True, slots=True)
class CallbackAsked:
    """The number that the caller has confirmed was recorded."""

    made: bool
    """False: it may not be called back any more."""


@dataclass(frozen=True, slots=True)
class KeyTimedOut:
    """The caller pressed no key in time, after the greeting of a turn."""

    turn: int
    hops: int


@dataclass(frozen=True, slots=True)
class RequestFailed:
    """A request failed a moment ago, and has no result."""


@dataclass(frozen=True, slots=True)
class ChannelListed:
    """The channel is in the switch's list."""

    up: bool


@dataclass(frozen=True, slots=True)
class ChannelAbsent:
    """The switch does not list the channel, and it will not appear any more."""


OfVisit = Admitted | NotAdmitted | Matched | WaitOver | MenusRead | CallbackBegun
"""Signals that concern the queue or menu which was reached after `hops` others."""
Signal = (
    Admitted | NotAdmitted | Matched | OfferMade | OffersMade | OfferRefused | PhoneRings | AgentAnswered | RingTimedOut
    | BridgedWithAgent | NotBridged | NotConnected | AgentMissing | AgentLeft | TalksWith | Transferred | WaitOver
    | SoundOver | MenusRead | CallbackWanted | CallbackBegun | CallbackAsked | KeyTimedOut | RequestFailed
    | ChannelListed | ChannelAbsent
)  # fmt: skip
