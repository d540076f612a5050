"""What an event means for a call, and what is to be done."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.calls.model import NOT_PLACED, CallState, Ending, Outcome
from tongdai.calls.model import TRANSITIONS as CALL_TRANSITIONS
from tongdai.dialer import core
from tongdai.dialer.core import Progress, Script, Stage, adopted, step
from tongdai.switch.events import (
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


def told(script: Script, *happened: object, after_s: float = 0.0) -> tuple[Progress, list[core.Command]]:
    """A call to which all that happened, the last of it so much later, and what was to be done at the last."""
    call, todo = Progress(CHANNEL, script), ()
    for i, event in enumerate(happened):
        late = after_s if i == len(happened) - 1 else 0.0
        call, todo = step(call, event, NOW + timedelta(seconds=late))
    return call, list(todo)


DIALLED, RINGS, UP = core.Dialled(), Dial(CHANNEL, "RINGING", NOW), ChannelStateChange(CHANNEL, "Up", NOW)
WAITS = (DIALLED, RINGS, UP, STARTED)
CONNECTS = (*WAITS, core.AgentFound(AGENT))
TALKS = (*CONNECTS, core.Bridged())


def test_message_is_played_to_who_answers_and_then_hung_up() -> None:
    assert told(MESSAGE, DIALLED, RINGS)[1] == [core.Rang(NOW)]
    assert told(MESSAGE, DIALLED, RINGS, UP)[1] == [core.Answered(NOW)]
    call, todo = told(MESSAGE, *WAITS)
    assert todo == [core.Play("offer", call.playback_id)]
    finished = PlaybackFinished(call.playback_id, CHANNEL, True, NOW)
    assert told(MESSAGE, *WAITS, core.Plays())[1] == [core.Connected(NOW)]
    assert told(MESSAGE, *WAITS, core.Plays(), finished)[1] == [core.HangUp()]
    assert told(MESSAGE, *WAITS, core.Plays(), finished, destroyed())[1] == [core.End(Ending(Outcome.ANSWERED, 16))]


def test_who_answers_waits_two_seconds_for_an_agent() -> None:
    assert told(AGENTS, *WAITS)[1] == [core.SeekAgent(NOW + timedelta(seconds=2))]
    assert told(AGENTS, *CONNECTS)[1] == [core.Connect(AGENT)]
    assert told(AGENTS, *TALKS)[1] == [core.Connected(NOW)]
    assert told(AGENTS, *WAITS, core.TimeUp())[1] == [core.HangUp()]
    assert told(AGENTS, *WAITS, core.TimeUp(), destroyed())[1][0] == core.End(Ending(Outcome.ABANDONED, 16))


def test_abandoned_call_hears_so_and_is_then_hung_up() -> None:
    call, todo = told(SORRY, *WAITS, core.TimeUp())
    assert todo == [core.Play("sorry", call.playback_id)]
    finished = PlaybackFinished(call.playback_id, CHANNEL, True, NOW)
    assert told(SORRY, *WAITS, core.TimeUp(), core.Plays())[1] == []
    assert told(SORRY, *WAITS, core.TimeUp(), core.Plays(), finished)[1] == [core.HangUp()]


def test_agent_who_comes_within_the_patience_is_taken_and_the_time_is_no_more_up() -> None:
    assert told(AGENTS, *WAITS, core.AgentFree())[1] == [core.SeekAgent(NOW + timedelta(seconds=2))]
    assert told(AGENTS, *CONNECTS, core.TimeUp())[1] == []
    assert told(AGENTS, *TALKS, core.TimeUp())[1] == []


@pytest.mark.parametrize(("after_s", "outcome"), [(1.9, Outcome.ANSWERED), (2.1, Outcome.ABANDONED)])
def test_who_hangs_up_while_waiting_was_abandoned_after_two_seconds(after_s: float, outcome: Outcome) -> None:
    assert told(AGENTS, *WAITS, destroyed(), after_s=after_s)[1][0] == core.End(Ending(outcome, 16))


def test_agent_who_hangs_up_ends_the_talk() -> None:
    assert told(AGENTS, *TALKS, core.AgentLeft(AGENT))[1] == [core.HangUp()]
    assert told(AGENTS, *TALKS, destroyed())[1] == [core.End(Ending(Outcome.ANSWERED, 16)), core.Unbridge()]


@pytest.mark.parametrize("gone", [core.AgentMissing(), core.AgentLeft(AGENT)])
def test_agent_whose_phone_went_before_the_bridge_is_replaced(gone: core.Happening) -> None:
    again = (*CONNECTS, gone)
    assert told(AGENTS, *again)[1] == [core.SeekAgent(NOW + timedelta(seconds=2))]
    assert told(AGENTS, *again, core.AgentFound(OTHER_AGENT))[1] == [core.Connect(OTHER_AGENT)]


def test_talk_goes_on_when_it_is_told_late_that_an_agent_left_who_was_replaced() -> None:
    replaced = (*CONNECTS, core.AgentMissing(), core.AgentFound(OTHER_AGENT))
    assert told(AGENTS, *replaced, core.AgentLeft(AGENT))[1] == []
    assert told(AGENTS, *replaced, core.Bridged(), core.AgentLeft(AGENT))[1] == []
    assert told(AGENTS, *replaced, core.Bridged(), core.AgentLeft(OTHER_AGENT))[1] == [core.HangUp()]


def test_agent_of_an_adopted_talk_ends_it_when_he_leaves() -> None:
    call = adopted(CHANNEL, AGENTS, CallState.ANSWERED, NOW, connected=True)
    assert step(call, core.AgentLeft(AGENT), NOW)[1] == (core.HangUp(),)


@pytest.mark.parametrize("happened", [WAITS, (*WAITS, core.TimeUp()), CONNECTS, (*CONNECTS, core.AgentMissing())])
def test_bridge_that_may_have_been_made_is_taken_down_at_the_end(happened: tuple) -> None:
    assert core.Unbridge() in told(AGENTS, *happened, destroyed())[1]
    call = adopted(CHANNEL, AGENTS, CallState.ANSWERED, NOW, connected=False)
    assert core.Unbridge() in step(call, core.Unseen(), NOW)[1]


def test_without_an_answer_or_an_agent_there_is_no_bridge_to_take_down() -> None:
    assert core.Unbridge() not in told(AGENTS, DIALLED, RINGS, destroyed())[1]
    assert core.Unbridge() not in told(MESSAGE, *WAITS, destroyed())[1]


@pytest.mark.parametrize(
    ("cause", "sip", "outcome"),
    [(17, 486, Outcome.BUSY), (1, 404, Outcome.INVALID_NUMBER), (19, 480, Outcome.NO_ANSWER)],
)
def test_call_that_is_not_answered_ends_by_its_cause(cause: int, sip: int, outcome: Outcome) -> None:
    assert told(AGENTS, DIALLED, RINGS, destroyed(cause, sip))[1] == [core.End(Ending(outcome, cause, sip))]


def test_what_was_not_dialled_may_be_called_again_and_what_rang_is_not_taken_back() -> None:
    cancelled = core.NotDialled(Outcome.CANCELLED)
    assert told(AGENTS, cancelled)[1] == [core.End(Ending(Outcome.CANCELLED))]
    assert told(AGENTS, DIALLED, cancelled)[1] == [core.End(Ending(Outcome.CANCELLED))]
    assert told(AGENTS, DIALLED, RINGS, cancelled)[1] == []


def test_claim_that_lapsed_is_taken_back_unless_it_was_dialled() -> None:
    assert told(AGENTS, core.Lapsed())[1] == [core.End(Ending(Outcome.CANCELLED))]
    assert told(AGENTS, DIALLED, core.Lapsed())[1] == []


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
    assert told(AGENTS, *happened, core.Unseen())[1][0] == core.End(Ending(outcome))


def test_channel_that_is_seen_is_given_what_it_missed() -> None:
    up = core.Seen(up=True)
    assert told(AGENTS, DIALLED, up)[1] == [core.Answered(NOW), core.SeekAgent(NOW + timedelta(seconds=2))]
    assert told(AGENTS, *WAITS, up)[1] == [core.SeekAgent(NOW + timedelta(seconds=2))]
    assert told(AGENTS, *CONNECTS, up)[1] == [core.Connect(AGENT)]
    assert told(AGENTS, *TALKS, up)[1] == []
    assert told(AGENTS, *TALKS, core.AgentLeft(AGENT), up)[1] == [core.HangUp()]
    playing, todo = told(MESSAGE, *WAITS, up)
    assert todo == [core.Listen(playing.playback_id)]
    assert told(MESSAGE, *WAITS, core.Silent())[1] == [core.Play("offer", playing.playback_id)]
    assert told(MESSAGE, *WAITS, core.Plays(), core.Silent())[1] == [core.HangUp()]


@pytest.mark.parametrize("script", [MESSAGE, AGENTS])
@pytest.mark.parametrize("state", [state for state in CallState if state is not CallState.ENDED])
def test_adopted_call_goes_on_from_where_it_was(script: Script, state: CallState) -> None:
    answered_at = NOW if state is CallState.ANSWERED else None
    call = adopted(CHANNEL, script, state, answered_at, connected=False)
    call, todo = step(call, core.Seen(up=True), NOW + timedelta(seconds=60))
    if state is CallState.CLAIMED:
        assert todo == ()
    elif script is MESSAGE:
        assert core.Play("offer", call.playback_id) in todo
    else:
        (seek,) = (command for command in todo if isinstance(command, core.SeekAgent))
        assert seek.until == (NOW if answered_at else NOW + timedelta(seconds=60)) + core.PATIENCE


EVENTS = st.one_of(
    st.sampled_from(
        [
            DIALLED, RINGS, UP, STARTED, destroyed(), destroyed(17, 486), core.Unseen(), core.AgentFound(AGENT),
            core.AgentMissing(), core.AgentLeft(AGENT), core.AgentLeft(OTHER_AGENT), core.AgentFree(), core.Bridged(),
            core.NotBridged(), core.TimeUp(), core.AgentFound(OTHER_AGENT), core.Lapsed(),
            core.Plays(), core.Silent(), Dial(CHANNEL, "", NOW), Dial(CHANNEL, "BUSY", NOW),
            ChannelStateChange(CHANNEL, "Ringing", NOW), Dial(CHANNEL, "ANSWER", NOW),
            PlaybackFinished(f"{CHANNEL}-message", CHANNEL, True, NOW),
            PlaybackFinished(f"{CHANNEL}-sorry", CHANNEL, False, NOW), PlaybackFinished("other", None, True, NOW),
        ]
    ),
    st.builds(core.Seen, st.booleans(), st.booleans()),
    st.builds(core.NotDialled, st.sampled_from([Outcome.FAILED, *sorted(NOT_PLACED)])),
)  # fmt: skip
WRITES = {core.Rang: CallState.RINGING, core.Answered: CallState.ANSWERED, core.End: CallState.ENDED}


@given(st.sampled_from([MESSAGE, AGENTS, SORRY]), st.lists(st.tuples(EVENTS, st.floats(0, 5)), max_size=40))
def test_whatever_happens_a_call_ends_at_most_once_and_goes_by_its_tables(script: Script, happened: list) -> None:
    call, state, now, ended = Progress(CHANNEL, script), CallState.CLAIMED, NOW, 0
    for event, after_s in happened:
        now += timedelta(seconds=after_s)
        before = call.stage
        call, todo = step(call, event, now)
        if event == DIALLED and before is Stage.CLAIMED:
            state = CallState.DIALING
        assert call.stage is before or call.stage in core.TRANSITIONS[before]
        if before is Stage.ENDED:
            assert todo == ()
        for command in todo:
            target = WRITES.get(type(command))
            if target is not None:
                assert target in CALL_TRANSITIONS[state]
                state = target
            if isinstance(command, core.Connected):
                assert state is CallState.ANSWERED
            if isinstance(command, core.End):
                ended += 1
                assert state is CallState.ENDED
                assert command.ending.outcome not in NOT_PLACED or before in {Stage.CLAIMED, Stage.DIALING}
    assert ended == (call.stage is Stage.ENDED)


@given(st.lists(EVENTS, max_size=20), st.data())
def test_event_that_comes_twice_changes_nothing_the_second_time(happened: list, data: st.DataObject) -> None:
    """Of those that come from the switch."""
    call = told(MESSAGE, *happened)[0] if happened else Progress(CHANNEL, MESSAGE)
    event = data.draw(st.sampled_from([RINGS, UP, destroyed(17, 486), ChannelStateChange(CHANNEL, "Ringing", NOW)]))
    once, _ = step(call, event, NOW)
    twice, todo = step(once, event, NOW)
    assert (twice, todo) == (once, ())
