"""One call from its claim to its end: what an event means for it, and what is to be done. Pure.

    CLAIMED → DIALING → RINGING → WAITING → CONNECTING → TALKING → LEAVING → ENDED      an agent talks
                                → PLAYING → LEAVING → ENDED                             a message is played

Events may be late, doubled, out of order or missing: what does not fit the stage changes nothing.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from tongdai.calls.causes import outcome_of
from tongdai.calls.model import CallState, Ending, Outcome
from tongdai.dialer.pacing import PATIENCE_S
from tongdai.switch.events import ChannelDestroyed, ChannelStateChange, Dial, Event, PlaybackFinished, StasisStart

PATIENCE = timedelta(seconds=PATIENCE_S)
CANCELLED = Ending(Outcome.CANCELLED)


class Stage(StrEnum):
    CLAIMED = "claimed"
    DIALING = "dialing"
    RINGING = "ringing"
    PICKED_UP = "picked_up"
    """Answered; the switch has not given it to us yet."""
    WAITING = "waiting"
    """For an agent."""
    CONNECTING = "connecting"
    """An agent is reserved."""
    TALKING = "talking"
    PLAYING = "playing"
    """The message, or that no agent is free."""
    LEAVING = "leaving"
    """We hang up."""
    ENDED = "ended"


TRANSITIONS: dict[Stage, frozenset[Stage]] = {
    Stage.CLAIMED: frozenset({Stage.DIALING, Stage.ENDED}),
    Stage.DIALING: frozenset({Stage.RINGING, Stage.PICKED_UP, Stage.WAITING, Stage.PLAYING, Stage.ENDED}),
    Stage.RINGING: frozenset({Stage.PICKED_UP, Stage.WAITING, Stage.PLAYING, Stage.ENDED}),
    Stage.PICKED_UP: frozenset({Stage.WAITING, Stage.PLAYING, Stage.ENDED}),
    Stage.WAITING: frozenset({Stage.CONNECTING, Stage.PLAYING, Stage.LEAVING, Stage.ENDED}),
    Stage.CONNECTING: frozenset({Stage.WAITING, Stage.TALKING, Stage.LEAVING, Stage.ENDED}),
    Stage.TALKING: frozenset({Stage.LEAVING, Stage.ENDED}),
    Stage.PLAYING: frozenset({Stage.LEAVING, Stage.ENDED}),
    Stage.LEAVING: frozenset({Stage.ENDED}),
    Stage.ENDED: frozenset(),
}
_BEFORE_ANSWER = frozenset({Stage.DIALING, Stage.RINGING})
_STATES = {
    CallState.CLAIMED: Stage.CLAIMED,
    CallState.DIALING: Stage.DIALING,
    CallState.RINGING: Stage.RINGING,
}


@dataclass(frozen=True, slots=True)
class Script:
    """What whoever answers gets to hear."""

    message: str | None
    """A sound that is played; None: an agent."""
    sorry: str | None
    """Played when no agent came."""


@dataclass(frozen=True, slots=True)
class Progress:
    channel_id: str
    """The id of its call, written out."""
    script: Script
    stage: Stage = Stage.CLAIMED
    answered_at: datetime | None = None
    connected: bool = False
    """Who answered heard an agent, or the message."""
    agent_channel: str | None = None
    """Of the agent who is reserved or talks."""
    outcome: Outcome | None = None
    """What we decided before the channel ended."""

    @property
    def playback_id(self) -> str:
        return f"{self.channel_id}-{'sorry' if self.outcome is Outcome.ABANDONED else 'message'}"


def adopted(
    channel_id: str, script: Script, state: CallState, answered_at: datetime | None, connected: bool
) -> Progress:
    """A call that another process left. One that was answered is looked at again when its channel is seen."""
    stage = _STATES.get(state, Stage.PICKED_UP)
    if connected:
        stage = Stage.PLAYING if script.message is not None else Stage.TALKING
    return Progress(channel_id, script, stage, answered_at, connected)


# What happens besides the events of the switch


@dataclass(frozen=True, slots=True)
class Dialled:
    """Committed: from here on the switch may have it."""


@dataclass(frozen=True, slots=True)
class NotDialled:
    """The switch was not asked, or refused: nobody's phone rang."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Lapsed:
    """Its claim ran out before the switch was asked; from here on it will not be."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The channel is in the switch's list."""

    up: bool
    ringing: bool = False


@dataclass(frozen=True, slots=True)
class Unseen:
    """There is no such channel, and there will be none any more."""


@dataclass(frozen=True, slots=True)
class AgentFound:
    channel: str


