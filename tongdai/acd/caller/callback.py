"""A caller who asks to be called back: confirms their number by keys, or enters another one. Pure.

    CONFIRM ── 1 ──▶ asked            the number is read out, digit by digit
       │ ▲ └── 2 ──▶ ENTER
       │ └── # or a pause, a number ── ENTER ◀── may not be called back any more ── asked
       └── nothing, or other keys, too often ──▶ given up

A key counts at any time, also while something is said, which it stops. A caller who withholds the number enters one.

Anybody may ring, show any number and enter any other. So only ordinary numbers of the tenant's country are called back:
whoever earns by calls to numbers abroad would otherwise have them made. Nor are the tenant's own numbers, which would
make a caller of the callback, nor more than a few numbers of others for one calling number and day. The last is decided
when the callback is recorded: several callers who show one number may ask at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from tongdai.acd.caller.model import (
    BeginCallback,
    CallerProgress,
    CheckSound,
    Command,
    PlayParts,
    RecordAnswer,
    RecordCallback,
    Request,
    Stage,
    StartKeyTimer,
    StartMusic,
    StopSound,
    StopWaiting,
    Wait,
)
from tongdai.acd.caller.moves import Step, answer, go, hang_up, quiet
from tongdai.acd.caller.signals import CallbackAsked, CallbackBegun, KeyTimedOut, SoundOver
from tongdai.call_outcome import InboundOutcome
from tongdai.callbacks.model import CallbackDialog
from tongdai.contacts.numbers import phone
from tongdai.contacts.numbers.phone import NumberFault
from tongdai.queues.prompts.model import digit_parts
from tongdai.switch.events import ChannelDtmfReceived, PlaybackFinished

CONFIRM_KEY, OTHER_KEY, END_KEY = "1", "2", "#"
KEY_S = 6
"""How long a key is waited for, after something was said or a digit was pressed."""
REPEATS = 2
"""How often the question is repeated."""
MOST_DIGITS = 15


class Given(Enum):
    UP = auto()
    """The caller pressed nothing that means something."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The caller is to be called back."""

    phone: str
    others: bool
    """Not at the number that they show."""


CallbackStep = tuple[CallerProgress, tuple[Request, ...], Asked | Given | None]
"""The progress, the requests, and what has come of it."""


def begin(call: CallerProgress, begun: CallbackBegun) -> CallbackStep:
    dialog = CallbackDialog("", begun.country, begun.language, shown=begun.phone, askable=begun.askable)
    if not begun.phone or not _may_be_called(dialog, begun.phone):
        return _enter(call, dialog)
    return _ask(call, replace(dialog, phone=begun.phone))


def _may_be_called(dialog: CallbackDialog, number: str) -> bool:
    """Whether a number is called back at the request of the caller."""
    allowed = number not in dialog.askable.own and (number == dialog.shown or dialog.askable.others)
    return allowed and phone.may_be_requested(number, dialog.country)


def step(call: CallerProgress, event: object) -> CallbackStep:
    """The caller pressed a key, what was said is over, or no key came in time; any other event changes nothing."""
    dialog = call.callback
    if dialog is None or dialog.confirmed:
        return call, (), None
    match event:
        case ChannelDtmfReceived(digit=digit):
            stop = (StopSound(said_id(call, dialog.turn)),) if dialog.playing else ()
            call, requests, result = _pressed(call, replace(dialog, playing=False), digit)
            return call, (*stop, *requests), result
        case PlaybackFinished(playback_id=playback_id) | SoundOver(playback_id=playback_id):
            if dialog.playing and playback_id == said_id(call, dialog.turn):
                return replace(call, callback=replace(dialog, playing=False)), (_timer(call, dialog.turn),), None
        case KeyTimedOut(turn=turn, hops=hops):
            if (turn, hops) == (dialog.turn, call.hops) and not dialog.playing:
                return _complete(call, dialog) if dialog.entered else _again(call, dialog, ())
        case _:
            pass
    return call, (), None


def said_id(call: CallerProgress, turn: int) -> str:
    return f"{call.call_id}-callback-{call.hops}-{turn}"


def _timer(call: CallerProgress, turn: int) -> Request:
    return StartKeyTimer(KEY_S, turn, call.hops)


def _pressed(call: CallerProgress, dialog: CallbackDialog, digit: str) -> CallbackStep:
    if dialog.entered is None and digit == CONFIRM_KEY:
        confirmed = replace(dialog, confirmed=True)
        return replace(call, callback=confirmed), (), Asked(dialog.phone, others=dialog.phone != dialog.shown)
    if dialog.entered is None and digit == OTHER_KEY:
        return _enter(call, dialog)
    if dialog.entered is None or not (digit.isdigit() or digit == END_KEY):
        return _again(call, dialog, ("invalid-key",))
    entered = dialog.entered + digit.removesuffix(END_KEY)
    dialog = replace(dialog, entered=entered, turn=dialog.turn + 1)
    if digit == END_KEY or len(entered) >= MOST_DIGITS:
        return _complete(call, dialog)
    return replace(call, callback=dialog), (_timer(call, dialog.turn),), None


