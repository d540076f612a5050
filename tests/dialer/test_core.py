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
from tongdai.dialer import core
from tongdai.dialer.core import Progress, Script, Stage, adopted, step
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
MESSAGE = Script("offer", None)
AGENTS = Script(None, None)
SORRY = Script(None, "sorry")
STARTED = StasisStart(CHANNEL, ("call",), "Up", "", NOW)


def destroyed(cause: int = 16, sip: int | None = None) -> ChannelDestroyed:
    return ChannelDestroyed(CHANNEL, cause, sip, NOW)


def back(status: str, cause: str = "X-1") -> StasisStart:
    """The dialplan hands the channel back."""
    return StasisStart(CHANNEL, (DETECTED, status, cause), "Up", "", NOW)


def reported(script: Script, *happened: Any, after_s: float = 0.0) -> tuple[Progress, list[core.Command]]:
    """The call after these events, the last one so much later, and the commands of the last."""
    call, todo = Progress(CHANNEL, script), ()
    for i, event in enumerate(happened):
        late = after_s if i == len(happened) - 1 else 0.0
        call, todo = step(call, event, NOW + timedelta(seconds=late))
    return call, list(todo)


DIALLED, RINGS, UP = core.Dialled(), Dial(CHANNEL, "RINGING", NOW), ChannelStateChange(CHANNEL, "Up", NOW)
WAITS = (DIALLED, RINGS, UP, STARTED)
CONNECTS = (*WAITS, core.AgentReserved(AGENT))
TALKS = (*CONNECTS, core.BridgedWithAgent())


def test_message_is_played_to_who_answers_and_then_hung_up() -> None:
    assert reported(MESSAGE, DIALLED, RINGS)[1] == [core.RecordRinging(NOW)]
    assert reported(MESSAGE, DIALLED, RINGS, UP)[1] == [core.RecordAnswer(NOW)]
    call, todo = reported(MESSAGE, *WAITS)
    assert todo == [core.PlaySound("offer", call.playback_id)]
    finished = PlaybackFinished(call.playback_id, CHANNEL, True, NOW)
    assert reported(MESSAGE, *WAITS, core.SoundPlaying())[1] == [core.RecordConnection(NOW)]
    assert reported(MESSAGE, *WAITS, core.SoundPlaying(), finished)[1] == [core.HangUp()]
    assert reported(MESSAGE, *WAITS, core.SoundPlaying(), finished, destroyed())[1] == [
        core.RecordEnd(Ending(Outcome.ANSWERED, 16))
    ]


def test_who_answers_waits_two_seconds_for_an_agent() -> None:
    assert reported(AGENTS, *WAITS)[1] == [core.ReserveAgent(NOW + timedelta(seconds=2))]
    assert reported(AGENTS, *CONNECTS)[1] == [core.BridgeWithAgent(AGENT)]
    assert reported(AGENTS, *TALKS)[1] == [core.RecordConnection(NOW)]
    assert reported(AGENTS, *WAITS, core.ThresholdReached())[1] == [core.HangUp()]
    assert reported(AGENTS, *WAITS, core.ThresholdReached(), destroyed())[1][0] == core.RecordEnd(
        Ending(Outcome.ABANDONED, 16)
    )


def test_abandoned_call_hears_so_and_is_then_hung_up() -> None:
    call, todo = reported(SORRY, *WAITS, core.ThresholdReached())
    assert todo == [core.PlaySound("sorry", call.playback_id)]
    finished = PlaybackFinished(call.playback_id, CHANNEL, True, NOW)
    assert reported(SORRY, *WAITS, core.ThresholdReached(), core.SoundPlaying())[1] == []
    assert reported(SORRY, *WAITS, core.ThresholdReached(), core.SoundPlaying(), finished)[1] == [core.HangUp()]


def test_agent_who_comes_within_the_patience_is_taken_and_the_time_is_no_more_up() -> None:
    assert reported(AGENTS, *WAITS, core.AgentFree())[1] == [core.ReserveAgent(NOW + timedelta(seconds=2))]
    assert reported(AGENTS, *CONNECTS, core.ThresholdReached())[1] == []
    assert reported(AGENTS, *TALKS, core.ThresholdReached())[1] == []


