"""Validates do-not-call entries, from JSON and from files alike. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import NamedTuple

from tongdai.contacts.numbers.phone import MAX_TEXT, Reason, normalise_all
from tongdai.do_not_call.model import MAX_REASON, InvalidRow, NewEntry
from tongdai.text import has_control


class Sent(NamedTuple):
    """A number as sent, with its reason and expiry unless empty."""

    phone: str | None
    reason: str | None
    expires_at: datetime | str | None
    """Text when it comes from a file."""


def check_all(
    rows: Sequence[Sent], country: str, now: datetime, first: int = 1
) -> tuple[list[NewEntry], list[InvalidRow]]:
    """The entries, sorted by number, and the invalid rows; `first` is the number of the first row.

    Numbers are parsed as numbers of `country`. Of several rows with one number the last wins.
    """
    numbers = normalise_all([row.phone or "" for row in rows], country)
    found: dict[str, NewEntry] = {}
    invalid: list[InvalidRow] = []
    for row, sent, number in zip(count(first), rows, numbers, strict=False):
        entry = _entry(sent, number, now)
        if isinstance(entry, str):
            invalid.append(InvalidRow(row, None if sent.phone is None else sent.phone[:MAX_TEXT], entry))
        else:
            found[entry.phone] = entry
    return sorted(found.values()), invalid


def _entry(sent: Sent, number: str | Reason, now: datetime) -> NewEntry | str:
    """The entry, or why the row is invalid."""
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
    """The instant in UTC; text that is no instant is returned as it is."""
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else value
        if instant is None or instant.tzinfo is None:
            return None if instant is None else "without an offset"
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        # At the end of the year 9999 west of Greenwich: not representable in UTC.
        return str(value)
