"""One call from its claim to its end: what each event means for it, and what has to be done about it. Pure.

    CLAIMED → DIALING → RINGING → PICKED_UP → (DETECTING) ─┬→ WAITING ⇄ CONNECTING → TALKING ─┬→ LEAVING → ENDED
                                                           └→ PLAYING ────────────────────────┘
    A machine goes from DETECTING to LEAVING. Any stage goes to ENDED when the channel is gone.

`step` is asked once for each event, in the order in which the call controller has them. It returns the call's progress
after the event, and commands: first records, which are committed, then requests, which are made of the switch or the
store. What comes of a request is an event again.

It trusts no order: events may be late, doubled, out of order or missing. What does not fit the stage changes nothing,
and a listing of the channel (`ChannelListed`) repeats the request whose result is missing.

The abandon threshold counts from the answer, as the call controller heard of it: whoever answers must be connected
within ABANDON_AFTER of it, the detection of machines included, or the call is abandoned. Detection begins only with an
answer that was heard of at once, and ends at the threshold, verdict or not: from then on the call is a person's.

When events are lost: a call whose channel is not listed has ended, as answered when that is known, else as LOST. When
another process takes over, `adopted` makes the progress anew from the row; its detection is not repeated.

Asserted: every change of stage is in TRANSITIONS; a call ends once (no command after ENDED); records precede requests.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from tongdai.calls.causes import outcome_of
from tongdai.calls.model import CallState, Detection, Ending, Outcome, Verdict
from tongdai.dialer.pacing import ABANDON_AFTER_S
from tongdai.states import moved
from tongdai.switch.events import (
    DETECTED,
    ChannelDestroyed,
    ChannelStateChange,
    Dial,
    Event,
    PlaybackFinished,
    StasisStart,
)

ABANDON_AFTER = timedelta(seconds=ABANDON_AFTER_S)
DETECT_WITHIN = timedelta(seconds=0.5)
"""The latest start of a detection after the answer: a later one would end after the threshold."""
CANCELLED = Ending(Outcome.CANCELLED)


class Stage(StrEnum):
    CLAIMED = "claimed"
    DIALING = "dialing"
    RINGING = "ringing"
    PICKED_UP = "picked_up"
    """Answered; not yet ours to command."""
    DETECTING = "detecting"
    """The dialplan listens whether a machine answered."""
    WAITING = "waiting"
    """For an agent."""
    CONNECTING = "connecting"
    """An agent is reserved and being bridged."""
    TALKING = "talking"
    PLAYING = "playing"
    """The message, or the announcement that no agent is free."""
    LEAVING = "leaving"
    """Being hung up by us."""
    ENDED = "ended"


_ANSWERED = frozenset({Stage.WAITING, Stage.PLAYING, Stage.ENDED})
TRANSITIONS: dict[Stage, frozenset[Stage]] = {
    Stage.CLAIMED: frozenset({Stage.DIALING, Stage.ENDED}),
    Stage.DIALING: frozenset({Stage.RINGING, Stage.PICKED_UP, Stage.ENDED}),
    Stage.RINGING: frozenset({Stage.PICKED_UP, Stage.ENDED}),
    Stage.PICKED_UP: _ANSWERED | {Stage.DETECTING, Stage.LEAVING},
    Stage.DETECTING: _ANSWERED | {Stage.LEAVING},
    Stage.WAITING: frozenset({Stage.CONNECTING, Stage.PLAYING, Stage.LEAVING, Stage.ENDED}),
    Stage.CONNECTING: frozenset({Stage.WAITING, Stage.TALKING, Stage.LEAVING, Stage.ENDED}),
    Stage.TALKING: frozenset({Stage.LEAVING, Stage.ENDED}),
    Stage.PLAYING: frozenset({Stage.LEAVING, Stage.ENDED}),
    Stage.LEAVING: frozenset({Stage.ENDED}),
    Stage.ENDED: frozenset(),
}
_BEFORE_ANSWER = frozenset({Stage.DIALING, Stage.RINGING})
_ADOPTED = {
    CallState.CLAIMED: Stage.CLAIMED,
    CallState.DIALING: Stage.DIALING,
    CallState.RINGING: Stage.RINGING,
}


@dataclass(frozen=True, slots=True)
class Script:
    """The plan for an answered call."""

    message: str | None
    """A sound to play; None: connect with an agent."""
    sorry: str | None
    """A sound to play when no agent came."""
    detect_machine: bool = False
    """Hang up when a machine answered."""


@dataclass(frozen=True, slots=True)
class Progress:
    channel_id: str
    """The call's id, as text."""
    script: Script
    stage: Stage = Stage.CLAIMED
    answered_at: datetime | None = None
    connected: bool = False
    """The callee heard an agent, or the message."""
    agent_channel: str | None = None
    """The phone of the agent who is reserved or talks."""
    outcome: Outcome | None = None
    """Decided before the channel ended."""
    detecting_since: datetime | None = None
    detection: Detection | None = None

    @property
    def playback_id(self) -> str:
        return f"{self.channel_id}-{'sorry' if self.outcome is Outcome.ABANDONED else 'message'}"