@pytest.mark.parametrize(("after_s", "outcome"), [(1.9, Outcome.ANSWERED), (2.1, Outcome.ABANDONED)])
def test_who_hangs_up_while_waiting_was_abandoned_after_two_seconds(after_s: float, outcome: Outcome) -> None:
    assert reported(AGENTS, *WAITS, destroyed(), after_s=after_s)[1][0] == core.RecordEnd(Ending(outcome, 16))


def test_agent_who_hangs_up_ends_the_talk() -> None:
    assert reported(AGENTS, *TALKS, core.AgentLeft(AGENT))[1] == [core.HangUp()]
    assert reported(AGENTS, *TALKS, destroyed())[1] == [
        core.RecordEnd(Ending(Outcome.ANSWERED, 16)),
        core.DestroyBridge(),
    ]


@pytest.mark.parametrize("gone", [core.AgentMissing(), core.AgentLeft(AGENT)])
def test_agent_whose_phone_went_before_the_bridge_is_replaced(gone: core.Signal) -> None:
    again = (*CONNECTS, gone)
    assert reported(AGENTS, *again)[1] == [core.ReserveAgent(NOW + timedelta(seconds=2))]
    assert reported(AGENTS, *again, core.AgentReserved(OTHER_AGENT))[1] == [core.BridgeWithAgent(OTHER_AGENT)]


def test_talk_continues_when_an_agent_who_was_replaced_left_and_that_is_heard_late() -> None:
    replaced = (*CONNECTS, core.AgentMissing(), core.AgentReserved(OTHER_AGENT))
    assert reported(AGENTS, *replaced, core.AgentLeft(AGENT))[1] == []
    assert reported(AGENTS, *replaced, core.BridgedWithAgent(), core.AgentLeft(AGENT))[1] == []
    assert reported(AGENTS, *replaced, core.BridgedWithAgent(), core.AgentLeft(OTHER_AGENT))[1] == [core.HangUp()]


def test_agent_of_an_adopted_talk_ends_it_when_he_leaves() -> None:
    call = adopted(CHANNEL, AGENTS, CallState.ANSWERED, NOW, connected=True)
    assert step(call, core.AgentLeft(AGENT), NOW)[1] == (core.HangUp(),)


@pytest.mark.parametrize(
    "happened", [WAITS, (*WAITS, core.ThresholdReached()), CONNECTS, (*CONNECTS, core.AgentMissing())]
)
def test_bridge_that_may_have_been_made_is_taken_down_at_the_end(happened: tuple) -> None:
    assert core.DestroyBridge() in reported(AGENTS, *happened, destroyed())[1]
    call = adopted(CHANNEL, AGENTS, CallState.ANSWERED, NOW, connected=False)
    assert core.DestroyBridge() in step(call, core.ChannelAbsent(), NOW)[1]


def test_without_an_answer_or_an_agent_there_is_no_bridge_to_take_down() -> None:
    assert core.DestroyBridge() not in reported(AGENTS, DIALLED, RINGS, destroyed())[1]
    assert core.DestroyBridge() not in reported(MESSAGE, *WAITS, destroyed())[1]


@pytest.mark.parametrize(
    ("cause", "sip", "outcome"),
    [(17, 486, Outcome.BUSY), (1, 404, Outcome.INVALID_NUMBER), (19, 480, Outcome.NO_ANSWER)],
)
def test_call_that_is_not_answered_ends_by_its_cause(cause: int, sip: int, outcome: Outcome) -> None:
    assert reported(AGENTS, DIALLED, RINGS, destroyed(cause, sip))[1] == [core.RecordEnd(Ending(outcome, cause, sip))]


def test_what_was_not_dialled_may_be_called_again_and_what_rang_is_not_taken_back() -> None:
    cancelled = core.NotDialled(Outcome.CANCELLED)
    assert reported(AGENTS, cancelled)[1] == [core.RecordEnd(Ending(Outcome.CANCELLED))]
    assert reported(AGENTS, DIALLED, cancelled)[1] == [core.RecordEnd(Ending(Outcome.CANCELLED))]
    assert reported(AGENTS, DIALLED, RINGS, cancelled)[1] == []


def test_claim_that_lapsed_is_taken_back_unless_it_was_dialled() -> None:
    assert reported(AGENTS, core.ClaimLapsed())[1] == [core.RecordEnd(Ending(Outcome.CANCELLED))]
    assert reported(AGENTS, DIALLED, core.ClaimLapsed())[1] == []


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
    assert reported(AGENTS, *happened, core.ChannelAbsent())[1][0] == core.RecordEnd(Ending(outcome))


