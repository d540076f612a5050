"""Interprets a menu for one caller: events in, effects out. Pure.

    Begin ──▶ greeting ──GreetingEnded──▶ waiting for a key ──TimedOut──▶ greeting again, or elsewhere
                 └────────── Key ──────────────┘
                               └──▶ a submenu, or elsewhere: Leave

A key counts at any time, also during the greeting, which it stops. Each greeting begins a turn, by whose number late
events are distinguished from those of the present one.
"""

from dataclasses import dataclass, replace

from tongdai.ids import MenuId
from tongdai.queues.menus.model import MAX_LEVELS, Menu, Menus, menu_of
from tongdai.queues.model import HANG_UP, Destination


@dataclass(frozen=True, slots=True)
class State:
    """Where a caller is."""

    menu_id: MenuId
    level: int = 1
    turn: int = 0
    """The number of the present greeting, over all menus."""
    tries: int = 0
    """Greetings of this menu before the present one."""
    playing: bool = True
    """Whether the greeting is being played."""


@dataclass(frozen=True, slots=True)
class GreetingEnded:
    """The greeting was played to its end, or could not be played."""

    turn: int


@dataclass(frozen=True, slots=True)
class Key:
    key: str


@dataclass(frozen=True, slots=True)
class TimedOut:
    turn: int


Event = GreetingEnded | Key | TimedOut


@dataclass(frozen=True, slots=True)
class Play:
    """Play the greeting, and report its end with the turn."""

    sound: str
    turn: int


@dataclass(frozen=True, slots=True)
class PlayInvalid:
    """Say that the key means nothing, before what follows."""


@dataclass(frozen=True, slots=True)
class StopPlaying:
    """Stop the greeting."""


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Report TimedOut with the turn after so many seconds, in place of a timer from before."""

    seconds: int
    turn: int


@dataclass(frozen=True, slots=True)
class Leave:
    """The caller goes elsewhere; the menu is over."""

    to: Destination


Effect = Play | PlayInvalid | StopPlaying | StartTimer | Leave
Step = tuple[State | None, tuple[Effect, ...]]
"""The next state, None when the caller has left; and what to do, in order."""


def begin(menus: Menus, menu_id: MenuId) -> Step:
    """Bring a caller to a menu."""
    return _enter(menus, State(menu_id))


def step(menus: Menus, state: State, event: Event) -> Step:
    """Handle an event. A menu that was deleted meanwhile ends the call."""
    menu = menus.get(state.menu_id)
    if menu is None:
        return None, (StopPlaying(), Leave(HANG_UP)) if state.playing else (Leave(HANG_UP),)
    match event:
        case GreetingEnded(turn) if state.playing and turn == state.turn:
            return replace(state, playing=False), (StartTimer(menu.timeout_s, state.turn),)
        case TimedOut(turn) if not state.playing and turn == state.turn:
            return _again(menu, state)
        case Key(key):
            return _pressed(menus, menu, state, key)
        case _:
            return state, ()


def _pressed(menus: Menus, menu: Menu, state: State, key: str) -> Step:
    stop: tuple[Effect, ...] = (StopPlaying(),) if state.playing else ()
    to = menu.options.get(key)
    if to is None:
        following, effects = _again(menu, state)
        return following, (*stop, PlayInvalid(), *effects)
    following, effects = _go(menus, state, to)
    return following, (*stop, *effects)


def _again(menu: Menu, state: State) -> Step:
    """Play the greeting once more, or give up."""
    if state.tries >= menu.repeats:
        return None, (Leave(menu.fallback),)
    return _greet(menu, replace(state, tries=state.tries + 1, turn=state.turn + 1))


def _go(menus: Menus, state: State, to: Destination) -> Step:
    submenu = menu_of(to)
    if submenu is None:
        return None, (Leave(to),)
    return _enter(menus, State(submenu, state.level + 1, state.turn + 1))


def _enter(menus: Menus, state: State) -> Step:
    menu = menus.get(state.menu_id)
    if menu is None or state.level > MAX_LEVELS:
        return None, (Leave(HANG_UP),)
    return _greet(menu, state)


def _greet(menu: Menu, state: State) -> Step:
    if menu.greeting is None:
        return replace(state, playing=False), (StartTimer(menu.timeout_s, state.turn),)
    return replace(state, playing=True), (Play(menu.greeting, state.turn),)
