"""Destinations as requests and responses write them."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from tongdai import ids
from tongdai.contacts.numbers import phone
from tongdai.errors import InvalidInput, shown
from tongdai.http.endpoint import ID
from tongdai.queues.destinations.model import MAX_SOUND
from tongdai.queues.model import Destination, DestinationKind

SOUND = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)*")
"""A sound by its name on the switch, such as `tongdai/closed`: no root, no `..`, no scheme."""
_TARGETS: Mapping[DestinationKind, str | None] = {
    DestinationKind.QUEUE: "queueId",
    DestinationKind.NUMBER: "number",
    DestinationKind.MESSAGE: "sound",
    DestinationKind.MENU: "menuId",
    DestinationKind.CALLBACK: None,
    DestinationKind.HANG_UP: None,
}
"""The field that names the target, by kind."""
KINDS = [kind.value for kind in _TARGETS]


class CallerDestination(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Where a caller goes."""

    kind: str
    """`queue`, `number`, `message` (a sound, then the call ends), `menu`, `callback` or `hang_up`."""
    queueId: int | None = None
    """The queue, of kind `queue`."""
    number: str | None = None
    """The telephone number, of kind `number`."""
    sound: str | None = None
    """The sound by its name on the switch, of kind `message`."""
    menuId: int | None = None
    """The keypad menu, of kind `menu`."""


SCHEMA: Mapping[str, Mapping[str, Any]] = {
    "kind": {"enum": KINDS},
    "queueId": ID,
    "menuId": ID,
    "number": {"maxLength": phone.MAX_TEXT, "examples": ["02873001234"]},
    "sound": {"maxLength": MAX_SOUND, "pattern": f"^{SOUND.pattern}$", "examples": ["tongdai/closed"]},
}
"""For `Endpoint.refine`, under `CallerDestination`."""


def parse_sound(name: str, sent: str) -> str:
    """Check the name of a sound of the switch; InvalidInput names the field."""
    if len(sent) > MAX_SOUND or not SOUND.fullmatch(sent):
        raise InvalidInput(f"{name} must be a sound of the switch such as tongdai/closed, not {shown(sent)!r}")
    return sent


def parse(name: str, sent: CallerDestination | None, country: str) -> Destination | None:
    """Check a destination; InvalidInput names the field. Whether its target exists is for the store to say."""
    if sent is None:
        return None
    if sent.kind not in KINDS:
        raise InvalidInput(f"{name}.kind must be one of {', '.join(KINDS)}, not {shown(sent.kind)!r}")
    kind = DestinationKind(sent.kind)
    wanted = _TARGETS[kind]
    given = {"queueId": sent.queueId, "number": sent.number, "sound": sent.sound, "menuId": sent.menuId}
    surplus = [field for field, value in given.items() if value is not None and field != wanted]
    if surplus:
        raise InvalidInput(f"{name}.{surplus[0]} does not belong to kind {kind}")
    if wanted is None:
        return Destination(kind)
    if given[wanted] is None:
        raise InvalidInput(f"{name}.{wanted} is missing: kind {kind} needs it")
    return Destination(kind, _target(f"{name}.{wanted}", sent, country))


def _target(name: str, sent: CallerDestination, country: str) -> str:
    if sent.queueId is not None:
        return str(ids.from_body(name, sent.queueId))
    if sent.menuId is not None:
        return str(ids.from_body(name, sent.menuId))
    if sent.number is not None:
        number = phone.normalise(sent.number, country)
        if isinstance(number, phone.NumberFault):
            raise InvalidInput(f"{name}: {shown(sent.number)} {number.message}")
        return number
    assert sent.sound is not None
    return parse_sound(name, sent.sound)


def show(destination: Destination | None, country: str) -> CallerDestination | None:
    if destination is None:
        return None
    kind, target = destination.kind, destination.target
    return CallerDestination(
        kind=kind,
        queueId=int(target) if kind is DestinationKind.QUEUE and target else None,
        number=phone.formatted(target, country) if kind is DestinationKind.NUMBER and target else None,
        sound=target if kind is DestinationKind.MESSAGE else None,
        menuId=int(target) if kind is DestinationKind.MENU and target else None,
    )
