"""Do-not-call lists and their entries. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

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
