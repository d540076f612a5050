"""The state machine of one call, from its claim to its end. Pure.

    CLAIMED → DIALING → RINGING → PICKED_UP → (DETECTING) ─┬→ WAITING ⇄ CONNECTING → TALKING ─┬→ HANGING_UP → ENDED
                                                           └→ PLAYING ────────────────────────┘
    A machine goes from DETECTING to HANGING_UP. Any stage goes to ENDED when the channel is gone.

`step` is called once for each event, in the order in which the call controller receives them. It returns the call's
progress after the event, and commands: first records, to be committed, then requests to the switch or the store. The
result of a request is a signal, the input of another step.

It does not rely on the order of events: they may be late, doubled, out of order or missing. An event that does not fit
the stage changes nothing, and a listing of the channel (`ChannelListed`) repeats the request whose result is missing.

ABANDON_THRESHOLD counts from the time at which the call controller received the answer: a callee who is not connected
within it, machine detection included, is abandoned. Detection starts only for an answer that was received at once, and
ends at the threshold: without a verdict by then, the call is treated as answered by a person.

A sound that fails at once, before anybody has hung up, was not played: the switch does not have it. The person who
answered the message heard nothing, and the call ends as FAILED; an abandoned call is abandoned all the same.

When events are lost: a call whose channel is not listed has ended, as answered if an answer is known, else as LOST.
When another process takes over, `adopted` builds the progress from the row; machine detection is not repeated.

Asserted: every change of stage is in TRANSITIONS; a call ends once (no command after ENDED); records precede requests.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from tongdai.call_outcome import ABANDON_THRESHOLD, Outcome
from tongdai.calls.causes import outcome_of
from tongdai.calls.model import CallState, Detection, Ending, Failure, Verdict
from tongdai.dialer.call.model import (
    CANCELLED,
    DETECT_WITHIN,
    PLAYED_AFTER,
    TRANSITIONS,
    AgentFree,
    AgentLeft,
    AgentMissing,
    AgentReserved,
    BridgedWithAgent,
    BridgeWithAgent,
    CallProgress,
    ChannelAbsent,
    ChannelListed,
    CheckSound,
    ClaimLapsed,
    Command,
    DestroyBridge,
    DetectionUnavailable,
    DetectMachine,
    Dialled,
    HangUp,
    NotBridged,
    NotDialled,
    PlaySound,
    RecordAnswer,
    RecordConnection,
    RecordEnd,
    RecordRinging,
    ReserveAgent,
    Signal,
    SoundOver,
    SoundPlaying,
    Stage,
    TalksWith,
    ThresholdReached,
    Treatment,
)
from tongdai.states import moved
from tongdai.switch.events import (
    DETECTED,
    ChannelDestroyed,
    ChannelHangupRequest,
    ChannelStateChange,
    Dial,
    Event,
    PlaybackFinished,
    StasisStart,
)

_BEFORE_ANSWER = frozenset({Stage.DIALING, Stage.RINGING})
_ADOPTED = {
    CallState.CLAIMED: Stage.CLAIMED,
    CallState.DIALING: Stage.DIALING,
    CallState.RINGING: Stage.RINGING,
}

Step = tuple[CallProgress, tuple[Command, ...]]


def adopted(
    channel_id: str,
    treatment: Treatment,
    state: CallState,
    answered_at: datetime | None,
    *,
    connected: bool,
    agent_channel: str | None = None,
) -> CallProgress:
    """The progress of a call that another process left, from its row; `agent_channel` is of the agent who talks. An
    answered call continues when its channel is listed."""
    stage = _ADOPTED.get(state, Stage.PICKED_UP)
    if connected:
        stage = Stage.PLAYING if treatment.message is not None else Stage.TALKING
    talks_with = agent_channel if stage is Stage.TALKING else None
    return CallProgress(channel_id, treatment, stage, answered_at, connected, talks_with)


def step(call: CallProgress, event: Event | Signal, now: datetime) -> Step:
    """The call's progress after an event, and the commands: records first."""
    if call.stage is Stage.ENDED:
        return call, ()
    ending = _ending(call, event, now)
    return _continued(call, event, now) if ending is None else _ended(call, ending, now)


def _to(call: CallProgress, stage: Stage) -> CallProgress:
    return replace(call, stage=moved(TRANSITIONS, call.stage, stage))


def _continued(call: CallProgress, event: Event | Signal, now: datetime) -> Step:
    match event:
        case Dialled() if call.stage is Stage.CLAIMED:
            return _to(call, Stage.DIALING), ()
        case Dial(status="RINGING") | ChannelStateChange(state="Ringing") | ChannelListed(ringing=True):
            return _ringing(call, now)
        case Dial(status="ANSWER") | ChannelStateChange(state="Up"):
            return _picked_up(call, now)
        case StasisStart() | ChannelListed(up=True):
            return _channel_controllable(call, event, now)
        case ChannelHangupRequest():
            return replace(call, hangup_requested=True), ()
        case _:
            return _answered(call, event, now)


