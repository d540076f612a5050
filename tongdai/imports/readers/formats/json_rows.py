"""Rows that are JSON objects: of a bulk body, or a line each."""

from typing import Any

import msgspec

from tongdai.errors import InvalidInput, shown
from tongdai.imports.readers.sent_rows import Item

_item = msgspec.json.Decoder(Item)

UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)
"""Exceptions of msgspec for bytes that are no JSON, or for none that Python can hold."""


def has_number(items: list[Any]) -> bool:
    return any(item.phoneNumber not in (None, "") for item in items)


def check_item(raw: bytes | msgspec.Raw, place: str) -> None:
    """Raise InvalidInput naming the place when that is no row."""
    try:
        _item.decode(raw)
    except msgspec.ValidationError as error:
        raise InvalidInput(explain(error, place)) from None
    except UNREADABLE as error:
        raise InvalidInput(f"{place} is not valid JSON in UTF-8: {shown(error)}") from None


def explain(error: msgspec.ValidationError, within: str) -> str:
    """msgspec's finding after the place: `contacts[3].name: Expected …`."""
    finding, _, path = str(error).partition(" - at `$")
    where = (within + path.rstrip("`")).lstrip(".")
    return f"{shown(where)}: {shown(finding)}" if where else shown(finding)
