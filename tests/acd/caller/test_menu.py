"""A caller in a keypad menu."""

import pytest

from tests.support.caller_steps import (
    CALL,
    CARE,
    FRONT,
    GONE,
    GREETED,
    GREETING,
    IN_MENU,
    MENUS,
    NOW,
    PLAYBACK,
    TO_CARE,
    after,
    pressed,
)
from tongdai.acd import admission
from tongdai.acd.caller.model import (
    Admit,
    Answer,
    CheckSound,
    Command,
    HangUp,
    PlayInvalidKey,
    PlaySound,
    ReadMenus,
    RecordAnswer,
    RecordEnd,
    RecordJoin,
    RecordKey,
    Stage,
    StartKeyTimer,
    StartMusic,
    StopSound,
    Wait,
)
from tongdai.acd.caller.signals import (
    Admitted,
    ChannelListed,
    KeyTimedOut,
    MenusRead,
    Signal,
)
from tongdai.call_outcome import InboundOutcome
from tongdai.calls.inbound.model import InboundEnding
from tongdai.queues.model import Destination, DestinationKind
from tongdai.switch.events import Event, PlaybackFinished


def test_caller_hears_the_greeting_of_the_menu_after_an_answer() -> None:
    progress, commands = after(IN_MENU[0])
    assert (progress.stage, commands) == (Stage.MENU, (RecordAnswer(FRONT), Answer(), ReadMenus(1)))
    assert after(MenusRead(MENUS, 1), start=progress)[1] == (PlaySound("welcome", GREETING),)


def test_key_stops_the_greeting_and_sends_the_caller_on() -> None:
    progress, commands = after(*IN_MENU, pressed("1"))
    assert commands == (RecordKey(FRONT, "1", TO_CARE.to), StopSound(GREETING), Admit(CARE, 2))
    assert after(Admitted(admission.Admit(), 2), start=progress)[1] == (RecordJoin(CARE, 2), StartMusic(), Wait())
    to_message = Destination(DestinationKind.MESSAGE, "sorry")
    assert after(*IN_MENU, GREETED, pressed("9"))[1] == (
        *(RecordKey(FRONT, "9", to_message), RecordAnswer(), PlaySound("sorry", PLAYBACK)),
    )


def test_caller_without_a_valid_key_hears_the_greeting_again_and_is_sent_on_at_last() -> None:
    progress, commands = after(*IN_MENU, GREETED)
    assert commands == (StartKeyTimer(5, 0, 1),)
    again, commands = after(KeyTimedOut(0, 1), start=progress)
    assert commands == (PlaySound("welcome", f"{CALL.call_id}-menu-1-1"),)
    assert after(KeyTimedOut(0, 1), start=again) == (again, ()), "the timer of the greeting before"
    wrong = f"{CALL.call_id}-menu-1-1"
    assert after(pressed("5"), start=again)[1] == (
        *(RecordKey(FRONT, "5", None), RecordKey(FRONT, None, TO_CARE.to)),
        *(StopSound(wrong), PlayInvalidKey(f"{wrong}-invalid"), Admit(CARE, 2)),
    )
    silent = (PlaybackFinished(wrong, "17.1", done=True, at=NOW), KeyTimedOut(1, 1))
    assert after(*silent, start=again)[1] == (RecordKey(FRONT, None, TO_CARE.to), Admit(CARE, 2))


def test_menu_that_was_deleted_or_cannot_be_read_again_ends_the_call() -> None:
    progress, commands = after(IN_MENU[0], MenusRead({}, 1))
    assert (progress.stage, commands) == (Stage.HANGING_UP, (HangUp(16),))
    assert after(GONE, start=progress)[1][0] == RecordEnd(InboundEnding(InboundOutcome.ABANDONED, 16))


def test_caller_who_hangs_up_in_the_menu_has_abandoned_the_call() -> None:
    assert after(*IN_MENU, GONE)[1] == (RecordEnd(InboundEnding(InboundOutcome.ABANDONED, 16)),)


@pytest.mark.parametrize(
    ("events", "commands"),
    [
        (IN_MENU[:1], (ReadMenus(1),)),
        (IN_MENU, (CheckSound(GREETING),)),
        ((*IN_MENU, GREETED), ()),
    ],
)
def test_listed_channel_of_a_caller_in_a_menu_repeats_what_has_no_result(
    events: tuple[Event | Signal, ...], commands: tuple[Command, ...]
) -> None:
    before, _ = after(*events)
    assert after(ChannelListed(up=True), start=before) == (before, commands)