def adopted(
    channel_id: str, script: Script, state: CallState, answered_at: datetime | None, connected: bool
) -> Progress:
    """The progress of a call that another process left, from its row. An answered one continues when it is listed."""
    stage = _ADOPTED.get(state, Stage.PICKED_UP)
    if connected:
        stage = Stage.PLAYING if script.message is not None else Stage.TALKING
    return Progress(channel_id, script, stage, answered_at, connected)


# Signals: what happens besides the events of the switch


@dataclass(frozen=True, slots=True)
class Dialled:
    """The row says `dialing`: from here on the switch may have the call."""


@dataclass(frozen=True, slots=True)
class NotDialled:
    """The switch was not asked, or refused: no phone rang."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ClaimLapsed:
    """The claim's lease ended before the switch was asked; it will not be asked any more."""


@dataclass(frozen=True, slots=True)
class ChannelListed:
    """The channel is in the switch's list."""

    up: bool
    ringing: bool = False


@dataclass(frozen=True, slots=True)
class ChannelAbsent:
    """The switch lists no such channel, and there will be none."""


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
class AgentFree:
    """An agent may have become free."""


@dataclass(frozen=True, slots=True)
class BridgedWithAgent:
    pass


@dataclass(frozen=True, slots=True)
class NotBridged:
    """The callee's channel is not there to be bridged."""


@dataclass(frozen=True, slots=True)
class ThresholdReached:
    """ABANDON_AFTER has passed since the answer."""


@dataclass(frozen=True, slots=True)
class SoundPlaying:
    """The sound was started, or is still playing."""


@dataclass(frozen=True, slots=True)
class SoundOver:
    """The sound is not playing (any more)."""


