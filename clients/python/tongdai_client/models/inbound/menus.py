"""Keypad menus."""

from collections.abc import Mapping

import msgspec

from tongdai_client.models.base import Done, Result
from tongdai_client.models.inbound.opening_hours import CallerDestination


class NewMenu(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A menu to create, or to replace another by."""

    name: str
    greeting: str | None = None
    """The sound of the switch that tells the keys; None: silence."""
    timeout_sec: int = 5
    """How long a key is waited for after the greeting."""
    repeats: int = 2
    """How often the greeting is played again, after no key or a wrong one."""
    options: Mapping[str, CallerDestination]
    """Where callers go, by the key that they press."""
    otherwise: CallerDestination | None = None
    """Where callers go who pressed none of the keys, but no menu; None: the call ends."""


class MenuUsers(Result, frozen=True, kw_only=True):
    """Settings that bring callers to a menu, and keep it from being deleted."""

    queues: list[int]
    """Queues that have it in front, or send callers there by their settings or hours."""
    menus: list[int]
    default_hours: bool
    """Whether the opening hours that queues have without their own send callers there."""


class Menu(Result, frozen=True, kw_only=True):
    menu_id: int
    name: str
    greeting: str | None
    timeout_sec: int
    repeats: int
    options: dict[str, CallerDestination]
    otherwise: CallerDestination | None
    used_by: MenuUsers


class MenuCreated(Done, frozen=True, kw_only=True):
    menu_id: int