def _ending(call: CallProgress, event: Event | Signal, now: datetime) -> Ending | None:
    """None: the call continues."""
    match event:
        case ChannelDestroyed(cause=cause, tech_cause=sip_status):
            return Ending(_outcome(call, cause, sip_status, now), cause, sip_status)
        case ChannelAbsent():
            return Ending(_outcome_unreported(call, now))
        case NotDialled(outcome=outcome) if call.stage in {Stage.CLAIMED, Stage.DIALING}:
            return Ending(outcome)
        case ClaimLapsed() if call.stage is Stage.CLAIMED:
            return CANCELLED
        case _:
            return None


# Up to the answer


def _ringing(call: CallProgress, now: datetime) -> Step:
    if call.stage is not Stage.DIALING:
        return call, ()
    return _to(call, Stage.RINGING), (RecordRinging(now),)


def _picked_up(call: CallProgress, now: datetime) -> Step:
    if call.stage not in _BEFORE_ANSWER:
        return call, ()
    return replace(_to(call, Stage.PICKED_UP), answered_at=now), (RecordAnswer(now),)


def _channel_controllable(call: CallProgress, event: StasisStart | ChannelListed, now: datetime) -> Step:
    """The channel is answered and accepts requests."""
    if call.stage not in {*_BEFORE_ANSWER, Stage.PICKED_UP, Stage.DETECTING}:
        return _repeat_request(call, now)
    call, records = _picked_up(call, now)
    call, requests = _on_controllable(replace(call, answered_at=call.answered_at or now), event, now)
    return call, (*records, *requests)


def _on_controllable(call: CallProgress, event: StasisStart | ChannelListed, now: datetime) -> Step:
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
            return call, ()  # the dialplan controls the channel


def _proceed(call: CallProgress, now: datetime) -> Step:
    """Connect a person who answered with an agent or the message."""
    if call.treatment.message is None:
        return _to(call, Stage.WAITING), (ReserveAgent(_threshold(call, now)),)
    return _play(_to(call, Stage.PLAYING), call.treatment.message, now)


def _play(call: CallProgress, sound: str, now: datetime) -> Step:
    return replace(call, playing_since=now), (PlaySound(sound, call.playback_id),)


def _answered(call: CallProgress, event: Event | Signal, now: datetime) -> Step:
    match call.stage, event:
        case Stage.DETECTING, DetectionUnavailable() | ThresholdReached():
            return _no_verdict(call, event, now)
        case Stage.PLAYING, PlaybackFinished() | SoundPlaying() | SoundOver():
            return _playing(call, event, now)
        case Stage.WAITING, _:
            return _waiting(call, event, now)
        case Stage.CONNECTING, _:
            return _connecting(call, event, now)
        case Stage.TALKING, AgentLeft() | TalksWith():
            return _talking(call, event)
        case _:
            return call, ()


def _talking(call: CallProgress, event: AgentLeft | TalksWith) -> Step:
    if isinstance(event, TalksWith):
        return replace(call, agent_channel=event.channel), ()
    # None: the agent of an adopted call is not known
    return _hang_up(call) if call.agent_channel in {None, event.channel} else (call, ())


# Answering machines


def _detects(call: CallProgress, now: datetime) -> bool:
    heard_at_once = call.answered_at is not None and now - call.answered_at <= DETECT_WITHIN
    return call.treatment.detect_machine and call.stage is Stage.PICKED_UP and call.detection is None and heard_at_once


def _verdict(call: CallProgress, status: str, cause: str, now: datetime) -> Step:
    verdict = _VERDICTS.get(status, Verdict.UNSURE)
    call = replace(call, detection=Detection(verdict, cause or None, _detected_ms(call, now)))
    if verdict is not Verdict.MACHINE:
        return _proceed(call, now)
    return _hang_up(replace(call, outcome=Outcome.MACHINE))


_VERDICTS = {"HUMAN": Verdict.HUMAN, "MACHINE": Verdict.MACHINE}


def _no_verdict(call: CallProgress, event: DetectionUnavailable | ThresholdReached, now: datetime) -> Step:
    match event:
        case DetectionUnavailable(reason=reason):
            detection = Detection(Verdict.UNAVAILABLE, reason, 0)
        case ThresholdReached():
            detection = Detection(Verdict.UNSURE, None, _detected_ms(call, now))
    return _proceed(replace(call, detection=detection), now)


def _detected_ms(call: CallProgress, now: datetime) -> int:
    since = call.detecting_since or call.answered_at or now
    return max(0, round((now - since) / timedelta(milliseconds=1)))


