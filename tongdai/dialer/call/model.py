"""The dialer's model of one call: its stages and transitions, its progress, and the signals, records and requests of
`core.step`. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tongdai.call_outcome import Outcome
from tongdai.calls.model import Detection, Ending

DETECT_WITHIN = timedelta(seconds=0.5)
"""The latest start of a detection after the answer: a later one would end after the threshold."""
PLAYED_AFTER = timedelta(seconds=1)
"""A sound that failed later than this after its start was heard. One that is missing fails within milliseconds."""
CANCELLED = Ending(Outcome.CANCELLED)


class Stage(StrEnum):
    CLAIMED = "claimed"
    DIALING = "dialing"
    RINGING = "ringing"
    PICKED_UP = "picked_up"
    """Answered; StasisStart not yet received, so the channel accepts no requests."""
    DETECTING = "detecting"
    """The dialplan runs answering machine detection."""
    WAITING = "waiting"
    """Waiting for an agent."""
    CONNECTING = "connecting"
    """An agent is reserved and being bridged."""
    TALKING = "talking"
    PLAYING = "playing"
    """The message, or the abandonment message, is playing."""
    HANGING_UP = "hanging_up"
    """We have requested the hang-up."""
    ENDED = "ended"


_ANSWERED = frozenset({Stage.WAITING, Stage.PLAYING, Stage.ENDED})
TRANSITIONS: dict[Stage, frozenset[Stage]] = {
    Stage.CLAIMED: frozenset({Stage.DIALING, Stage.ENDED}),
    Stage.DIALING: frozenset({Stage.RINGING, Stage.PICKED_UP, Stage.ENDED}),
    Stage.RINGING: frozenset({Stage.PICKED_UP, Stage.ENDED}),
    Stage.PICKED_UP: _ANSWERED | {Stage.DETECTING, Stage.HANGING_UP},
    Stage.DETECTING: _ANSWERED | {Stage.HANGING_UP},
    Stage.WAITING: frozenset({Stage.CONNECTING, Stage.PLAYING, Stage.HANGING_UP, Stage.ENDED}),
    Stage.CONNECTING: frozenset({Stage.WAITING, Stage.TALKING, Stage.HANGING_UP, Stage.ENDED}),
    Stage.TALKING: frozenset({Stage.HANGING_UP, Stage.ENDED}),
    Stage.PLAYING: frozenset({Stage.HANGING_UP, Stage.ENDED}),
    Stage.HANGING_UP: frozenset({Stage.ENDED}),
    Stage.ENDED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Treatment:
    """The call treatment: how an answered call is handled."""

    message: str | None
    """The sound to play; None: connect the callee with an agent."""
    abandon_message: str | None
    """The abandonment message: the sound to play when no agent was connected in time; None: hang up."""
    detect_machine: bool = False
    """Whether to detect answering machines, and hang up on them."""

    @property
    def sound(self) -> str | None:
        """The sound that calls may play, whichever it is; None: none."""
        return self.message or self.abandon_message


@dataclass(frozen=True, slots=True)
class CallProgress:
    """The state of one call in the dialer."""

    channel_id: str
    """The call's id, as text."""
    treatment: Treatment
    stage: Stage = Stage.CLAIMED
    answered_at: datetime | None = None
    connected: bool = False
    """The callee heard an agent, or the message."""
    agent_channel: str | None = None
    """The channel of the phone of the agent who is reserved or talking."""
    outcome: Outcome | None = None
    """The outcome, if it was decided before the channel ended."""
    detecting_since: datetime | None = None
    detection: Detection | None = None
    playing_since: datetime | None = None
    """When the sound was first requested; None: not at all, or it is not known whether it was heard before."""
    hangup_requested: bool = False
    """Somebody hung up, and the channel ends: a sound that fails from now on was interrupted."""
    played: bool | None = None
    """Whether the sound was played; None: not known, or there was none to play."""

    @property
    def playback_id(self) -> str:
        return f"{self.channel_id}-{'abandon-message' if self.outcome is Outcome.ABANDONED else 'message'}"


