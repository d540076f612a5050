"""Held dialing."""

from datetime import datetime

from tongdai_client.models.base import Done, Result


class DialingHold(Result, frozen=True, kw_only=True):
    """Nothing is dialled while a hold is in force."""

    hold_id: int
    reason: str
    message: str
    calls_known_until: datetime | None
    """Calls placed later may be missing in the database; None: none are."""
    held_at: datetime
    held_by_key_id: int | None
    released_at: datetime | None
    released_by_key_id: int | None
    contacts: int | None
    """How many contacts may have been called since `calls_known_until`; None: none can."""


class SwitchBeat(Result, frozen=True, kw_only=True):
    name: str
    beat_at: datetime | None
    """When its leader last knew that the database continues."""


class Dialing(Result, frozen=True, kw_only=True):
    """Whether dialing is held on the whole installation."""

    held: bool
    hold: DialingHold | None
    """The one in force."""
    switches: list[SwitchBeat]
    newest: list[DialingHold]


class DialingChanged(Done, frozen=True, kw_only=True):
    hold: DialingHold
