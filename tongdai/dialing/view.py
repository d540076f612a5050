"""Held dialing on the wire."""

from datetime import datetime
from typing import Any

import msgspec

from tongdai.dialing.model import MESSAGES, Hold, HoldReason


class HoldView(msgspec.Struct, kw_only=True, rename="camel"):
    hold_id: int
    """Id of the hold, which a release names."""
    reason: str
    """Why dialing is held: a code."""
    message: str
    """The reason, in a sentence."""
    calls_known_until: datetime | None
    """Calls placed later may be missing in the database; null: none are."""
    held_at: datetime
    """When dialing was held."""
    held_by_key_id: int | None
    """Key that held it; null: the server, or the operator on the command line."""
    released_at: datetime | None
    """When it was released; null while it is in force."""
    released_by_key_id: int | None
    """Key that released it; null: the operator on the command line, or nobody yet."""
    contacts: int | None
    """How many contacts may have been called since `callsKnownUntil`; null: none can."""


class SwitchBeat(msgspec.Struct, rename="camel"):
    name: str
    """Name of the switch."""
    beat_at: datetime | None
    """When its leader last knew that the database continues."""


class DialingView(msgspec.Struct, kw_only=True, rename="camel"):
    held: bool
    """Whether nothing is dialled until an operator releases it."""
    hold: HoldView | None
    """The one in force."""
    switches: list[SwitchBeat]
    """All switches, with the heartbeats of their leaders."""
    newest: list[HoldView]
    """The newest holds, the one in force among them."""


HOLD_SAMPLE: dict[str, Any] = {
    "holdId": 3,
    "reason": HoldReason.RESTORED.value,
    "message": MESSAGES[HoldReason.RESTORED],
    "callsKnownUntil": "2026-03-10T01:30:00Z",
    "heldAt": "2026-03-10T02:00:00Z",
    "heldByKeyId": None,
    "releasedAt": None,
    "releasedByKeyId": None,
    "contacts": 132,
}
RELEASED_SAMPLE = HOLD_SAMPLE | {"releasedAt": "2026-03-10T02:10:00Z", "releasedByKeyId": 7}
SAMPLE: dict[str, Any] = {
    "held": True,
    "hold": HOLD_SAMPLE,
    "switches": [{"name": "default", "beatAt": "2026-03-10T01:29:58Z"}],
    "newest": [HOLD_SAMPLE],
}


def view(hold: Hold, contacts: int | None) -> HoldView:
    """`contacts` are those that were counted just now, for a hold that is in force."""
    return HoldView(
        hold_id=hold.hold_id,
        reason=hold.reason,
        message=hold.message,
        calls_known_until=hold.calls_known_until,
        held_at=hold.held_at,
        held_by_key_id=hold.held_by,
        released_at=hold.released_at,
        released_by_key_id=hold.released_by,
        contacts=contacts if hold.released_at is None else hold.contacts,
    )