@dataclass(frozen=True, slots=True)
class AgentMissing:
    """The agent's phone went before the two were bridged."""


@dataclass(frozen=True, slots=True)
class AgentLeft:
    """The call of an agent's phone is over, who was reserved or talked: maybe another has taken his place since."""

    channel: str


@dataclass(frozen=True, slots=True)
class AgentFree:
    """Somebody may have become free."""


@dataclass(frozen=True, slots=True)
class Bridged:
    """With the agent."""


@dataclass(frozen=True, slots=True)
class NotBridged:
    """The one who answered is not there to be bridged."""


@dataclass(frozen=True, slots=True)
class TimeUp:
    """Of who waits for an agent."""


@dataclass(frozen=True, slots=True)
class Plays:
    """The sound was begun, or is still heard."""


@dataclass(frozen=True, slots=True)
class Silent:
    """The sound is not heard (any more)."""


Happening = (
    Dialled | NotDialled | Lapsed | Seen | Unseen | AgentFound | AgentMissing | AgentLeft | AgentFree | Bridged
    | NotBridged | TimeUp | Plays | Silent
)  # fmt: skip


# What is to be done, in this order


@dataclass(frozen=True, slots=True)
class Rang:
    """Record it; likewise the next two."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    at: datetime


@dataclass(frozen=True, slots=True)
class Connected:
    at: datetime


@dataclass(frozen=True, slots=True)
class End:
    """Record the end, and free the agent."""

    ending: Ending


@dataclass(frozen=True, slots=True)
class SeekAgent:
    """Reserve one: AgentFound, or else AgentFree once it is worth another try; TimeUp at `until`."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Connect:
    """Bridge with the agent: Bridged, NotBridged or AgentMissing."""

    agent_channel: str


@dataclass(frozen=True, slots=True)
class Play:
    sound: str
    playback_id: str


@dataclass(frozen=True, slots=True)
class Listen:
    """Whether the sound is heard: Plays or Silent."""

    playback_id: str


@dataclass(frozen=True, slots=True)
class HangUp:
    pass


@dataclass(frozen=True, slots=True)
class Unbridge:
    """Nobody talks there any more."""


Write = Rang | Answered | Connected | End
Act = SeekAgent | Connect | Play | Listen | HangUp | Unbridge
Command = Write | Act
Step = tuple[Progress, tuple[Command, ...]]


def step(call: Progress, event: Event | Happening, now: datetime) -> Step:
    """What becomes of the call, and what is to be done, the writes before the acts that follow from them."""
    if call.stage is Stage.ENDED:
        return call, ()
    ending = _ending(call, event, now)
    return _goes_on(call, event, now) if ending is None else _ended(call, ending)


def _goes_on(call: Progress, event: Event | Happening, now: datetime) -> Step:
    match event:
        case Dialled() if call.stage is Stage.CLAIMED:
            return replace(call, stage=Stage.DIALING), ()
        case Dial(status="RINGING") | ChannelStateChange(state="Ringing") | Seen(ringing=True):
            return _rang(call, now)
        case Dial(status="ANSWER") | ChannelStateChange(state="Up"):
            return _picked_up(call, now)
        case StasisStart() | Seen(up=True):
            return _ours(call, now)
        case PlaybackFinished() | Plays() | Silent() if call.stage is Stage.PLAYING:
            return _heard(call, event, now)
        case _:
            return _of_agent(call, event, now)


def _ending(call: Progress, event: Event | Happening, now: datetime) -> Ending | None:
    """None: it goes on."""
    match event:
        case ChannelDestroyed(cause=cause, tech_cause=tech_cause):
            return Ending(_outcome(call, cause, tech_cause, now), cause, tech_cause)
        case Unseen():
            return Ending(_outcome_unseen(call, now))
        case NotDialled(outcome=outcome) if call.stage in {Stage.CLAIMED, Stage.DIALING}:
            return Ending(outcome)
        case Lapsed() if call.stage is Stage.CLAIMED:
            return CANCELLED
        case _:
            return None


def _rang(call: Progress, now: datetime) -> Step:
    if call.stage is not Stage.DIALING:
        return call, ()
    return replace(call, stage=Stage.RINGING), (Rang(now),)


def _picked_up(call: Progress, now: datetime) -> Step:
    if call.stage not in _BEFORE_ANSWER:
        return call, ()
    return replace(call, stage=Stage.PICKED_UP, answered_at=now), (Answered(now),)


