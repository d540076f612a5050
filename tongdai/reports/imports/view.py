"""Reports of imports on the wire."""

import dataclasses
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from tongdai.reports.imports.store import Imports, Key
from tongdai.reports.model import Period
from tongdai.reports.names import Names
from tongdai.reports.rows import rows
from tongdai.reports.view import INTERVAL_SAMPLE, Report, about, bounds, sample


class ImportFigures(msgspec.Struct, kw_only=True, rename="camel"):
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


class ImportInterval(ImportFigures, kw_only=True, rename="camel"):
    since: datetime = msgspec.field(name="from")
    """Where the interval begins."""
    before: datetime = msgspec.field(name="to")
    """Where it ends."""


class ImportReportRow(ImportInterval, kw_only=True, rename="camel"):
    campaign_id: int
    """The campaign of the contacts."""
    campaign_name: str | None
    """Its name now."""


class ImportReport(Report, kw_only=True, rename="camel"):
    data: list[ImportReportRow]
    """Imports by interval and campaign; rows without one are left out."""
    intervals: list[ImportInterval]
    """Imports by interval."""
    total: ImportFigures
    """All of them."""


FORMULAS = {
    "imports": "done + failed + open",
    "rows": "created + duplicate + refused + waiting",
}


def figures(of: Imports) -> dict[str, Any]:
    return {
        "imports": of.done + of.failed + of.open,
        **dataclasses.asdict(of),
        "waiting": of.rows - of.created - of.duplicate - of.refused,
    }


def report(period: Period, counted: Iterable[tuple[datetime, Key, Imports]], names: Names) -> ImportReport:
    found = rows(period, counted, Imports)
    return ImportReport(
        **about(period),
        formulas=FORMULAS,
        data=[
            ImportReportRow(
                **bounds(period, number), campaign_id=campaign_id, campaign_name=names.get(campaign_id), **figures(of)
            )
            for number, (campaign_id,), of in found.by_key
        ],
        intervals=[ImportInterval(**bounds(period, number), **figures(of)) for number, of in found.by_interval],
        total=ImportFigures(**figures(found.total)),
    )


_FIGURES: dict[str, Any] = {
    "imports": 2,
    "done": 2,
    "failed": 0,
    "open": 0,
    "rows": 1500,
    "created": 1460,
    "duplicate": 30,
    "refused": 10,
    "waiting": 0,
    "removed": 0,
}
ROW_SAMPLE = _FIGURES | INTERVAL_SAMPLE | {"campaignId": 1042, "campaignName": "Khao sat thang 4"}
SAMPLE: dict[str, Any] = sample(FORMULAS, _FIGURES, ROW_SAMPLE)
