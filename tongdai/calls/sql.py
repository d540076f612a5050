"""SQL fragments shared by statements about calls."""

from datetime import datetime

from tongdai.local_time import FOREVER

ENDED = "ended_month < 'infinity'"
"""The condition of ended calls by which the calls of a contact or of a number are read: their indexes have it, and no
other index."""


def instant(at: datetime) -> datetime:
    """Convert an instant from the driver, which reads `infinity` as an instant without a time zone."""
    return FOREVER if at.tzinfo is None else at


def month_of(at: str) -> str:
    """The `ended_month` of calls that end at an instant, an SQL expression: partitions of months before are
    skipped."""
    return f"date_trunc('month', ({at}) at time zone 'UTC')::date"
