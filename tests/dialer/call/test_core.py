"""The meaning of an event for a call, and the commands that follow."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.calls.model import NOT_PLACED, CallState, Detection, Ending, Outcome, Verdict
from tongdai.calls.model import TRANSITIONS as CALL_TRANSITIONS
from tongdai.dialer.call import model
from tongdai.dialer.call.core import adopted, step
from tongdai.dialer.call.model import CallProgress, Stage, Treatment
from tongdai.switch.events import (
    DETECTED,
    ChannelDestroyed,
    ChannelStateChange,
    Dial,
    PlaybackFinished,
    StasisStart,
)

NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
ID = UUID(int=1)
CHANNEL, AGENT, OTHER_AGENT = (str(UUID(int=n)) for n in (1, 2, 3))
MESSAGE = Treatment("offer", None)
AGENTS = Treatment(None, None)
SORRY = Treatment(None, "sorry")
STARTED = StasisStart(CHANNEL, ("call",), "Up", "", NOW)


def destroyed(cause: int = 16, sip: int | None = None) -> ChannelDestroyed:
    return ChannelDestroyed(CHANNEL, cause, sip, NOW)


def back(status: str, cause: str = "X-1") -> StasisStart:
    """The dialplan hands the channel back."""
    return StasisStart(CHANNEL, (DETECTED, status, cause), "Up", "", NOW)


def reported(treatment: Treatment, *happened: Any, after_s: float = 0.0) -> tuple[CallProgress, list[model.Command]]:
    """The call after these events, the last one so much later, and the commands of the last."""
    call, todo = CallProgress(CHANNEL, treatment), ()
    for i, event in enumerate(happened):
        late = after_s if i == len(happened) - 1 else 0.0
        call, todo = step(call, event, NOW + timedelta(seconds=late))
    return call, list(todo)


DIALLED, RINGS, UP = model.Dialled(), Dial(CHANNEL, "RINGING", NOW), ChannelStateChange(CHANNEL, "Up", NOW)
WAITS = (DIALLED, RINGS, UP, STARTED)
CONNECTS = (*WAITS, model.AgentReserved(AGENT))
TALKS = (*CONNECTS, model.BridgedWithAgent())


def test_message_is_played_to_who_answers_and_then_hung_up() -> None:
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


def test_who_answers_waits_two_seconds_for_an_agent() -> None:
    assert reported(AGENTS, *WAITS)[1] == [model.ReserveAgent(NOW + timedelta(seconds=2))]
    assert reported(AGENTS, *CONNECTS)[1] == [model.BridgeWithAgent(AGENT)]
    assert reported(AGENTS, *TALKS)[1] == [model.RecordConnection(NOW)]
    assert reported(AGENTS, *WAITS, model.ThresholdReached())[1] == [model.HangUp()]
    assert reported(AGENTS, *WAITS, model.ThresholdReached(), destroyed())[1][0] == model.RecordEnd(
        Ending(Outcome.ABANDONED, 16)
    )


def test_abandoned_call_hears_so_and_is_then_hung_up() -> None:
    call, todo = reported(SORRY, *WAITS, model.ThresholdReached())
    assert todo == [model.PlaySound("sorry", call.playback_id)]
    finished = PlaybackFinished(call.playback_id, CHANNEL, True, NOW)
    assert reported(SORRY, *WAITS, model.ThresholdReached(), model.SoundPlaying())[1] == []
    assert reported(SORRY, *WAITS, model.ThresholdReached(), model.SoundPlaying(), finished)[1] == [model.HangUp()]


def test_agent_who_comes_within_the_patience_is_taken_and_the_time_is_no_more_up() -> None:
    assert reported(AGENTS, *WAITS, model.AgentFree())[1] == [model.ReserveAgent(NOW + timedelta(seconds=2))]
    assert reported(AGENTS, *CONNECTS, model.ThresholdReached())[1] == []
    assert reported(AGENTS, *TALKS, model.ThresholdReached())[1] == []


@pytest.mark.parametrize(("after_s", "outcome"), [(1.9, Outcome.ANSWERED), (2.1, Outcome.ABANDONED)])
def test_who_hangs_up_while_waiting_was_abandoned_after_two_seconds(after_s: float, outcome: Outcome) -> None:
    assert reported(AGENTS, *WAITS, destroyed(), after_s=after_s)[1][0] == model.RecordEnd(Ending(outcome, 16))


def test_agent_who_hangs_up_ends_the_talk() -> None:
    assert reported(AGENTS, *TALKS, model.AgentLeft(AGENT))[1] == [model.HangUp()]
    assert reported(AGENTS, *TALKS, destroyed())[1] == [
        model.RecordEnd(Ending(Outcome.ANSWERED, 16)),
        model.DestroyBridge(),
    ]


@pytest.mark.parametrize("gone", [model.AgentMissing(), model.AgentLeft(AGENT)])
def test_agent_whose_phone_went_before_the_bridge_is_replaced(gone: model.Signal) -> None:
    again = (*CONNECTS, gone)
    assert reported(AGENTS, *again)[1] == [model.ReserveAgent(NOW + timedelta(seconds=2))]
    assert reported(AGENTS, *again, model.AgentReserved(OTHER_AGENT))[1] == [model.BridgeWithAgent(OTHER_AGENT)]


def test_talk_continues_when_an_agent_who_was_replaced_left_and_that_is_heard_late() -> None:
    replaced = (*CONNECTS, model.AgentMissing(), model.AgentReserved(OTHER_AGENT))
    assert reported(AGENTS, *replaced, model.AgentLeft(AGENT))[1] == []
    assert reported(AGENTS, *replaced, model.BridgedWithAgent(), model.AgentLeft(AGENT))[1] == []
    assert reported(AGENTS, *replaced, model.BridgedWithAgent(), model.AgentLeft(OTHER_AGENT))[1] == [model.HangUp()]


def test_agent_of_an_adopted_talk_ends_it_when_he_leaves() -> None:
    call = adopted(CHANNEL, AGENTS, CallState.ANSWERED, NOW, connected=True)
    assert step(call, model.AgentLeft(AGENT), NOW)[1] == (model.HangUp(),)


@pytest.mark.parametrize(
    "happened", [WAITS, (*WAITS, model.ThresholdReached()), CONNECTS, (*CONNECTS, model.AgentMissing())]
)
def test_bridge_that_may_have_been_made_is_taken_down_at_the_end(happened: tuple) -> None:
    assert model.DestroyBridge() in reported(AGENTS, *happened, destroyed())[1]
    call = adopted(CHANNEL, AGENTS, CallState.ANSWERED, NOW, connected=False)
    assert model.DestroyBridge() in step(call, model.ChannelAbsent(), NOW)[1]


def test_without_an_answer_or_an_agent_there_is_no_bridge_to_take_down() -> None:
    assert model.DestroyBridge() not in reported(AGENTS, DIALLED, RINGS, destroyed())[1]
    assert model.DestroyBridge() not in reported(MESSAGE, *WAITS, destroyed())[1]


@pytest.mark.parametrize(
    ("cause", "sip", "outcome"),
    [(17, 486, Outcome.BUSY), (1, 404, Outcome.INVALID_NUMBER), (19, 480, Outcome.NO_ANSWER)],
)
def test_call_that_is_not_answered_ends_by_its_cause(cause: int, sip: int, outcome: Outcome) -> None:
    assert reported(AGENTS, DIALLED, RINGS, destroyed(cause, sip))[1] == [model.RecordEnd(Ending(outcome, cause, sip))]


def test_what_was_not_dialled_may_be_called_again_and_what_rang_is_not_taken_back() -> None:
    cancelled = model.NotDialled(Outcome.CANCELLED)
    assert reported(AGENTS, cancelled)[1] == [model.RecordEnd(Ending(Outcome.CANCELLED))]
    assert reported(AGENTS, DIALLED, cancelled)[1] == [model.RecordEnd(Ending(Outcome.CANCELLED))]
    assert reported(AGENTS, DIALLED, RINGS, cancelled)[1] == []


def test_claim_that_lapsed_is_taken_back_unless_it_was_dialled() -> None:
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
def test_call_whose_channel_is_gone_unheard_is_lost_unless_it_is_known(happened: tuple, outcome: Outcome) -> None:
    assert reported(AGENTS, *happened, model.ChannelAbsent())[1][0] == model.RecordEnd(Ending(outcome))


def test_channel_that_is_seen_is_given_what_it_missed() -> None:
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
        assert seek.until == (NOW if answered_at else NOW + timedelta(seconds=60)) + model.ABANDON_AFTER


EVENTS = st.one_of(
    st.sampled_from(
        [
            DIALLED, RINGS, UP, STARTED, destroyed(), destroyed(17, 486), model.ChannelAbsent(), model.AgentFree(),
            model.AgentReserved(AGENT), model.AgentReserved(OTHER_AGENT), model.AgentMissing(), model.AgentLeft(AGENT),
            model.AgentLeft(OTHER_AGENT), model.BridgedWithAgent(), model.NotBridged(), model.ThresholdReached(),
            model.ClaimLapsed(), model.SoundPlaying(), model.SoundOver(), model.DetectionUnavailable("no module"),
            back("HUMAN"), back("MACHINE"), back("NOTSURE"), Dial(CHANNEL, "", NOW), Dial(CHANNEL, "BUSY", NOW),
            ChannelStateChange(CHANNEL, "Ringing", NOW), Dial(CHANNEL, "ANSWER", NOW),
            PlaybackFinished(f"{CHANNEL}-message", CHANNEL, True, NOW),
            PlaybackFinished(f"{CHANNEL}-abandon-message", CHANNEL, False, NOW),
            PlaybackFinished("other", None, True, NOW),
        ]
    ),
    st.builds(model.ChannelListed, st.booleans(), st.booleans()),
    st.builds(model.NotDialled, st.sampled_from([Outcome.FAILED, *sorted(NOT_PLACED)])),
)  # fmt: skip
WRITES = {
    model.RecordRinging: CallState.RINGING,
    model.RecordAnswer: CallState.ANSWERED,
    model.RecordEnd: CallState.ENDED,
}


SCRIPTS = st.builds(Treatment, st.sampled_from([None, "offer"]), st.sampled_from([None, "sorry"]), st.booleans())
RECORDS = (model.RecordRinging, model.RecordAnswer, model.RecordConnection, model.RecordEnd)
HISTORIES = st.lists(st.tuples(EVENTS, st.floats(0, 5)), max_size=40)


def steps(treatment: Treatment, happened: list) -> Iterator[tuple[CallProgress, object, CallProgress, tuple, datetime]]:
    """Before, event, after, commands, now: of each step. A stage that TRANSITIONS does not list raises."""
    call, now = CallProgress(CHANNEL, treatment), NOW
    for event, after_s in happened:
        now += timedelta(seconds=after_s)
        before = call
        call, commands = step(call, event, now)
        yield before, event, call, commands, now


@given(SCRIPTS, HISTORIES)
def test_whatever_happens_the_row_goes_by_its_table_and_ends_once(treatment: Treatment, happened: list) -> None:
    state, ended = CallState.CLAIMED, 0
    for before, event, after, commands, _ in steps(treatment, happened):
        if event == DIALLED and before.stage is Stage.CLAIMED:
            state = CallState.DIALING
        for command in commands:
            target = WRITES.get(type(command))
            if target is not None:
                assert target in CALL_TRANSITIONS[state]
                state = target
            if isinstance(command, model.RecordConnection):
                assert state is CallState.ANSWERED
            if isinstance(command, model.RecordEnd):
                ended += 1
                assert command.ending.outcome not in NOT_PLACED or before.stage in {Stage.CLAIMED, Stage.DIALING}
        assert ended == (after.stage is Stage.ENDED)


@given(SCRIPTS, HISTORIES)
def test_whatever_happens_records_precede_requests_and_nothing_follows_the_end(
    treatment: Treatment, happened: list
) -> None:
    for before, _, _, commands, _ in steps(treatment, happened):
        kinds = [isinstance(command, RECORDS) for command in commands]
        assert kinds == sorted(kinds, reverse=True)
        assert not commands or before.stage is not Stage.ENDED


@given(SCRIPTS, HISTORIES)
def test_whatever_happens_nobody_is_bridged_or_played_to_before_the_answer_is_recorded(
    treatment: Treatment, happened: list
) -> None:
    answered = False
    for _, _, _, commands, _ in steps(treatment, happened):
        for command in commands:
            answered |= isinstance(command, model.RecordAnswer)
            if isinstance(command, model.ReserveAgent | model.BridgeWithAgent | model.PlaySound | model.DetectMachine):
                assert answered


@given(SCRIPTS, HISTORIES)
def test_whatever_happens_the_threshold_is_two_seconds_after_the_answer(treatment: Treatment, happened: list) -> None:
    for _, _, after, commands, _ in steps(treatment, happened):
        for command in commands:
            if isinstance(command, model.ReserveAgent | model.DetectMachine):
                assert after.answered_at is not None
                assert command.until == after.answered_at + model.ABANDON_AFTER


@given(SCRIPTS, HISTORIES)
def test_whatever_happens_an_unconnected_answer_is_abandoned_from_the_threshold_on(
    treatment: Treatment, happened: list
) -> None:
    for before, _, _, commands, now in steps(treatment, happened):
        for command in commands:
            if isinstance(command, model.RecordEnd) and before.answered_at is not None:
                late = now >= before.answered_at + model.ABANDON_AFTER
                abandoned = command.ending.outcome is Outcome.ABANDONED
                if treatment.message is None and not before.connected and before.outcome is None:
                    assert abandoned == late
                assert not abandoned or not before.connected


@given(SCRIPTS, HISTORIES)
def test_whatever_happens_only_a_verdict_makes_a_machine_and_it_is_asked_for_once(
    treatment: Treatment, happened: list
) -> None:
    asked = 0
    for before, event, after, commands, now in steps(treatment, happened):
        asked += sum(isinstance(command, model.DetectMachine) for command in commands)
        if model.DetectMachine in map(type, commands):
            assert treatment.detect_machine
            assert now - after.answered_at <= model.DETECT_WITHIN
        if after.outcome is Outcome.MACHINE and before.outcome is None:
            assert event == back("MACHINE")
            assert before.stage not in {Stage.WAITING, Stage.CONNECTING, Stage.TALKING, Stage.PLAYING}
    assert asked <= 1


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


def test_answer_that_was_heard_of_late_is_not_analysed() -> None:
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
    """A planted bug: a table without the way to an agent."""
    monkeypatch.setitem(model.TRANSITIONS, Stage.PICKED_UP, frozenset({Stage.PLAYING, Stage.ENDED}))
    with pytest.raises(AssertionError, match="Stage may not go from picked_up to waiting"):
        reported(AGENTS, *WAITS)


@given(st.lists(EVENTS, max_size=20), st.data())
def test_event_that_comes_twice_changes_nothing_the_second_time(happened: list, data: st.DataObject) -> None:
    """Events of the switch."""
    call = reported(MESSAGE, *happened)[0] if happened else CallProgress(CHANNEL, MESSAGE)
    event = data.draw(st.sampled_from([RINGS, UP, destroyed(17, 486), ChannelStateChange(CHANNEL, "Ringing", NOW)]))
    once, _ = step(call, event, NOW)
    twice, todo = step(once, event, NOW)
    assert (twice, todo) == (once, ())
