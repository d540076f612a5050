"""The progress of a call after an event, and the commands that follow."""

from datetime import timedelta

import pytest

from tests.support.dialer_events import (
    AGENT,
    AGENTS,
    CHANNEL,
    CONNECTS,
    DIALLED,
    MESSAGE,
    NOW,
    OTHER_AGENT,
    RINGS,
    STARTED,
    TALKS,
    UP,
    WAITS,
    Happening,
    back,
    destroyed,
    reported,
)
from tongdai.call_outcome import ABANDON_THRESHOLD, Outcome
from tongdai.calls.model import CallState, Detection, Ending, Failure, Verdict
from tongdai.dialer.call import model
from tongdai.dialer.call.core import adopted, step
from tongdai.dialer.call.model import Stage, Treatment
from tongdai.switch.events import ChannelHangupRequest, PlaybackFinished

SORRY = Treatment(None, "sorry")


def test_message_is_played_after_the_answer_and_the_call_is_then_hung_up() -> None:
    assert reported(MESSAGE, DIALLED, RINGS)[1] == [model.RecordRinging(NOW)]
    assert reported(MESSAGE, DIALLED, RINGS, UP)[1] == [model.RecordAnswer(NOW)]
    call, todo = reported(MESSAGE, *WAITS)
    assert todo == [model.PlaySound("offer", call.playback_id)]
    finished = PlaybackFinished(call.playback_id, CHANNEL, True, NOW)
    assert reported(MESSAGE, *WAITS, model.SoundPlaying())[1] == [model.RecordConnection(NOW)]
    assert reported(MESSAGE, *WAITS, model.SoundPlaying(), finished)[1] == [model.HangUp()]
    assert reported(MESSAGE, *WAITS, model.SoundPlaying(), finished, destroyed())[1] == [
        model.RecordEnd(Ending(Outcome.ANSWERED, 16))
    ]


PLAYS = (*WAITS, model.SoundPlaying())
HUNG_UP = ChannelHangupRequest(CHANNEL, NOW)


def over(kind: str, *, done: bool = False) -> PlaybackFinished:
    return PlaybackFinished(f"{CHANNEL}-{kind}", CHANNEL, done, NOW)


@pytest.mark.parametrize("before", [WAITS, PLAYS])
def test_message_that_fails_at_once_was_not_played_and_the_call_failed(before: tuple[Happening, ...]) -> None:
    failed = (*before, over("message"))
    assert reported(MESSAGE, *failed)[1] == [model.HangUp()]
    call, todo = reported(MESSAGE, *failed, HUNG_UP, destroyed())
    assert todo == [model.RecordEnd(Ending(Outcome.FAILED, 16, failure=Failure.SOUND_NOT_PLAYED))]
    assert call.played is False
    assert reported(MESSAGE, *failed, model.ChannelAbsent())[1] == [
        model.RecordEnd(Ending(Outcome.FAILED, failure=Failure.SOUND_NOT_PLAYED))
    ]


def test_message_that_fails_because_somebody_hung_up_or_after_a_while_was_interrupted() -> None:
    call, todo = reported(MESSAGE, *PLAYS, HUNG_UP, over("message"), destroyed())
    assert todo == [model.RecordEnd(Ending(Outcome.ANSWERED, 16))]
    assert call.played is None
    call, _ = reported(MESSAGE, *PLAYS, over("message"), after_s=1.0)
    assert call.played
    call, _ = step(call, destroyed(), NOW)
    assert (call.outcome, call.stage) == (None, Stage.ENDED)
    call, todo = reported(MESSAGE, *PLAYS, destroyed(), after_s=1.0)
    assert (call.played, todo) == (True, [model.RecordEnd(Ending(Outcome.ANSWERED, 16))])


def test_message_that_was_played_to_its_end_was_played() -> None:
    assert reported(MESSAGE, *PLAYS, over("message", done=True))[0].played is True
    assert reported(MESSAGE, *PLAYS, destroyed())[0].played is None


def test_abandoned_call_is_abandoned_although_its_message_was_not_played() -> None:
    abandoned = (*WAITS, model.ThresholdReached(), over("abandon-message"))
    assert reported(SORRY, *abandoned)[1] == [model.HangUp()]
    assert reported(SORRY, *abandoned, destroyed())[1][0] == model.RecordEnd(
        Ending(Outcome.ABANDONED, 16, failure=Failure.SOUND_NOT_PLAYED)
    )


def test_sound_that_is_played_again_after_a_lost_reply_is_not_taken_for_missing() -> None:
    call, todo = reported(MESSAGE, *WAITS, model.SoundOver(), over("message"), destroyed())
    assert (call.played, todo) == (None, [model.RecordEnd(Ending(Outcome.ANSWERED, 16))])