def test_channel_that_is_seen_is_given_what_it_missed() -> None:
    up = core.ChannelListed(up=True)
    assert reported(AGENTS, DIALLED, up)[1] == [core.RecordAnswer(NOW), core.ReserveAgent(NOW + timedelta(seconds=2))]
    assert reported(AGENTS, *WAITS, up)[1] == [core.ReserveAgent(NOW + timedelta(seconds=2))]
    assert reported(AGENTS, *CONNECTS, up)[1] == [core.BridgeWithAgent(AGENT)]
    assert reported(AGENTS, *TALKS, up)[1] == []
    assert reported(AGENTS, *TALKS, core.AgentLeft(AGENT), up)[1] == [core.HangUp()]
    playing, todo = reported(MESSAGE, *WAITS, up)
    assert todo == [core.CheckSound(playing.playback_id)]
    assert reported(MESSAGE, *WAITS, core.SoundOver())[1] == [core.PlaySound("offer", playing.playback_id)]
    assert reported(MESSAGE, *WAITS, core.SoundPlaying(), core.SoundOver())[1] == [core.HangUp()]


@pytest.mark.parametrize("script", [MESSAGE, AGENTS])
@pytest.mark.parametrize("state", [state for state in CallState if state is not CallState.ENDED])
def test_adopted_call_continues_from_where_it_was(script: Script, state: CallState) -> None:
    answered_at = NOW if state is CallState.ANSWERED else None
    call = adopted(CHANNEL, script, state, answered_at, connected=False)
    call, todo = step(call, core.ChannelListed(up=True), NOW + timedelta(seconds=60))
    if state is CallState.CLAIMED:
        assert todo == ()
    elif script is MESSAGE:
        assert core.PlaySound("offer", call.playback_id) in todo
    else:
        (seek,) = (command for command in todo if isinstance(command, core.ReserveAgent))
        assert seek.until == (NOW if answered_at else NOW + timedelta(seconds=60)) + core.ABANDON_AFTER


EVENTS = st.one_of(
    st.sampled_from(
        [
            DIALLED, RINGS, UP, STARTED, destroyed(), destroyed(17, 486), core.ChannelAbsent(), core.AgentFree(),
            core.AgentReserved(AGENT), core.AgentReserved(OTHER_AGENT), core.AgentMissing(), core.AgentLeft(AGENT),
            core.AgentLeft(OTHER_AGENT), core.BridgedWithAgent(), core.NotBridged(), core.ThresholdReached(),
            core.ClaimLapsed(), core.SoundPlaying(), core.SoundOver(), core.DetectionUnavailable("no module"),
            back("HUMAN"), back("MACHINE"), back("NOTSURE"), Dial(CHANNEL, "", NOW), Dial(CHANNEL, "BUSY", NOW),
            ChannelStateChange(CHANNEL, "Ringing", NOW), Dial(CHANNEL, "ANSWER", NOW),
            PlaybackFinished(f"{CHANNEL}-message", CHANNEL, True, NOW),
            PlaybackFinished(f"{CHANNEL}-sorry", CHANNEL, False, NOW), PlaybackFinished("other", None, True, NOW),
        ]
    ),
    st.builds(core.ChannelListed, st.booleans(), st.booleans()),
    st.builds(core.NotDialled, st.sampled_from([Outcome.FAILED, *sorted(NOT_PLACED)])),
)  # fmt: skip
WRITES = {core.RecordRinging: CallState.RINGING, core.RecordAnswer: CallState.ANSWERED, core.RecordEnd: CallState.ENDED}


SCRIPTS = st.builds(Script, st.sampled_from([None, "offer"]), st.sampled_from([None, "sorry"]), st.booleans())
RECORDS = (core.RecordRinging, core.RecordAnswer, core.RecordConnection, core.RecordEnd)
HISTORIES = st.lists(st.tuples(EVENTS, st.floats(0, 5)), max_size=40)


def steps(script: Script, happened: list) -> Iterator[tuple[Progress, object, Progress, tuple, datetime]]:
    """Before, event, after, commands, now: of each step. A stage that TRANSITIONS does not list raises."""
    call, now = Progress(CHANNEL, script), NOW
    for event, after_s in happened:
        now += timedelta(seconds=after_s)
        before = call
        call, commands = step(call, event, now)
        yield before, event, call, commands, now