Signal = (
    Dialled | NotDialled | ClaimLapsed | ChannelListed | ChannelAbsent | DetectionUnavailable | AgentReserved
    | AgentMissing | AgentLeft | AgentFree | BridgedWithAgent | NotBridged | ThresholdReached | SoundPlaying | SoundOver
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
    """Hand the channel to the dialplan: StasisStart with the verdict, or DetectionUnavailable; ThresholdReached at
    `until`."""

    until: datetime


@dataclass(frozen=True, slots=True)
class ReserveAgent:
    """AgentReserved, or else AgentFree once another try makes sense; ThresholdReached at `until`."""

    until: datetime


@dataclass(frozen=True, slots=True)
class BridgeWithAgent:
    """BridgedWithAgent, NotBridged or AgentMissing."""

    agent_channel: str


@dataclass(frozen=True, slots=True)
class PlaySound:
    sound: str
    playback_id: str


@dataclass(frozen=True, slots=True)
class CheckSound:
    """SoundPlaying or SoundOver."""

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
Step = tuple[Progress, tuple[Command, ...]]


def step(call: Progress, event: Event | Signal, now: datetime) -> Step:
    """The call's progress after an event, and what has to be done: records first."""
    if call.stage is Stage.ENDED:
        return call, ()
    ending = _ending(call, event, now)
    return _continued(call, event, now) if ending is None else _ended(call, ending)


def _to(call: Progress, stage: Stage) -> Progress:
    return replace(call, stage=moved(TRANSITIONS, call.stage, stage))


def _continued(call: Progress, event: Event | Signal, now: datetime) -> Step:
    match event:
        case Dialled() if call.stage is Stage.CLAIMED:
            return _to(call, Stage.DIALING), ()
        case Dial(status="RINGING") | ChannelStateChange(state="Ringing") | ChannelListed(ringing=True):
            return _ringing(call, now)
        case Dial(status="ANSWER") | ChannelStateChange(state="Up"):
            return _picked_up(call, now)
        case StasisStart() | ChannelListed(up=True):
            return _ours(call, event, now)
        case _:
            return _answered(call, event, now)


def _ending(call: Progress, event: Event | Signal, now: datetime) -> Ending | None:
    """None: the call continues."""
    match event:
        case ChannelDestroyed(cause=cause, tech_cause=tech_cause):
            return Ending(_outcome(call, cause, tech_cause, now), cause, tech_cause)
        case ChannelAbsent():
            return Ending(_outcome_unheard(call, now))
        case NotDialled(outcome=outcome) if call.stage in {Stage.CLAIMED, Stage.DIALING}:
            return Ending(outcome)
        case ClaimLapsed() if call.stage is Stage.CLAIMED:
            return CANCELLED
        case _:
            return None


# Up to the answer


def _ringing(call: Progress, now: datetime) -> Step:
    if call.stage is not Stage.DIALING:
        return call, ()
    return _to(call, Stage.RINGING), (RecordRinging(now),)


def _picked_up(call: Progress, now: datetime) -> Step:
    if call.stage not in _BEFORE_ANSWER:
        return call, ()
    return replace(_to(call, Stage.PICKED_UP), answered_at=now), (RecordAnswer(now),)


def _ours(call: Progress, event: StasisStart | ChannelListed, now: datetime) -> Step:
    """The channel is answered and takes commands."""
    if call.stage not in {*_BEFORE_ANSWER, Stage.PICKED_UP, Stage.DETECTING}:
        return _repeat_request(call, now)
    call, records = _picked_up(call, now)
    call, requests = _commandable(replace(call, answered_at=call.answered_at or now), event, now)
    return call, (*records, *requests)


def _commandable(call: Progress, event: StasisStart | ChannelListed, now: datetime) -> Step:
    match event:
        case StasisStart(args=(arg, status, *cause)) if arg == DETECTED:
            return _verdict(call, status, ",".join(cause), now)
        case StasisStart() if _detects(call, now):
            call = replace(_to(call, Stage.DETECTING), detecting_since=now)
            return call, (DetectMachine(_threshold(call, now)),)
        case _ if call.stage is not Stage.DETECTING:
            return _proceed(call, now)
        case ChannelListed() if now >= _threshold(call, now):
            return _no_verdict(call, ThresholdReached(), now)
        case _:
            return call, ()  # the dialplan has the channel


def _proceed(call: Progress, now: datetime) -> Step:
    """Let a person who answered have the agent or the message."""
    if call.script.message is None:
        return _to(call, Stage.WAITING), (ReserveAgent(_threshold(call, now)),)
    return _to(call, Stage.PLAYING), (PlaySound(call.script.message, call.playback_id),)


def _answered(call: Progress, event: Event | Signal, now: datetime) -> Step:
    match call.stage, event:
        case Stage.DETECTING, DetectionUnavailable() | ThresholdReached():
            return _no_verdict(call, event, now)
        case Stage.PLAYING, PlaybackFinished() | SoundPlaying() | SoundOver():
            return _playing(call, event, now)
        case Stage.WAITING, _:
            return _waiting(call, event, now)
        case Stage.CONNECTING, _:
            return _connecting(call, event, now)
        case Stage.TALKING, AgentLeft(channel=channel) if call.agent_channel in {None, channel}:
            return _hang_up(call)  # None: of an adopted call, it is not known who talks
        case _:
            return call, ()


# Answering machines


def _detects(call: Progress, now: datetime) -> bool:
    heard_at_once = call.answered_at is not None and now - call.answered_at <= DETECT_WITHIN
    return call.script.detect_machine and call.stage is Stage.PICKED_UP and call.detection is None and heard_at_once


def _verdict(call: Progress, status: str, cause: str, now: datetime) -> Step:
    verdict = _VERDICTS.get(status, Verdict.UNSURE)
    call = replace(call, detection=Detection(verdict, cause or None, _detected_ms(call, now)))
    if verdict is not Verdict.MACHINE:
        return _proceed(call, now)
    return _hang_up(replace(call, outcome=Outcome.MACHINE))


_VERDICTS = {"HUMAN": Verdict.HUMAN, "MACHINE": Verdict.MACHINE}


def _no_verdict(call: Progress, event: DetectionUnavailable | ThresholdReached, now: datetime) -> Step:
    match event:
        case DetectionUnavailable(reason=reason):
            detection = Detection(Verdict.UNAVAILABLE, reason, 0)
        case ThresholdReached():
            detection = Detection(Verdict.UNSURE, None, _detected_ms(call, now))
    return _proceed(replace(call, detection=detection), now)


def _detected_ms(call: Progress, now: datetime) -> int:
    since = call.detecting_since or call.answered_at or now
    return max(0, round((now - since) / timedelta(milliseconds=1)))


# After the answer


def _repeat_request(call: Progress, now: datetime) -> Step:
    """The channel is there: make the request whose result is missing once more."""
    match call.stage:
        case Stage.LEAVING:
            return call, (HangUp(),)
        case Stage.PLAYING:
            return call, (CheckSound(call.playback_id),)
        case Stage.WAITING:
            return call, (ReserveAgent(_threshold(call, now)),)
        case Stage.CONNECTING if call.agent_channel is not None:
            return call, (BridgeWithAgent(call.agent_channel),)
        case _:
            return call, ()


def _playing(call: Progress, event: PlaybackFinished | SoundPlaying | SoundOver, now: datetime) -> Step:
    sorry = call.outcome is Outcome.ABANDONED
    match event:
        case PlaybackFinished(playback_id=playback_id):
            return _hang_up(call) if playback_id == call.playback_id else (call, ())
        case SoundPlaying():
            if call.connected or sorry:
                return call, ()
            return replace(call, connected=True), (RecordConnection(now),)
        case SoundOver() if not (call.connected or sorry) and call.script.message is not None:
            return call, (PlaySound(call.script.message, call.playback_id),)
        case SoundOver():
            return _hang_up(call)


def _waiting(call: Progress, event: Event | Signal, now: datetime) -> Step:
    match event:
        case ThresholdReached():
            return _abandon(call)
        case AgentReserved(channel=channel):
            return replace(_to(call, Stage.CONNECTING), agent_channel=channel), (BridgeWithAgent(channel),)
        case AgentFree():
            return call, (ReserveAgent(_threshold(call, now)),)
        case _:
            return call, ()


def _connecting(call: Progress, event: Event | Signal, now: datetime) -> Step:
    match event:
        case BridgedWithAgent():
            return replace(_to(call, Stage.TALKING), connected=True), (RecordConnection(now),)
        case NotBridged():
            return _hang_up(call)
        case AgentMissing():
            return _wait_again(call, now)
        case AgentLeft(channel=channel) if channel == call.agent_channel:
            return _wait_again(call, now)
        case _:
            return call, ()


def _wait_again(call: Progress, now: datetime) -> Step:
    return replace(_to(call, Stage.WAITING), agent_channel=None), (ReserveAgent(_threshold(call, now)),)


def _threshold(call: Progress, now: datetime) -> datetime:
    return (call.answered_at or now) + ABANDON_AFTER


def _abandon(call: Progress) -> Step:
    call = replace(call, outcome=Outcome.ABANDONED)
    if call.script.sorry is None:
        return _hang_up(call)
    return _to(call, Stage.PLAYING), (PlaySound(call.script.sorry, call.playback_id),)


# Ends


def _hang_up(call: Progress) -> Step:
    return _to(call, Stage.LEAVING), (HangUp(),)


def _ended(call: Progress, ending: Ending) -> Step:
    # Also where no agent is known: another process, or a request whose reply was lost, may have bridged.
    may_be_bridged = (
        call.script.message is None and call.answered_at is not None and call.outcome is not Outcome.MACHINE
    )
    end = RecordEnd(replace(ending, detection=call.detection))
    return _to(call, Stage.ENDED), (end, DestroyBridge()) if may_be_bridged else (end,)


def _outcome(call: Progress, cause: int, tech_cause: int | None, now: datetime) -> Outcome:
    if call.answered_at is None:
        rang = call.stage is Stage.RINGING
        return outcome_of(rang=rang, answered=False, cause=cause, tech_cause=tech_cause)
    return _outcome_answered(call, now)


def _outcome_answered(call: Progress, now: datetime) -> Outcome:
    """Hanging up within the abandon threshold is not an abandoned call."""
    abandoned = call.script.message is None and not call.connected and now >= _threshold(call, now)
    return call.outcome or (Outcome.ABANDONED if abandoned else Outcome.ANSWERED)


def _outcome_unheard(call: Progress, now: datetime) -> Outcome:
    """An answer is known, whenever the call ended; of other calls the end is unknown."""
    if call.answered_at is not None:
        return _outcome_answered(call, now)
    return Outcome.CANCELLED if call.stage is Stage.CLAIMED else Outcome.LOST
