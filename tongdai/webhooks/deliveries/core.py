"""When a delivery is tried again, and when a webhook is switched off. Pure.

The waits are those of Standard Webhooks: at once, after 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h, 75.6 h in all.
Each is longer by up to a tenth, by chance, so that what failed together is not tried together.
"""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from tongdai.webhooks.deliveries.model import DeliveryState, Fault, Tried, Verdict

_HOUR = 3600.0
WAITS_S = (5.0, 300.0, 1800.0, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR)
"""Seconds after the first, second, … failed try."""
JITTER = 0.1
LONGEST_WAIT_S = 24 * _HOUR
"""The longest `Retry-After` that is respected."""
GONE = 410
OFF_AFTER = timedelta(days=5)
"""A webhook to which nothing was delivered for so long, with failures all the time, is switched off."""


def verdict(tried: Tried, attempts: int, chance: float) -> Verdict:
    """The verdict after a try, the `attempts`-th; `chance` is from 0 to 1."""
    assert attempts >= 1, "it was tried"
    if tried.fault is None:
        return Verdict(DeliveryState.DELIVERED)
    if tried.status == GONE or attempts > len(WAITS_S):
        return Verdict(DeliveryState.FAILED)
    wait_s = WAITS_S[attempts - 1] * (1 + JITTER * chance)
    asked = min(tried.retry_after_s or 0.0, LONGEST_WAIT_S)
    return Verdict(DeliveryState.WAITING, max(wait_s, asked))


def fault_of(status: int) -> Fault | None:
    """The fault of a response: redirects are not followed."""
    return None if 200 <= status < 300 else Fault.REFUSED


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """The seconds that a header `Retry-After` asks for, a number or a date; None: it says nothing."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds(), 0.0)


def failing_too_long(failing_since: datetime | None, now: datetime) -> bool:
    return failing_since is not None and now - failing_since >= OFF_AFTER