@given(SCRIPTS, HISTORIES)
def test_whatever_happens_the_row_goes_by_its_table_and_ends_once(script: Script, happened: list) -> None:
    state, ended = CallState.CLAIMED, 0
    for before, event, after, commands, _ in steps(script, happened):
        if event == DIALLED and before.stage is Stage.CLAIMED:
            state = CallState.DIALING
        for command in commands:
            target = WRITES.get(type(command))
            if target is not None:
                assert target in CALL_TRANSITIONS[state]
                state = target
            if isinstance(command, core.RecordConnection):
                assert state is CallState.ANSWERED
            if isinstance(command, core.RecordEnd):
                ended += 1
                assert command.ending.outcome not in NOT_PLACED or before.stage in {Stage.CLAIMED, Stage.DIALING}
        assert ended == (after.stage is Stage.ENDED)


@given(SCRIPTS, HISTORIES)
def test_whatever_happens_records_precede_requests_and_nothing_follows_the_end(script: Script, happened: list) -> None:
    for before, _, _, commands, _ in steps(script, happened):
        kinds = [isinstance(command, RECORDS) for command in commands]
        assert kinds == sorted(kinds, reverse=True)
        assert not commands or before.stage is not Stage.ENDED


@given(SCRIPTS, HISTORIES)
def test_whatever_happens_nobody_is_bridged_or_played_to_before_the_answer_is_recorded(
    script: Script, happened: list
) -> None:
    answered = False
    for _, _, _, commands, _ in steps(script, happened):
        for command in commands:
            answered |= isinstance(command, core.RecordAnswer)
            if isinstance(command, core.ReserveAgent | core.BridgeWithAgent | core.PlaySound | core.DetectMachine):
                assert answered


@given(SCRIPTS, HISTORIES)
def test_whatever_happens_the_threshold_is_two_seconds_after_the_answer(script: Script, happened: list) -> None:
    for _, _, after, commands, _ in steps(script, happened):
        for command in commands:
            if isinstance(command, core.ReserveAgent | core.DetectMachine):
                assert after.answered_at is not None
                assert command.until == after.answered_at + core.ABANDON_AFTER


@given(SCRIPTS, HISTORIES)
def test_whatever_happens_an_unconnected_answer_is_abandoned_from_the_threshold_on(
    script: Script, happened: list
) -> None:
    for before, _, _, commands, now in steps(script, happened):
        for command in commands:
            if isinstance(command, core.RecordEnd) and before.answered_at is not None:
                late = now >= before.answered_at + core.ABANDON_AFTER
                abandoned = command.ending.outcome is Outcome.ABANDONED
                if script.message is None and not before.connected and before.outcome is None:
                    assert abandoned == late
                assert not abandoned or not before.connected


@given(SCRIPTS, HISTORIES)
def test_whatever_happens_only_a_verdict_makes_a_machine_and_it_is_asked_for_once(
    script: Script, happened: list
) -> None:
    asked = 0
    for before, event, after, commands, now in steps(script, happened):
        asked += sum(isinstance(command, core.DetectMachine) for command in commands)
        if core.DetectMachine in map(type, commands):
            assert script.detect_machine
            assert now - after.answered_at <= core.DETECT_WITHIN
        if after.outcome is Outcome.MACHINE and before.outcome is None:
            assert event == back("MACHINE")
            assert before.stage not in {Stage.WAITING, Stage.CONNECTING, Stage.TALKING, Stage.PLAYING}
    assert asked <= 1


DETECT_MESSAGE, DETECT_AGENTS = Script("offer", None, True), Script(None, None, True)
DETECTS = (DIALLED, RINGS, UP, STARTED)


@pytest.mark.parametrize("script", [DETECT_MESSAGE, DETECT_AGENTS])
def test_machine_is_hung_up_and_ends_as_such_with_its_verdict(script: Script) -> None:
    assert reported(script, *DETECTS)[1] == [core.DetectMachine(NOW + timedelta(seconds=2))]
    assert reported(script, *DETECTS, back("MACHINE"))[1] == [core.HangUp()]
    _, todo = reported(script, *DETECTS, back("MACHINE", "LONGGREETING-1200-1200"), destroyed(16))
    detection = Detection(Verdict.MACHINE, "LONGGREETING-1200-1200", 0)
    assert todo == [core.RecordEnd(Ending(Outcome.MACHINE, 16, None, detection))]