def test_sound_of_another_process_is_not_taken_for_missing() -> None:
    call = adopted(CHANNEL, MESSAGE, CallState.ANSWERED, NOW, connected=True)
    call, todo = step(call, over("message"), NOW)
    assert (call.played, todo) == (None, (model.HangUp(),))
    assert step(call, destroyed(), NOW)[1] == (model.RecordEnd(Ending(Outcome.ANSWERED, 16)),)


def test_answered_call_waits_two_seconds_for_an_agent() -> None:
    assert reported(AGENTS, *WAITS)[1] == [model.ReserveAgent(NOW + timedelta(seconds=2))]
    assert reported(AGENTS, *CONNECTS)[1] == [model.BridgeWithAgent(AGENT)]
    assert reported(AGENTS, *TALKS)[1] == [model.RecordConnection(NOW)]
    assert reported(AGENTS, *WAITS, model.ThresholdReached())[1] == [model.HangUp()]
    assert reported(AGENTS, *WAITS, model.ThresholdReached(), destroyed())[1][0] == model.RecordEnd(
        Ending(Outcome.ABANDONED, 16)
    )


def test_abandoned_call_hears_the_message_and_is_then_hung_up() -> None:
    call, todo = reported(SORRY, *WAITS, model.ThresholdReached())
    assert todo == [model.PlaySound("sorry", call.playback_id)]
    finished = PlaybackFinished(call.playback_id, CHANNEL, True, NOW)
    assert reported(SORRY, *WAITS, model.ThresholdReached(), model.SoundPlaying())[1] == []
    assert reported(SORRY, *WAITS, model.ThresholdReached(), model.SoundPlaying(), finished)[1] == [model.HangUp()]


def test_agent_within_the_threshold_is_reserved_and_the_threshold_no_longer_applies() -> None:
    assert reported(AGENTS, *WAITS, model.AgentFree())[1] == [model.ReserveAgent(NOW + timedelta(seconds=2))]
    assert reported(AGENTS, *CONNECTS, model.ThresholdReached())[1] == []
    assert reported(AGENTS, *TALKS, model.ThresholdReached())[1] == []


@pytest.mark.parametrize(("after_s", "outcome"), [(1.9, Outcome.ANSWERED), (2.1, Outcome.ABANDONED)])
def test_caller_who_hangs_up_while_waiting_was_abandoned_after_two_seconds(after_s: float, outcome: Outcome) -> None:
    assert reported(AGENTS, *WAITS, destroyed(), after_s=after_s)[1][0] == model.RecordEnd(Ending(outcome, 16))


def test_agent_who_hangs_up_ends_the_talk() -> None:
    assert reported(AGENTS, *TALKS, model.AgentLeft(AGENT))[1] == [model.HangUp()]
    assert reported(AGENTS, *TALKS, destroyed())[1] == [
        model.RecordEnd(Ending(Outcome.ANSWERED, 16)),
        model.DestroyBridge(),
    ]


@pytest.mark.parametrize("gone", [model.AgentMissing(), model.AgentLeft(AGENT)])
def test_agent_whose_phone_hangs_up_before_the_bridge_is_replaced(gone: model.Signal) -> None:
    again = (*CONNECTS, gone)
    assert reported(AGENTS, *again)[1] == [model.ReserveAgent(NOW + timedelta(seconds=2))]
    assert reported(AGENTS, *again, model.AgentReserved(OTHER_AGENT))[1] == [model.BridgeWithAgent(OTHER_AGENT)]


def test_talk_continues_when_a_replaced_agent_is_reported_late_to_have_left() -> None:
    replaced = (*CONNECTS, model.AgentMissing(), model.AgentReserved(OTHER_AGENT))
    assert reported(AGENTS, *replaced, model.AgentLeft(AGENT))[1] == []
    assert reported(AGENTS, *replaced, model.BridgedWithAgent(), model.AgentLeft(AGENT))[1] == []
    assert reported(AGENTS, *replaced, model.BridgedWithAgent(), model.AgentLeft(OTHER_AGENT))[1] == [model.HangUp()]


def test_agent_of_an_adopted_talk_ends_it_when_they_leave() -> None:
    call = adopted(CHANNEL, AGENTS, CallState.ANSWERED, NOW, connected=True)
    assert step(call, model.AgentLeft(AGENT), NOW)[1] == (model.HangUp(),)


