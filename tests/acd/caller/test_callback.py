"""A caller who asks to be called back: what is said, which keys count, and what comes of it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.caller_steps import GONE, NOW, PLAYBACK, WAITING, after, pressed
from tongdai.acd.admission import Send
from tongdai.acd.caller import core
from tongdai.acd.caller.callback import REPEATS, said_id
from tongdai.acd.caller.model import (
    BeginCallback,
    CallerProgress,
    CheckKey,
    Command,
    HangUp,
    PlayParts,
    RecordAnswer,
    RecordCallback,
    RecordEnd,
    Stage,
    StartKeyTimer,
    StartMusic,
    StopMusic,
    StopSound,
    StopWaiting,
    Wait,
)
from tongdai.acd.caller.signals import (
    Admitted,
    CallbackAsked,
    CallbackBegun,
    CallbackWanted,
    ChannelListed,
    KeyTimedOut,
    RequestFailed,
    Signal,
    SoundOver,
    WaitOver,
)
from tongdai.call_outcome import InboundOutcome
from tongdai.callbacks.model import Askable
from tongdai.calls.inbound.model import InboundEnding
from tongdai.queues.model import Destination, DestinationKind
from tongdai.switch.events import Event, PlaybackFinished

TO_CALLBACK = Send(Destination(DestinationKind.CALLBACK), InboundOutcome.OVERFLOW)
BEGUN = CallbackBegun("+84901234567", "VN", "vi", 1)
BY_KEY = (*WAITING, CallbackWanted(), replace(BEGUN, hops=0))
SENT = (Admitted(TO_CALLBACK, 0), BEGUN)
NUMBER = ("khong", "chin", "khong", "mot", "hai", "ba", "bon", "nam", "sau", "bay")


def said(commands: tuple[Command, ...]) -> list[str]:
    return [part for command in commands if isinstance(command, PlayParts) for part in command.parts]


def keys(text: str) -> list[Event | Signal]:
    return [pressed(key) for key in text]


def silence(call: CallerProgress) -> tuple[CallerProgress, tuple[Command, ...]]:
    """The end of what was said, and no key in time."""
    assert call.callback is not None
    turn = call.callback.turn
    played = PlaybackFinished(said_id(call, turn), "17.1", done=True, at=NOW)
    return after(played, KeyTimedOut(turn, call.hops), start=call)


def test_key_of_a_caller_who_waits_is_checked_and_leads_to_the_question_without_leaving_the_queue() -> None:
    call, commands = after(*WAITING, pressed("1"))
    assert (call.stage, commands) == (Stage.WAITING, (CheckKey("1"),))
    call, commands = after(CallbackWanted(), start=call)
    assert (call.stage, commands) == (Stage.CALLBACK, (StopWaiting(), StopMusic(), BeginCallback(0)))
    call, commands = after(replace(BEGUN, hops=0), start=call)
    assert said(commands) == ["callback-number", *NUMBER, "callback-confirm"]


def test_caller_who_is_sent_to_a_callback_is_answered_and_asked() -> None:
    call, commands = after(Admitted(TO_CALLBACK, 0))
    assert commands[0] == RecordAnswer()
    assert commands[-1] == BeginCallback(1)
    assert call.stage is Stage.CALLBACK
    call, commands = after(*WAITING, WaitOver(TO_CALLBACK, 0))
    assert commands == (StopWaiting(), StopMusic(), BeginCallback(1)), "in the queue until the callback has the place"


@pytest.mark.parametrize("events", [BY_KEY, SENT])
def test_confirmed_number_is_recorded_before_the_thanks_and_the_call_ends(events: tuple[Signal, ...]) -> None:
    call, commands = after(*events, pressed("1"))
    assert commands[0] == RecordCallback("+84901234567")
    assert said(commands) == []
    assert after(pressed("1"), pressed("2"), KeyTimedOut(1, call.hops), start=call) == (call, ()), "it is confirmed"
    call, commands = after(CallbackAsked(made=True), start=call)
    assert said(commands) == ["callback-thanks"]
    assert call.stage is Stage.PLAYING
    call, commands = after(PlaybackFinished(PLAYBACK, "17.1", done=True, at=NOW), start=call)
    assert commands == (HangUp(16),)
    _, commands = after(GONE, start=call)
    assert commands[0] == RecordEnd(InboundEnding(InboundOutcome.CALLBACK, 16)), "not abandoned"


DEAR = (
    "+447911123456",  # a mobile number abroad
    "+18764567890",  # Jamaica, by the code of the United States
    "+881612345678",  # a satellite phone
    "+8419001234",  # a dear one at home
)


@pytest.mark.parametrize("shown", DEAR)
def test_numbers_that_earn_their_owner_money_are_not_called_back_whatever_a_caller_shows(shown: str) -> None:
    call, commands = after(Admitted(TO_CALLBACK, 0), replace(BEGUN, phone=shown))
    assert said(commands) == ["callback-enter"]
    assert call.callback is not None
    assert not call.callback.phone


@pytest.mark.parametrize("entered", [f"00{number.removeprefix('+')}#" for number in DEAR])
def test_numbers_that_earn_their_owner_money_are_not_called_back_whatever_a_caller_enters(entered: str) -> None:
    call, commands = after(*SENT, pressed("2"), *keys(entered))
    assert said(commands)[-2:] == ["callback-invalid", "callback-enter"]
    assert call.callback is not None
    assert not call.callback.entered


OWN = Askable(own=frozenset({"+842873001234", "+84901234567"}))
NO_OTHERS = Askable(others=False)


def test_own_number_of_the_tenant_is_not_called_back_whether_it_is_shown_or_entered() -> None:
    call, commands = after(Admitted(TO_CALLBACK, 0), replace(BEGUN, askable=OWN))
    assert said(commands) == ["callback-enter"], "the shown one"
    _, commands = after(*keys("02873001234#"), start=call)
    assert said(commands) == ["callback-invalid", "callback-enter"]
    assert said(after(*keys("0907654321#"), start=call)[1])[0] == "callback-number"


def test_caller_who_had_too_many_others_called_back_has_only_their_own_number() -> None:
    call, commands = after(Admitted(TO_CALLBACK, 0), replace(BEGUN, askable=NO_OTHERS))
    assert said(commands)[0] == "callback-number"
    assert after(pressed("1"), start=call)[1][0] == RecordCallback("+84901234567")
    call, commands = after(pressed("2"), *keys("0907654321#"), start=call)
    assert said(commands) == ["callback-invalid", "callback-enter"]
    assert said(after(*keys("0901234567#"), start=call)[1])[0] == "callback-number"


def test_other_number_is_entered_and_confirmed() -> None:
    call, commands = after(*BY_KEY, pressed("2"))
    assert said(commands) == ["callback-enter"]
    call, commands = after(*keys("0907654321#"), start=call)
    assert said(commands)[0] == "callback-number"
    _, commands = after(pressed("1"), start=call)
    assert commands[0] == RecordCallback("+84907654321", others=True)


def test_pause_ends_the_number_and_one_that_is_none_is_asked_for_again() -> None:
    call, commands = after(*BY_KEY, pressed("2"), *keys("090"))
    assert call.callback is not None
    assert commands == (StartKeyTimer(6, call.callback.turn, 0),)
    call, commands = after(KeyTimedOut(call.callback.turn, 0), start=call)
    assert said(commands) == ["callback-invalid", "callback-enter"]


def test_caller_who_withholds_the_number_enters_one() -> None:
    _, commands = after(*WAITING, CallbackWanted(), replace(BEGUN, hops=0, phone=""))
    assert said(commands) == ["callback-enter"]


def test_caller_who_waits_and_presses_nothing_waits_again() -> None:
    call, commands = after(*BY_KEY)
    for _ in range(REPEATS):
        call, commands = silence(call)
        assert said(commands)[0] == "callback-number"
    call, commands = silence(call)
    assert (call.stage, commands) == (Stage.WAITING, (StartMusic(), Wait()))


def test_caller_who_was_sent_and_presses_nothing_is_hung_up() -> None:
    call, commands = after(*SENT)
    for _ in range(REPEATS + 1):
        call, commands = silence(call)
    assert (call.stage, commands) == (Stage.HANGING_UP, (HangUp(16),))
    _, commands = after(GONE, start=call)
    assert commands[0] == RecordEnd(InboundEnding(InboundOutcome.OVERFLOW, 16))


def test_key_stops_what_is_said() -> None:
    call, _ = after(*BY_KEY)
    assert call.callback is not None
    _, commands = after(pressed("2"), start=call)
    assert StopSound(said_id(call, call.callback.turn)) in commands


@pytest.mark.parametrize("event", [RequestFailed(), ChannelListed(up=True)])
def test_request_whose_result_is_missing_is_repeated(event: Signal) -> None:
    _, commands = after(*WAITING, CallbackWanted(), event)
    assert commands == (BeginCallback(0),)


def test_caller_who_hangs_up_while_asked_is_abandoned() -> None:
    _, commands = after(*BY_KEY, GONE)
    assert commands[0] == RecordEnd(InboundEnding(InboundOutcome.ABANDONED, 16))


@given(st.lists(st.sampled_from("0123456789*#s"), max_size=60), st.booleans(), st.booleans())
def test_only_a_number_that_was_read_out_and_confirmed_is_asked_for(
    events: list[str], withheld: bool, by_key: bool
) -> None:
    begun = replace(BEGUN, phone="" if withheld else BEGUN.phone, hops=0 if by_key else 1)
    call, _ = after(*(WAITING if by_key else ()), CallbackWanted() if by_key else Admitted(TO_CALLBACK, 0), begun)
    for event in events:
        before = call
        if call.stage is not Stage.CALLBACK:
            break
        call, commands = silence(call) if event == "s" else core.step(call, pressed(event))
        asked = [command.phone for command in commands if isinstance(command, RecordCallback)]
        if asked:
            assert event == "1"
            assert before.callback is not None
            assert before.callback.entered is None, "a number is confirmed, not being entered"
            assert asked == [before.callback.phone]
            call, _ = after(CallbackAsked(made=True), start=call)
        assert (call.stage is Stage.PLAYING) == bool(asked)


@pytest.mark.parametrize("events", [BY_KEY, SENT])
def test_number_that_may_not_be_called_back_any_more_is_refused_and_another_one_asked_for(
    events: tuple[Signal, ...],
) -> None:
    call, commands = after(*events, *keys("20907654321#1"))
    assert commands[0] == RecordCallback("+84907654321", others=True)
    call, commands = after(CallbackAsked(made=False), start=call)
    assert said(commands) == ["callback-invalid", "callback-enter"]
    assert said(after(*keys("0907654321#"), start=call)[1])[0] == "callback-invalid"
    call, commands = after(*keys("0901234567#1"), start=call)
    assert commands[0] == RecordCallback("+84901234567"), "their own"
    assert after(CallbackAsked(made=True), start=call)[0].outcome is InboundOutcome.CALLBACK
    assert after(CallbackAsked(made=True), start=after(*WAITING)[0])[1] == (), "late"


def test_sound_that_is_over_starts_the_timer_once() -> None:
    call, _ = after(*BY_KEY)
    assert call.callback is not None
    over = SoundOver(said_id(call, call.callback.turn))
    call, commands = after(over, start=call)
    assert call.callback is not None
    assert commands == (StartKeyTimer(6, call.callback.turn, 0),)
    assert after(over, start=call)[1] == ()
