"""Keypad menus: what callers hear and may press before they reach a queue. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tongdai.ids import MenuId
from tongdai.queues.model import HANG_UP, Destination, DestinationKind

KEYS = "0123456789*#"
MAX_LEVELS = 3
MAX_NAME = 255
TIMEOUT_S = (1, 30)
REPEATS = (0, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    name: str
    greeting: str | None = None
    """A sound of the switch; None: silence."""
    timeout_s: int = 5
    """How long a key is waited for after the greeting."""
    repeats: int = 2
    """How often the greeting is played again, after no key or a wrong one."""
    options: Mapping[str, Destination] = field(default_factory=dict[str, Destination])
    otherwise: Destination | None = None
    """Where callers go who have pressed no key that means anything, but no menu; None: the call is ended."""

    @property
    def fallback(self) -> Destination:
        return self.otherwise or HANG_UP


Menus = Mapping[MenuId, Menu]


def menu_of(destination: Destination) -> MenuId | None:
    """The menu that a destination is."""
    return MenuId(int(destination.target or 0)) if destination.kind is DestinationKind.MENU else None


def submenus(menu: Menu) -> set[MenuId]:
    return {found for one in menu.options.values() if (found := menu_of(one)) is not None}


def too_deep(menus: Menus, begin: MenuId) -> bool:
    """Whether the menus around one, from those above it to those below it, have more than MAX_LEVELS, or a cycle."""
    return _below(menus, begin, MAX_LEVELS) + _above(menus, begin, MAX_LEVELS) - 1 > MAX_LEVELS


def _below(menus: Menus, menu_id: MenuId, most: int) -> int:
    """Levels from a menu downwards; more than `most` for a cycle."""
    if most < 0 or menu_id not in menus:
        return 0 if menu_id not in menus else 1
    return 1 + max((_below(menus, one, most - 1) for one in submenus(menus[menu_id])), default=0)


def _above(menus: Menus, menu_id: MenuId, most: int) -> int:
    """Levels from a menu upwards."""
    if most < 0:
        return 1
    above = (one for one, menu in menus.items() if menu_id in submenus(menu))
    return 1 + max((_above(menus, one, most - 1) for one in above), default=0)
