"""Retry policy: which failures are retried, and after what pause. Pure: time and randomness are arguments."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRYABLE_STATUSES = frozenset((429, 502, 503, 504))
"""A gateway answers 502 or 504 while the server behind it restarts."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Number of retries after a connection failure or a response of 429, 502, 503 or 504."""

    tries: int = 10
    """Including the first."""
    total_s: float = 60.0
    """Counted from the first failure; no try starts later."""
    first_pause_s: float = 0.25
    """Doubles after each failure."""
    longest_pause_s: float = 10.0

    def pause(self, failures: int, since_first_s: float, retry_after_s: float | None, chance: float) -> float | None:
        """Seconds to wait after failure number `failures` (from 1), or None if that was the last try.

        `chance` is in [0, 1) and spreads clients that failed at the same moment. The pause is never shorter than the
        server's `Retry-After`.
        """
        if failures >= self.tries:
            return None
        backoff = min(self.longest_pause_s, self.first_pause_s * 2 ** (failures - 1)) * (1 + chance) / 2
        pause = backoff if retry_after_s is None else max(backoff, retry_after_s + self.first_pause_s * chance)
        return pause if since_first_s + pause <= self.total_s else None


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """Seconds of a `Retry-After` header, given as a number or as a date; None if it is neither."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        instant = parsedate_to_datetime(text)
    except ValueError:
        return None
    # The zone `-0000` is parsed as a naive datetime in UTC.
    aware = instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())
