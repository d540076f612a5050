"""Whether what somebody sends is a number not to call. Pure, and the same for JSON and rows of a file."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import NamedTuple

from tongdai.contacts.phone import MAX_TEXT, Reason, normalise_all
from tongdai.do_not_call.model import MAX_REASON, Bad, NewEntry
from tongdai.text import has_control


class Sent(NamedTuple):
    """A number as sent; its reason and expiry, where they are not empty."""

    phone: str | None
    reason: str | None
    expires_at: datetime | str | None
    """Text of a file is read here."""


def check_all(rows: Sequence[Sent], country: str, now: datetime, first: int = 1) -> tuple[list[NewEntry], list[Bad]]:
    """Entries, one for a number and in its order, and the rows that are none; `first` is the number of the first row.

    Numbers are read in `country`. Of rows with one number the last counts.
    """
    numbers = normalise_all([row.phone or "" for row in rows], country)
    found: dict[str, NewEntry] = {}
    bad: list[Bad] = []
    for row, sent, number in zip(count(first), rows, numbers, strict=False):
        entry = _entry(sent, number, now)
        if isinstance(entry, str):
            bad.append(Bad(row, None if sent.phone is None else sent.phone[:MAX_TEXT], entry))
        else:
            found[entry.phone] = entry
    return sorted(found.values()), bad


def _entry(sent: Sent, number: str | Reason, now: datetime) -> NewEntry | str:
    """The entry, or what is wrong with it."""
    if not (sent.phone or "").strip():
        return "phoneNumber is missing"
    if isinstance(number, Reason):
        return f"phoneNumber {number.message}"
    if sent.reason is not None and len(sent.reason) > MAX_REASON:
        return f"reason must have at most {MAX_REASON} characters, not {len(sent.reason)}"
    if sent.reason is not None and has_control(sent.reason):
        return "reason must not contain control characters"
    expires_at = _instant(sent.expires_at)
    if expires_at is not None and not (isinstance(expires_at, datetime) and expires_at > now):
        return "expiresAt must be an instant to come, with its offset from UTC: 2030-01-31T17:00:00+07:00"
    return NewEntry(number, sent.reason, expires_at)


def _instant(value: datetime | str | None) -> datetime | str | None:
    """In UTC; text that is none as it is."""
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else value
        if instant is None or instant.tzinfo is None:
            return None if instant is None else "without an offset"
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        # In the year 9999 west of Greenwich: in UTC there is no such instant.
        return str(value)