def _ours(call: Progress, now: datetime) -> Step:
    """It is answered and may be commanded."""
    if call.stage not in {*_BEFORE_ANSWER, Stage.PICKED_UP}:
        return _look_again(call, now)
    call, wrote = _picked_up(call, now)
    since = call.answered_at or now
    message = call.script.message
    if message is None:
        return replace(call, stage=Stage.WAITING, answered_at=since), (*wrote, SeekAgent(since + PATIENCE))
    call = replace(call, stage=Stage.PLAYING, answered_at=since)
    return call, (*wrote, Play(message, call.playback_id))


def _look_again(call: Progress, now: datetime) -> Step:
    """The channel is there: was what we asked of it done?"""
    match call.stage:
        case Stage.LEAVING:
            return call, (HangUp(),)
        case Stage.PLAYING:
            return call, (Listen(call.playback_id),)
        case Stage.WAITING:
            return call, (SeekAgent(_patience_ends(call, now)),)
        case Stage.CONNECTING if call.agent_channel is not None:
            return call, (Connect(call.agent_channel),)
        case _:
            return call, ()


def _heard(call: Progress, event: PlaybackFinished | Plays | Silent, now: datetime) -> Step:
    sorry = call.outcome is Outcome.ABANDONED
    match event:
        case PlaybackFinished(playback_id=playback_id):
            return _hang_up(call) if playback_id == call.playback_id else (call, ())
        case Plays():
            return (call, ()) if call.connected or sorry else (replace(call, connected=True), (Connected(now),))
        case Silent() if not (call.connected or sorry) and call.script.message is not None:
            return call, (Play(call.script.message, call.playback_id),)
        case Silent():
            return _hang_up(call)


def _of_agent(call: Progress, event: Event | Happening, now: datetime) -> Step:
    match call.stage, event:
        case Stage.WAITING, _:
            return _waits(call, event, now)
        case Stage.CONNECTING, _:
            return _connects(call, event, now)
        case Stage.TALKING, AgentLeft(channel=channel) if call.agent_channel in {None, channel}:
            return _hang_up(call)  # None: an adopted call, of which it is not known who talks
        case _:
            return call, ()


def _waits(call: Progress, event: Event | Happening, now: datetime) -> Step:
    match event:
        case TimeUp():
            return _abandon(call)
        case AgentFound(channel=channel):
            return replace(call, stage=Stage.CONNECTING, agent_channel=channel), (Connect(channel),)
        case AgentFree():
            return _seek(call, now)
        case _:
            return call, ()


def _connects(call: Progress, event: Event | Happening, now: datetime) -> Step:
    match event:
        case Bridged():
            return replace(call, stage=Stage.TALKING, connected=True), (Connected(now),)
        case NotBridged():
            return _hang_up(call)
        case AgentMissing():
            return _seek(call, now)
        case AgentLeft(channel=channel) if channel == call.agent_channel:
            return _seek(call, now)
        case _:
            return call, ()


def _seek(call: Progress, now: datetime) -> Step:
    return replace(call, stage=Stage.WAITING, agent_channel=None), (SeekAgent(_patience_ends(call, now)),)


def _patience_ends(call: Progress, now: datetime) -> datetime:
    return (call.answered_at or now) + PATIENCE


def _abandon(call: Progress) -> Step:
    call = replace(call, outcome=Outcome.ABANDONED)
    if call.script.sorry is None:
        return _hang_up(call)
    return replace(call, stage=Stage.PLAYING), (Play(call.script.sorry, call.playback_id),)


def _hang_up(call: Progress) -> Step:
    return replace(call, stage=Stage.LEAVING), (HangUp(),)


def _ended(call: Progress, ending: Ending) -> Step:
    # Also where no agent is known: another process, or a request without a reply, may have bridged.
    bridged = call.script.message is None and call.answered_at is not None
    return replace(call, stage=Stage.ENDED), (End(ending), Unbridge()) if bridged else (End(ending),)


def _outcome(call: Progress, cause: int, tech_cause: int | None, now: datetime) -> Outcome:
    if call.answered_at is None:
        rang = call.stage is Stage.RINGING
        return outcome_of(rang=rang, answered=False, cause=cause, tech_cause=tech_cause)
    return _outcome_answered(call, now)


def _outcome_answered(call: Progress, now: datetime) -> Outcome:
    """Who hangs up before an agent should have come was not kept waiting."""
    kept_waiting = call.script.message is None and not call.connected and now >= _patience_ends(call, now)
    return call.outcome or (Outcome.ABANDONED if kept_waiting else Outcome.ANSWERED)


def _outcome_unseen(call: Progress, now: datetime) -> Outcome:
    """What was answered is known, whenever it ended; of the rest nothing is."""
    if call.answered_at is not None:
        return _outcome_answered(call, now)
    return Outcome.CANCELLED if call.stage is Stage.CLAIMED else Outcome.LOST