@pytest.mark.parametrize(("status", "verdict"), [("HUMAN", Verdict.HUMAN), ("NOTSURE", Verdict.UNSURE)])
def test_person_gets_the_message_or_an_agent_within_two_seconds_of_the_answer(status: str, verdict: Verdict) -> None:
    call, todo = reported(DETECT_AGENTS, *DETECTS, back(status), after_s=1.3)
    assert todo == [core.ReserveAgent(NOW + timedelta(seconds=2))]
    assert call.detection == Detection(verdict, "X-1", 1300)
    call, todo = reported(DETECT_MESSAGE, *DETECTS, back(status), after_s=1.3)
    assert todo == [core.PlaySound("offer", call.playback_id)]


def test_call_continues_without_a_verdict_when_detection_is_unavailable_or_too_slow() -> None:
    missing = core.DetectionUnavailable("no module")
    call, todo = reported(DETECT_AGENTS, *DETECTS, missing)
    assert todo == [core.ReserveAgent(NOW + timedelta(seconds=2))]
    assert call.detection == Detection(Verdict.UNAVAILABLE, "no module", 0)
    call, todo = reported(DETECT_MESSAGE, *DETECTS, core.ThresholdReached(), after_s=2.0)
    assert todo == [core.PlaySound("offer", call.playback_id)]
    assert call.detection == Detection(Verdict.UNSURE, None, 2000)


def test_listing_of_a_call_in_the_dialplan_changes_nothing_until_the_threshold() -> None:
    listed = core.ChannelListed(up=True)
    assert reported(DETECT_AGENTS, *DETECTS, listed, after_s=1.9)[1] == []
    assert reported(DETECT_AGENTS, *DETECTS, listed, after_s=2.0)[1] == [core.ReserveAgent(NOW + timedelta(seconds=2))]


def test_answer_that_was_heard_of_late_is_not_analysed() -> None:
    call, todo = reported(DETECT_AGENTS, DIALLED, RINGS, UP, STARTED, after_s=0.6)
    assert todo == [core.ReserveAgent(NOW + timedelta(seconds=2))]
    assert call.detection is None
    assert reported(DETECT_AGENTS, DIALLED, core.ChannelListed(up=True))[0].stage is Stage.WAITING


def test_callee_who_hangs_up_during_the_detection_is_abandoned_only_from_the_threshold_on() -> None:
    assert reported(DETECT_AGENTS, *DETECTS, destroyed(), after_s=1.9)[1][0] == core.RecordEnd(
        Ending(Outcome.ANSWERED, 16)
    )
    late = reported(DETECT_AGENTS, *DETECTS, destroyed(), after_s=2.1)[1][0]
    assert late == core.RecordEnd(Ending(Outcome.ABANDONED, 16))


def test_adopted_call_takes_the_verdict_that_its_former_process_asked_for() -> None:
    call = adopted(CHANNEL, DETECT_AGENTS, CallState.ANSWERED, NOW, connected=False)
    assert step(call, back("MACHINE"), NOW)[1] == (core.HangUp(),)


def test_stage_that_the_table_does_not_list_cannot_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A planted bug: a table without the way to an agent."""
    monkeypatch.setitem(core.TRANSITIONS, Stage.PICKED_UP, frozenset({Stage.PLAYING, Stage.ENDED}))
    with pytest.raises(AssertionError, match="Stage may not go from picked_up to waiting"):
        reported(AGENTS, *WAITS)


@given(st.lists(EVENTS, max_size=20), st.data())
def test_event_that_comes_twice_changes_nothing_the_second_time(happened: list, data: st.DataObject) -> None:
    """Events of the switch."""
    call = reported(MESSAGE, *happened)[0] if happened else Progress(CHANNEL, MESSAGE)
    event = data.draw(st.sampled_from([RINGS, UP, destroyed(17, 486), ChannelStateChange(CHANNEL, "Ringing", NOW)]))
    once, _ = step(call, event, NOW)
    twice, todo = step(once, event, NOW)
    assert (twice, todo) == (once, ())
