"""Do-not-call lists."""

from datetime import date, datetime

import msgspec

from tongdai_client.models.base import Done, Result
from tongdai_client.models.imports import ImportDetected


class DncList(Result, frozen=True, kw_only=True):
    """A list of numbers that must not be called."""

    dnc_list_id: int
    name: str
    campaign_id: int | None
    """None: it applies to every campaign."""
    entry_count: int
    """Including expired entries."""
    created_at: datetime


class DncListCreated(Done, frozen=True, kw_only=True):
    dnc_list_id: int


class DncNumber(Result, frozen=True, kw_only=True):
    phone_number: str
    reason: str | None
    expires_at: datetime | None
    """When the number may be called again; None: never."""
    created_at: datetime


class NewDncNumber(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A number to add to a do-not-call list."""

    phone_number: str
    reason: str | None = None
    expires_at: datetime | date | None = None
    """A date lasts until it ends in the tenant's time zone."""


class DncRowError(Result, frozen=True, kw_only=True):
    row: int
    """Counted from 1, without the header row."""
    phone_number: str | None
    reason: str


class DncNumbersAdded(Done, frozen=True, kw_only=True):
    added: int
    updated: int
    """Numbers already in the list, whose reason and expiry were replaced."""
    failed: int
    errors: list[DncRowError]
    """The first failed rows."""
    warned: int = 0
    """Rows that are listed otherwise than they say: without an expiry that cannot be read, for one."""
    warnings: list[DncRowError] = msgspec.field(default_factory=list[DncRowError])
    """The first of them."""
    detected: ImportDetected | None = None
    """How the numbers were read; None for a single one."""


class DncMatch(Result, frozen=True, kw_only=True):
    """A do-not-call list that contains the number."""

    dnc_list_id: int
    name: str
    campaign_id: int | None
    reason: str | None
    expires_at: datetime | None
    created_at: datetime


class DncCheck(Result, frozen=True, kw_only=True):
    phone_number: str
    listed: bool
    data: list[DncMatch]
