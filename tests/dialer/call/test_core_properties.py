"""Properties of a call that hold for any sequence of events."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from tests.support.dialer_events import (
    AGENT,
    CHANNEL,
    DIALLED,
    MESSAGE,
    NOW,
    OTHER_AGENT,
    RINGS,
    STARTED,
    UP,
    Happening,
    back,
    destroyed,
    reported,
)
from tongdai.call_outcome import ABANDON_THRESHOLD, NOT_PLACED, Outcome
from tongdai.calls.model import TRANSITIONS as CALL_TRANSITIONS
from tongdai.calls.model import CallState
from tongdai.dialer.call import model
from tongdai.dialer.call.core import step
from tongdai.dialer.call.model import CallProgress, Stage, Treatment
from tongdai.switch.events import (
    ChannelHangupRequest,
    ChannelStateChange,
    Dial,
    PlaybackFinished,
)

EVENTS: st.SearchStrategy[Happening] = st.one_of(
    st.sampled_from(
        [
            DIALLED, RINGS, UP, STARTED, destroyed(), destroyed(17, 486), model.ChannelAbsent(), model.AgentFree(),
            model.AgentReserved(AGENT), model.AgentReserved(OTHER_AGENT), model.AgentMissing(), model.AgentLeft(AGENT),
            model.AgentLeft(OTHER_AGENT), model.BridgedWithAgent(), model.NotBridged(), model.ThresholdReached(),
            model.ClaimLapsed(), model.SoundPlaying(), model.SoundOver(), model.DetectionUnavailable("no module"),
            back("HUMAN"), back("MACHINE"), back("NOTSURE"), Dial(CHANNEL, "", NOW), Dial(CHANNEL, "BUSY", NOW),
            ChannelStateChange(CHANNEL, "Ringing", NOW), Dial(CHANNEL, "ANSWER", NOW),
            PlaybackFinished(f"{CHANNEL}-message", CHANNEL, True, NOW),
            PlaybackFinished(f"{CHANNEL}-message", CHANNEL, False, NOW), ChannelHangupRequest(CHANNEL, NOW),
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

TREATMENTS = st.builds(Treatment, st.sampled_from([None, "offer"]), st.sampled_from([None, "sorry"]), st.booleans())

RECORDS = (model.RecordRinging, model.RecordAnswer, model.RecordConnection, model.RecordEnd)

EventsInTime = list[tuple[Happening, float]]
HISTORIES = st.lists(st.tuples(EVENTS, st.floats(0, 5)), max_size=40)


class Step(NamedTuple):
    """A step of a call."""

    before: CallProgress
    event: Happening
    after: CallProgress
    commands: tuple[model.Command, ...]
    now: datetime


def steps(treatment: Treatment, happened: EventsInTime) -> Iterator[Step]:
    """Take a call through these events. AssertionError: a stage that TRANSITIONS does not list."""
    call, now = CallProgress(CHANNEL, treatment), NOW
    for event, after_s in happened:
        now += timedelta(seconds=after_s)
        before = call
        call, commands = step(call, event, now)
        yield Step(before, event, call, commands, now)


@given(TREATMENTS, HISTORIES)
def test_whatever_happens_the_row_goes_by_its_table_and_ends_once(treatment: Treatment, happened: EventsInTime) -> None:
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


@given(TREATMENTS, HISTORIES)
def test_whatever_happens_records_precede_requests_and_nothing_follows_the_end(
    treatment: Treatment, happened: EventsInTime
) -> None:
    for before, _, _, commands, _ in steps(treatment, happened):
        kinds = [isinstance(command, RECORDS) for command in commands]
        assert kinds == sorted(kinds, reverse=True)
        assert not commands or before.stage is not Stage.ENDED


@given(TREATMENTS, HISTORIES)
def test_whatever_happens_a_call_that_failed_after_the_answer_says_why(
    treatment: Treatment, happened: EventsInTime
) -> None:
    for before, _, _, commands, _ in steps(treatment, happened):
        for command in commands:
            if isinstance(command, model.RecordEnd):
                unplayed = before.played is False
                assert (command.ending.failure is not None) == unplayed
                if before.answered_at is not None:
                    assert (command.ending.outcome is Outcome.FAILED) == (unplayed and treatment.message is not None)


@given(TREATMENTS, HISTORIES)
def test_whatever_happens_nobody_is_bridged_or_played_to_before_the_answer_is_recorded(
    treatment: Treatment, happened: EventsInTime
) -> None:
    answered = False
    for _, _, _, commands, _ in steps(treatment, happened):
        for command in commands:
            answered |= isinstance(command, model.RecordAnswer)
            if isinstance(command, model.ReserveAgent | model.BridgeWithAgent | model.PlaySound | model.DetectMachine):
                assert answered


@given(TREATMENTS, HISTORIES)
def test_whatever_happens_the_threshold_is_two_seconds_after_the_answer(
    treatment: Treatment, happened: EventsInTime
) -> None:
    for _, _, after, commands, _ in steps(treatment, happened):
        for command in commands:
            if isinstance(command, model.ReserveAgent | model.DetectMachine):
                assert after.answered_at is not None
                assert command.until == after.answered_at + ABANDON_THRESHOLD


@given(TREATMENTS, HISTORIES)
def test_whatever_happens_an_unconnected_answer_is_abandoned_from_the_threshold_on(
    treatment: Treatment, happened: EventsInTime
) -> None:
    for before, _, _, commands, now in steps(treatment, happened):
        for command in commands:
            if isinstance(command, model.RecordEnd) and before.answered_at is not None:
                late = now >= before.answered_at + ABANDON_THRESHOLD
                abandoned = command.ending.outcome is Outcome.ABANDONED
                if treatment.message is None and not before.connected and before.outcome is None:
                    assert abandoned == late
                assert not abandoned or not before.connected


@given(TREATMENTS, HISTORIES)
def test_whatever_happens_only_a_verdict_makes_a_machine_and_it_is_asked_for_once(
    treatment: Treatment, happened: EventsInTime
) -> None:
    asked = 0
    for before, event, after, commands, now in steps(treatment, happened):
        asked += sum(isinstance(command, model.DetectMachine) for command in commands)
        if model.DetectMachine in map(type, commands):
            assert treatment.detect_machine
            assert after.answered_at is not None
            assert now - after.answered_at <= model.DETECT_WITHIN
        if after.outcome is Outcome.MACHINE and before.outcome is None:
            assert event == back("MACHINE")
            assert before.stage not in {Stage.WAITING, Stage.CONNECTING, Stage.TALKING, Stage.PLAYING}
    assert asked <= 1


@given(st.lists(EVENTS, max_size=20), st.data())
def test_event_that_comes_twice_changes_nothing_the_second_time(happened: list[Happening], data: st.DataObject) -> None:
    """Only events of the switch."""
    call = reported(MESSAGE, *happened)[0] if happened else CallProgress(CHANNEL, MESSAGE)
    event = data.draw(st.sampled_from([RINGS, UP, destroyed(17, 486), ChannelStateChange(CHANNEL, "Ringing", NOW)]))
    once, _ = step(call, event, NOW)
    twice, todo = step(once, event, NOW)
    assert (twice, todo) == (once, ())