@pytest.mark.parametrize(
    "happened", [WAITS, (*WAITS, model.ThresholdReached()), CONNECTS, (*CONNECTS, model.AgentMissing())]
)
def test_bridge_that_may_exist_is_destroyed_at_the_end(happened: tuple[Happening, ...]) -> None:
    assert model.DestroyBridge() in reported(AGENTS, *happened, destroyed())[1]
    call = adopted(CHANNEL, AGENTS, CallState.ANSWERED, NOW, connected=False)
    assert model.DestroyBridge() in step(call, model.ChannelAbsent(), NOW)[1]


def test_no_bridge_is_destroyed_without_an_answer_or_an_agent() -> None:
    assert model.DestroyBridge() not in reported(AGENTS, DIALLED, RINGS, destroyed())[1]
    assert model.DestroyBridge() not in reported(MESSAGE, *WAITS, destroyed())[1]


@pytest.mark.parametrize(
    ("cause", "sip", "outcome"),
    [(17, 486, Outcome.BUSY), (1, 404, Outcome.INVALID_NUMBER), (19, 480, Outcome.NO_ANSWER)],
)
def test_call_that_is_not_answered_ends_by_its_cause(cause: int, sip: int, outcome: Outcome) -> None:
    assert reported(AGENTS, DIALLED, RINGS, destroyed(cause, sip))[1] == [model.RecordEnd(Ending(outcome, cause, sip))]


def test_call_that_was_not_dialled_is_cancelled_and_one_that_rang_is_not() -> None:
    cancelled = model.NotDialled(Outcome.CANCELLED)
    assert reported(AGENTS, cancelled)[1] == [model.RecordEnd(Ending(Outcome.CANCELLED))]
    assert reported(AGENTS, DIALLED, cancelled)[1] == [model.RecordEnd(Ending(Outcome.CANCELLED))]
    assert reported(AGENTS, DIALLED, RINGS, cancelled)[1] == []


def test_lapsed_claim_is_cancelled_unless_it_was_dialled() -> None:
    assert reported(AGENTS, model.ClaimLapsed())[1] == [model.RecordEnd(Ending(Outcome.CANCELLED))]
    assert reported(AGENTS, DIALLED, model.ClaimLapsed())[1] == []


@pytest.mark.parametrize(
    ("happened", "outcome"),
    [
        ((), Outcome.CANCELLED),
        ((DIALLED,), Outcome.LOST),
        ((DIALLED, RINGS), Outcome.LOST),
        ((DIALLED, RINGS, UP), Outcome.ANSWERED),
        (TALKS, Outcome.ANSWERED),
    ],
)
def test_call_whose_channel_is_absent_is_lost_unless_its_outcome_is_known(
    happened: tuple[Happening, ...], outcome: Outcome
) -> None:
    assert reported(AGENTS, *happened, model.ChannelAbsent())[1][0] == model.RecordEnd(Ending(outcome))


def test_listed_channel_gets_the_commands_that_it_missed() -> None:
    up = model.ChannelListed(up=True)
    assert reported(AGENTS, DIALLED, up)[1] == [model.RecordAnswer(NOW), model.ReserveAgent(NOW + timedelta(seconds=2))]
    assert reported(AGENTS, *WAITS, up)[1] == [model.ReserveAgent(NOW + timedelta(seconds=2))]
    assert reported(AGENTS, *CONNECTS, up)[1] == [model.BridgeWithAgent(AGENT)]
    assert reported(AGENTS, *TALKS, up)[1] == []
    assert reported(AGENTS, *TALKS, model.AgentLeft(AGENT), up)[1] == [model.HangUp()]
    playing, todo = reported(MESSAGE, *WAITS, up)
    assert todo == [model.CheckSound(playing.playback_id)]
    assert reported(MESSAGE, *WAITS, model.SoundOver())[1] == [model.PlaySound("offer", playing.playback_id)]
    assert reported(MESSAGE, *WAITS, model.SoundPlaying(), model.SoundOver())[1] == [model.HangUp()]


@pytest.mark.parametrize("treatment", [MESSAGE, AGENTS])
@pytest.mark.parametrize("state", [state for state in CallState if state is not CallState.ENDED])
def test_adopted_call_continues_from_where_it_was(treatment: Treatment, state: CallState) -> None:
    answered_at = NOW if state is CallState.ANSWERED else None
    call = adopted(CHANNEL, treatment, state, answered_at, connected=False)
    call, todo = step(call, model.ChannelListed(up=True), NOW + timedelta(seconds=60))
    if state is CallState.CLAIMED:
        assert todo == ()
    elif treatment is MESSAGE:
        assert model.PlaySound("offer", call.playback_id) in todo
    else:
        (seek,) = (command for command in todo if isinstance(command, model.ReserveAgent))
        assert seek.until == (NOW if answered_at else NOW + timedelta(seconds=60)) + ABANDON_THRESHOLD