# After the answer


def _repeat_request(call: CallProgress, now: datetime) -> Step:
    """The channel exists: repeat the request whose result is missing."""
    match call.stage:
        case Stage.HANGING_UP:
            return call, (HangUp(),)
        case Stage.PLAYING:
            return call, (CheckSound(call.playback_id),)
        case Stage.WAITING:
            return call, (ReserveAgent(_threshold(call, now)),)
        case Stage.CONNECTING if call.agent_channel is not None:
            return call, (BridgeWithAgent(call.agent_channel),)
        case _:
            return call, ()


def _playing(call: CallProgress, event: PlaybackFinished | SoundPlaying | SoundOver, now: datetime) -> Step:
    abandoned = call.outcome is Outcome.ABANDONED
    match event:
        case PlaybackFinished(playback_id=playback_id, done=done):
            return _played(call, now, done=done) if playback_id == call.playback_id else (call, ())
        case SoundPlaying():
            if call.connected or abandoned:
                return call, ()
            return replace(call, connected=True), (RecordConnection(now),)
        case SoundOver() if not (call.connected or abandoned) and call.treatment.message is not None:
            # It may have been heard before: what fails now tells nothing.
            return replace(call, playing_since=None), (PlaySound(call.treatment.message, call.playback_id),)
        case SoundOver():
            return _hang_up(call)


def _played(call: CallProgress, now: datetime, *, done: bool) -> Step:
    if done or _was_heard(call, now):
        return _hang_up(replace(call, played=True))
    if call.hangup_requested or call.playing_since is None:
        return _hang_up(call)
    return _hang_up(replace(call, played=False, outcome=call.outcome or Outcome.FAILED))


def _was_heard(call: CallProgress, now: datetime) -> bool:
    return call.playing_since is not None and now - call.playing_since >= PLAYED_AFTER


def _waiting(call: CallProgress, event: Event | Signal, now: datetime) -> Step:
    match event:
        case ThresholdReached():
            return _abandon(call, now)
        case AgentReserved(channel=channel):
            return replace(_to(call, Stage.CONNECTING), agent_channel=channel), (BridgeWithAgent(channel),)
        case AgentFree():
            return call, (ReserveAgent(_threshold(call, now)),)
        case _:
            return call, ()


def _connecting(call: CallProgress, event: Event | Signal, now: datetime) -> Step:
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


def _wait_again(call: CallProgress, now: datetime) -> Step:
    return replace(_to(call, Stage.WAITING), agent_channel=None), (ReserveAgent(_threshold(call, now)),)


def _threshold(call: CallProgress, now: datetime) -> datetime:
    return (call.answered_at or now) + ABANDON_THRESHOLD


def _abandon(call: CallProgress, now: datetime) -> Step:
    call = replace(call, outcome=Outcome.ABANDONED)
    if call.treatment.abandon_message is None:
        return _hang_up(call)
    return _play(_to(call, Stage.PLAYING), call.treatment.abandon_message, now)


# Ends


def _hang_up(call: CallProgress) -> Step:
    return _to(call, Stage.HANGING_UP), (HangUp(),)


def _ended(call: CallProgress, ending: Ending, now: datetime) -> Step:
    if call.stage is Stage.PLAYING and _was_heard(call, now):
        call = replace(call, played=True)  # until they hung up
    # Also if no agent is known: another process, or a request whose reply was lost, may have created the bridge.
    may_be_bridged = (
        call.treatment.message is None and call.answered_at is not None and call.outcome is not Outcome.MACHINE
    )
    failure = Failure.SOUND_NOT_PLAYED if call.played is False else None
    end = RecordEnd(replace(ending, detection=call.detection, failure=failure))
    return _to(call, Stage.ENDED), (end, DestroyBridge()) if may_be_bridged else (end,)


def _outcome(call: CallProgress, cause: int, sip_status: int | None, now: datetime) -> Outcome:
    if call.answered_at is None:
        rang = call.stage is Stage.RINGING
        return outcome_of(rang=rang, answered=False, cause=cause, sip_status=sip_status)
    return _outcome_answered(call, now)


def _outcome_answered(call: CallProgress, now: datetime) -> Outcome:
    """Hanging up within the abandon threshold is not an abandoned call."""
    abandoned = call.treatment.message is None and not call.connected and now >= _threshold(call, now)
    return call.outcome or (Outcome.ABANDONED if abandoned else Outcome.ANSWERED)


def _outcome_unreported(call: CallProgress, now: datetime) -> Outcome:
    """The outcome of a call whose end was not reported: known if it was answered, or never dialled."""
    if call.answered_at is not None:
        return _outcome_answered(call, now)
    return Outcome.CANCELLED if call.stage is Stage.CLAIMED else Outcome.LOST