def _complete(call: CallerProgress, dialog: CallbackDialog) -> CallbackStep:
    """The caller has entered a number."""
    number = phone.normalise(dialog.entered or "", dialog.country)
    if isinstance(number, NumberFault) or not _may_be_called(dialog, number):
        return _again(call, replace(dialog, entered=""), ("callback-invalid",))
    return _ask(call, replace(dialog, phone=number, entered=None))


def _again(call: CallerProgress, dialog: CallbackDialog, first: tuple[str, ...]) -> CallbackStep:
    """Ask the same question once more, unless it was asked too often."""
    if dialog.failures >= REPEATS:
        return replace(call, callback=dialog), (), Given.UP
    dialog = replace(dialog, failures=dialog.failures + 1)
    return _ask(call, dialog, first) if dialog.entered is None else _enter(call, dialog, first)


def _ask(call: CallerProgress, dialog: CallbackDialog, first: tuple[str, ...] = ()) -> CallbackStep:
    """Read the number out, to be confirmed."""
    written = phone.formatted(dialog.phone, dialog.country)
    digits = [digit for digit in written if digit.isdigit()]
    parts = ("callback-number", *digit_parts(dialog.language, "".join(digits)), "callback-confirm")
    return _say(call, dialog, (*first, *parts))


def _enter(call: CallerProgress, dialog: CallbackDialog, first: tuple[str, ...] = ()) -> CallbackStep:
    return _say(call, replace(dialog, entered=""), (*first, "callback-enter"))


def _say(call: CallerProgress, dialog: CallbackDialog, parts: tuple[str, ...]) -> CallbackStep:
    dialog = replace(dialog, turn=dialog.turn + 1, playing=True)
    say = PlayParts(parts, dialog.language, said_id(call, dialog.turn))
    return replace(call, callback=dialog), (say,), None


# In the machine of the caller


def sent_here(call: CallerProgress, outcome: InboundOutcome) -> Step:
    """The caller is sent to a callback, from a queue, a menu or admission; `outcome` is that of one who does not ask. A
    caller in a queue stays in it until the callback has the place."""
    waits = call.stage is Stage.WAITING
    records: tuple[Command, ...] = () if waits else (RecordAnswer(),)
    entered = replace(
        go(call, Stage.CALLBACK), callback=None, keeps_waiting=False, answered=True, music=False, outcome=outcome,
        hops=call.hops + 1,
    )  # fmt: skip
    leave: tuple[Command, ...] = (StopWaiting(),) if waits else ()
    return entered, (*records, *leave, *answer(call), *quiet(call), BeginCallback(entered.hops))


def wanted(call: CallerProgress) -> Step:
    """A caller who waits has pressed the key of callbacks."""
    entered = replace(go(call, Stage.CALLBACK), callback=None, keeps_waiting=True, music=False)
    return entered, (StopWaiting(), *quiet(call), BeginCallback(call.hops))


def following(call: CallerProgress, event: object) -> Step:
    """The stage CALLBACK."""
    if isinstance(event, CallbackBegun) and call.callback is None:
        call, requests, result = begin(call, event)
    elif isinstance(event, CallbackAsked) and call.callback is not None and call.callback.confirmed:
        if event.made:
            return _thanked(call, call.callback)
        call, requests, result = _refused(call, call.callback)
    else:
        call, requests, result = step(call, event)
    if isinstance(result, Asked):
        return call, (RecordCallback(result.phone, result.others), *requests)
    if result is None:
        return call, requests
    if call.keeps_waiting:
        return replace(go(call, Stage.WAITING), callback=None, music=True), (*requests, StartMusic(), Wait())
    ended, hang = hang_up(call)
    return ended, (*requests, *hang)


def _thanked(call: CallerProgress, dialog: CallbackDialog) -> Step:
    asked = replace(go(call, Stage.PLAYING), outcome=InboundOutcome.CALLBACK)
    return asked, (PlayParts(("callback-thanks",), dialog.language, call.playback_id),)


def _refused(call: CallerProgress, dialog: CallbackDialog) -> CallbackStep:
    """The number may not be called back any more: others were asked for since the caller was asked."""
    askable = dialog.askable._replace(others=False)
    return _again(call, replace(dialog, confirmed=False, askable=askable, entered=""), ("callback-invalid",))


def again(call: CallerProgress) -> Sequence[Command]:
    """The request whose result is missing."""
    if call.callback is None:
        return (BeginCallback(call.hops),)
    return (CheckSound(said_id(call, call.callback.turn)),) if call.callback.playing else ()
