"""Destinations in the database. Pure."""

from typing import Any

from tongdai.queues.model import Destination, DestinationKind

MAX_SOUND = 255


def stored_form(destination: Destination | None) -> dict[str, str | None] | None:
    """A destination for a column of type jsonb."""
    return None if destination is None else {"kind": destination.kind, "target": destination.target}


def of_stored(stored: Any) -> Destination | None:
    return None if stored is None else Destination(DestinationKind(stored["kind"]), stored["target"])
