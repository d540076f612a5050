"""Destinations of callers on the command line: `queue:1001227`, `menu:13`, `number:0901234567`, `message:closed`,
`callback`, `hang_up`."""

from typing import Any

import click
import msgspec

from tongdai_client import CallerDestination

_TARGETS = {"queue": "queue_id", "menu": "menu_id", "number": "number", "message": "sound"}
"""Kind → the field that names its target."""
_PLAIN = ("callback", "hang_up")
EXPECTED = "queue:ID, menu:ID, number:NUMBER, message:SOUND, callback or hang_up"


def parse(text: str) -> CallerDestination:
    """ValueError says what is expected."""
    kind, colon, target = text.partition(":")
    if not colon and kind in _PLAIN:
        return CallerDestination(kind=kind)
    if target and kind in _TARGETS:
        try:
            return msgspec.convert({"kind": kind, _wire(_TARGETS[kind]): target}, CallerDestination, strict=False)
        except msgspec.ValidationError:
            pass
    raise ValueError(f"{text!r} is no destination: expected {EXPECTED}")


def in_words(destination: CallerDestination | None) -> str | None:
    """Write a destination as `parse` reads it; None: none is set."""
    if destination is None:
        return None
    field = _TARGETS.get(destination.kind)
    return destination.kind if field is None else f"{destination.kind}:{getattr(destination, field)}"


def _wire(field: str) -> str:
    return {one.name: one.encode_name for one in msgspec.structs.fields(CallerDestination)}[field]


class _Destination(click.ParamType[CallerDestination]):
    name = "destination"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> CallerDestination:
        if isinstance(value, CallerDestination):
            return value
        try:
            return parse(str(value))
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


DESTINATION = _Destination()
