"""A caller in a keypad menu: translates events and effects of the menu's interpreter (queues/menus/core.py). Pure."""

from collections.abc import Sequence
from dataclasses import replace

from tongdai.acd.caller.model import (
    CallerProgress,
    CheckSound,
    PlayInvalidKey,
    PlaySound,
    ReadMenus,
    RecordKey,
    Request,
    StartKeyTimer,
    StopSound,
)
from tongdai.acd.caller.signals import KeyTimedOut, SoundOver
from tongdai.ids import MenuId
from tongdai.queues.menus import core
from tongdai.queues.menus.model import Menus
from tongdai.queues.model import Destination
from tongdai.switch.events import ChannelDtmfReceived, PlaybackFinished

MenuStep = tuple[CallerProgress, tuple[Request, ...], Destination | None]
"""The progress, the requests, and where the caller goes, who has left the menu."""


def begin(call: CallerProgress, menus: Menus, menu_id: MenuId) -> MenuStep:
    """The first greeting."""
    return _made(replace(call, menus=menus), core.begin(menus, menu_id))


def step(call: CallerProgress, event: object) -> MenuStep:
    """The caller pressed a key, the greeting is over, or no key came in time; any other event changes nothing."""
    read = _read(call, event)
    if call.menu is None or read is None:
        return call, (), None
    return _made(call, core.step(call.menus, call.menu, read))


def pressed(call: CallerProgress, event: object, to: Destination | None) -> Sequence[RecordKey]:
    """The records of an event: the key and where it leads, and that no key led to where the caller goes (`to`)."""
    menu = None if call.menu is None else call.menus.get(call.menu.menu_id)
    read = _read(call, event)
    if call.menu is None or menu is None or read is None:
        return ()
    key = read.key if isinstance(read, core.Key) else None
    led = None if key is None else menu.options.get(key)
    records = () if key is None else (RecordKey(call.menu.menu_id, key, led),)
    return records if to is None or led is not None else (*records, RecordKey(call.menu.menu_id, None, to))


def again(call: CallerProgress) -> Sequence[Request]:
    """The request whose result is missing."""
    if call.menu is None:
        return (ReadMenus(call.hops),)
    return (CheckSound(greeting_id(call, call.menu.turn)),) if call.menu.playing else ()


def greeting_id(call: CallerProgress, turn: int) -> str:
    """The id of a playback; menus that are visited later have others."""
    return f"{call.call_id}-menu-{call.hops}-{turn}"


def _read(call: CallerProgress, event: object) -> core.Event | None:
    if call.menu is None:
        return None
    turn = call.menu.turn
    match event:
        case ChannelDtmfReceived(digit=digit):
            return core.Key(digit)
        case PlaybackFinished(playback_id=playback_id) | SoundOver(playback_id=playback_id):
            return core.GreetingEnded(turn) if playback_id == greeting_id(call, turn) else None
        case KeyTimedOut(turn=of_turn, hops=hops) if hops == call.hops:
            return core.TimedOut(of_turn)
        case _:
            return None


def _made(call: CallerProgress, step: core.Step) -> MenuStep:
    state, effects = step
    requests: list[Request] = []
    to: Destination | None = None
    for effect in effects:
        match effect:
            case core.Play(sound=sound, turn=turn):
                requests.append(PlaySound(sound, greeting_id(call, turn)))
            case core.PlayInvalid():
                turn = 0 if call.menu is None else call.menu.turn
                requests.append(PlayInvalidKey(f"{greeting_id(call, turn)}-invalid"))
            case core.StopPlaying():
                turn = 0 if call.menu is None else call.menu.turn
                requests.append(StopSound(greeting_id(call, turn)))
            case core.StartTimer(seconds=seconds, turn=turn):
                requests.append(StartKeyTimer(seconds, turn, call.hops))
            case core.Leave(to=destination):
                to = destination
    return replace(call, menu=state), tuple(requests), to