DETECT_MESSAGE, DETECT_AGENTS = Treatment("offer", None, True), Treatment(None, None, True)

DETECTS = (DIALLED, RINGS, UP, STARTED)


@pytest.mark.parametrize("treatment", [DETECT_MESSAGE, DETECT_AGENTS])
def test_machine_is_hung_up_and_ends_as_such_with_its_verdict(treatment: Treatment) -> None:
    assert reported(treatment, *DETECTS)[1] == [model.DetectMachine(NOW + timedelta(seconds=2))]
    assert reported(treatment, *DETECTS, back("MACHINE"))[1] == [model.HangUp()]
    _, todo = reported(treatment, *DETECTS, back("MACHINE", "LONGGREETING-1200-1200"), destroyed(16))
    detection = Detection(Verdict.MACHINE, "LONGGREETING-1200-1200", 0)
    assert todo == [model.RecordEnd(Ending(Outcome.MACHINE, 16, None, detection))]


@pytest.mark.parametrize(("status", "verdict"), [("HUMAN", Verdict.HUMAN), ("NOTSURE", Verdict.UNSURE)])
def test_person_gets_the_message_or_an_agent_within_two_seconds_of_the_answer(status: str, verdict: Verdict) -> None:
    call, todo = reported(DETECT_AGENTS, *DETECTS, back(status), after_s=1.3)
    assert todo == [model.ReserveAgent(NOW + timedelta(seconds=2))]
    assert call.detection == Detection(verdict, "X-1", 1300)
    call, todo = reported(DETECT_MESSAGE, *DETECTS, back(status), after_s=1.3)
    assert todo == [model.PlaySound("offer", call.playback_id)]


def test_call_continues_without_a_verdict_when_detection_is_unavailable_or_too_slow() -> None:
    missing = model.DetectionUnavailable("no module")
    call, todo = reported(DETECT_AGENTS, *DETECTS, missing)
    assert todo == [model.ReserveAgent(NOW + timedelta(seconds=2))]
    assert call.detection == Detection(Verdict.UNAVAILABLE, "no module", 0)
    call, todo = reported(DETECT_MESSAGE, *DETECTS, model.ThresholdReached(), after_s=2.0)
    assert todo == [model.PlaySound("offer", call.playback_id)]
    assert call.detection == Detection(Verdict.UNSURE, None, 2000)


def test_listing_of_a_call_in_the_dialplan_changes_nothing_until_the_threshold() -> None:
    listed = model.ChannelListed(up=True)
    assert reported(DETECT_AGENTS, *DETECTS, listed, after_s=1.9)[1] == []
    assert reported(DETECT_AGENTS, *DETECTS, listed, after_s=2.0)[1] == [model.ReserveAgent(NOW + timedelta(seconds=2))]


def test_answer_that_was_reported_late_is_not_analysed() -> None:
    call, todo = reported(DETECT_AGENTS, DIALLED, RINGS, UP, STARTED, after_s=0.6)
    assert todo == [model.ReserveAgent(NOW + timedelta(seconds=2))]
    assert call.detection is None
    assert reported(DETECT_AGENTS, DIALLED, model.ChannelListed(up=True))[0].stage is Stage.WAITING


def test_callee_who_hangs_up_during_the_detection_is_abandoned_only_from_the_threshold_on() -> None:
    assert reported(DETECT_AGENTS, *DETECTS, destroyed(), after_s=1.9)[1][0] == model.RecordEnd(
        Ending(Outcome.ANSWERED, 16)
    )
    late = reported(DETECT_AGENTS, *DETECTS, destroyed(), after_s=2.1)[1][0]
    assert late == model.RecordEnd(Ending(Outcome.ABANDONED, 16))


def test_adopted_call_takes_the_verdict_that_its_former_process_asked_for() -> None:
    call = adopted(CHANNEL, DETECT_AGENTS, CallState.ANSWERED, NOW, connected=False)
    assert step(call, back("MACHINE"), NOW)[1] == (model.HangUp(),)


def test_stage_that_the_table_does_not_list_cannot_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A planted bug: a table without the transition to an agent."""
    monkeypatch.setitem(model.TRANSITIONS, Stage.PICKED_UP, frozenset({Stage.PLAYING, Stage.ENDED}))
    with pytest.raises(AssertionError, match="Stage may not go from picked_up to waiting"):
        reported(AGENTS, *WAITS)