# Signals: inputs of a step other than events of the switch


@dataclass(frozen=True, slots=True)
class Dialled:
    """The row is `dialing`: from now on an originate request may have been made."""


@dataclass(frozen=True, slots=True)
class NotDialled:
    """No originate request was made, or the switch refused it: no phone rang."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ClaimLapsed:
    """The claim's lease expired before an originate request; none will be made."""


@dataclass(frozen=True, slots=True)
class ChannelListed:
    """The channel is in the switch's list."""

    up: bool
    ringing: bool = False


@dataclass(frozen=True, slots=True)
class ChannelAbsent:
    """The switch does not list the channel, and it will not appear any more."""


@dataclass(frozen=True, slots=True)
class DetectionUnavailable:
    """The switch cannot detect machines; the channel was not handed over."""

    reason: str


@dataclass(frozen=True, slots=True)
class AgentReserved:
    channel: str


@dataclass(frozen=True, slots=True)
class AgentMissing:
    """The agent's phone hung up before the two were bridged."""


@dataclass(frozen=True, slots=True)
class AgentLeft:
    """The agent's phone hung up. Another agent may have taken their place since."""

    channel: str


@dataclass(frozen=True, slots=True)
class TalksWith:
    """Another one talks with the callee from now on: a consulted agent or number, or a phone that took over."""

    channel: str


@dataclass(frozen=True, slots=True)
class AgentFree:
    """An agent may have become free."""


@dataclass(frozen=True, slots=True)
class BridgedWithAgent:
    """The callee and the agent are in one bridge."""


@dataclass(frozen=True, slots=True)
class NotBridged:
    """The callee's channel is gone."""


@dataclass(frozen=True, slots=True)
class ThresholdReached:
    """ABANDON_THRESHOLD has passed since the answer."""


@dataclass(frozen=True, slots=True)
class SoundPlaying:
    """The sound was started, or is still playing."""


@dataclass(frozen=True, slots=True)
class SoundOver:
    """The sound is not playing, or no longer."""


Signal = (
    Dialled | NotDialled | ClaimLapsed | ChannelListed | ChannelAbsent | DetectionUnavailable | AgentReserved
    | AgentMissing | AgentLeft | TalksWith | AgentFree | BridgedWithAgent | NotBridged | ThresholdReached
    | SoundPlaying | SoundOver
)  # fmt: skip


# Commands: records to commit, then requests to make, in this order


@dataclass(frozen=True, slots=True)
class RecordRinging:
    at: datetime


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    at: datetime


@dataclass(frozen=True, slots=True)
class RecordConnection:
    """The callee hears the agent, or the message."""

    at: datetime


@dataclass(frozen=True, slots=True)
class RecordEnd:
    """Ends the call's row, and frees its agent."""

    ending: Ending


@dataclass(frozen=True, slots=True)
class DetectMachine:
    """Hand the channel to the dialplan. Results: StasisStart with the verdict, or DetectionUnavailable;
    ThresholdReached at `until`."""

    until: datetime


@dataclass(frozen=True, slots=True)
class ReserveAgent:
    """Results: AgentReserved, or else AgentFree when another attempt makes sense; ThresholdReached at `until`."""

    until: datetime


@dataclass(frozen=True, slots=True)
class BridgeWithAgent:
    """Results: BridgedWithAgent, NotBridged or AgentMissing."""

    agent_channel: str


@dataclass(frozen=True, slots=True)
class PlaySound:
    sound: str
    playback_id: str


@dataclass(frozen=True, slots=True)
class CheckSound:
    """Results: SoundPlaying or SoundOver."""

    playback_id: str


@dataclass(frozen=True, slots=True)
class HangUp:
    pass


@dataclass(frozen=True, slots=True)
class DestroyBridge:
    pass


Record = RecordRinging | RecordAnswer | RecordConnection | RecordEnd
Request = DetectMachine | ReserveAgent | BridgeWithAgent | PlaySound | CheckSound | HangUp | DestroyBridge
Command = Record | Request
