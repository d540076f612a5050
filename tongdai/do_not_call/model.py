"""Do-not-call lists and their entries. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from tongdai.contacts.columns import column, optional_column
from tongdai.ids import CampaignId, DncListId

MAX_NAME = 255
MAX_REASON = 255
MAX_NUMBERS = 10_000
"""Numbers in one JSON request, and in one statement."""
MAX_ROWS = 200_000
"""Rows of a file in one request, which is one transaction and keeps the list locked."""


@dataclass(frozen=True, slots=True)
class DncList:
    dnc_list_id: DncListId
    name: str
    campaign_id: CampaignId | None
    """The campaign that the list applies to; None: all campaigns of the tenant."""
    entries: int
    """Number of entries, expired ones included."""
    created_at: datetime


class Entry(NamedTuple):
    """A number that is not to be called."""

    phone: str
    """E.164."""
    reason: str | None
    expires_at: datetime | None
    """When the entry stops applying; None: never."""
    created_at: datetime


class NewEntry(NamedTuple):
    """An entry to add; it replaces the number's present entry."""

    phone: str
    reason: str | None
    expires_at: datetime | None


class NewEntries(NamedTuple):
    """Entries to add, by columns as those of contacts (contacts/columns.py): no Python object is made for an entry."""

    phones: str
    reasons: str | None
    """None: no entry has one; likewise below."""
    ends: str | None
    """Instants in ISO 8601 with their offset from UTC."""


def as_columns(entries: Sequence[NewEntry]) -> NewEntries:
    """Transpose entries, whose texts have no control characters, into columns."""
    ends = [None if entry.expires_at is None else entry.expires_at.isoformat() for entry in entries]
    return NewEntries(
        column([entry.phone for entry in entries]),
        optional_column([entry.reason for entry in entries]),
        optional_column(ends),
    )


class InvalidRow(NamedTuple):
    """A row that cannot be an entry, or not as it is sent."""

    row: int
    """Row number, from 1, without the header."""
    phone: str | None
    """The number as sent."""
    reason: str
    """The message."""


class Match(NamedTuple):
    """A list that contains a number, with its entry."""

    dnc_list_id: DncListId
    name: str
    campaign_id: CampaignId | None
    reason: str | None
    expires_at: datetime | None
    created_at: datetime
