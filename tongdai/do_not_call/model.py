"""Lists of numbers that are not called, and what stands in them."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from tongdai.ids import CampaignId, DncListId

MAX_NAME = 255
MAX_REASON = 255
MAX_NUMBERS = 10_000
"""Of one request in JSON, and of one statement."""
MAX_ROWS = 200_000
"""Of a file in one request, which is one transaction: while it lasts nobody else changes the list."""


@dataclass(frozen=True, slots=True)
class DncList:
    dnc_list_id: DncListId
    name: str
    campaign_id: CampaignId | None
    """None: for all campaigns of the tenant."""
    entries: int
    """Those that have expired, too."""
    created_at: datetime


class Entry(NamedTuple):
    """A number that is not to be called."""

    phone: str
    """E.164."""
    reason: str | None
    expires_at: datetime | None
    """From then on the entry says nothing; None: it never ends."""
    created_at: datetime


class NewEntry(NamedTuple):
    """An entry to make, or to put in the place of the number's own."""

    phone: str
    reason: str | None
    expires_at: datetime | None


class Bad(NamedTuple):
    """A row that is no entry."""

    row: int
    """From 1; a header is none."""
    phone: str | None
    """As sent."""
    reason: str


class Mention(NamedTuple):
    """A list that a number stands in."""

    dnc_list_id: DncListId
    name: str
    campaign_id: CampaignId | None
    reason: str | None
    expires_at: datetime | None
    created_at: datetime
