"""Reports of imports."""

from datetime import datetime

import msgspec

from tongdai_client.models.base import Result


class ImportFigures(Result, frozen=True, kw_only=True):
    imports: int
    """Imports: the sum of done, failed and open."""
    done: int
    """Imports that were processed to their end."""
    failed: int
    """Imports that failed as a whole."""
    open: int
    """Imports that are not over."""
    rows: int
    """Rows that were sent: the sum of the next four."""
    created: int
    """Rows that became contacts."""
    duplicate: int
    """Rows whose number was there already."""
    refused: int
    """Rows that failed: they have no usable number."""
    waiting: int
    """Rows that were not processed, of open and failed imports."""
    removed: int
    """Contacts of `created` that were removed again by undoing the import."""


class ImportInterval(ImportFigures, frozen=True, kw_only=True):
    since: datetime = msgspec.field(name="from")
    """Where the interval begins."""
    before: datetime = msgspec.field(name="to")
    """Where it ends."""


class ImportReportRow(ImportInterval, frozen=True, kw_only=True):
    campaign_id: int
    """The campaign of the contacts."""
    campaign_name: str | None
    """Its name now."""


class ImportReport(Result, frozen=True, kw_only=True):
    time_zone: str
    interval: str
    since: datetime = msgspec.field(name="from")
    before: datetime = msgspec.field(name="to")
    formulas: dict[str, str]
    data: list[ImportReportRow]
    """Imports by interval and campaign; rows without one are left out."""
    intervals: list[ImportInterval]
    """Imports by interval."""
    total: ImportFigures
    """All of them."""
