"""When a call is tried again, and after what pause. Pure: chance and time arrive as arguments."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

WORTH_IT = frozenset((429, 502, 503, 504))
"""Statuses after which the same request may succeed. 502 and 504 are a gateway's words for a server that is away."""


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a call is tried when the connection fails or the server answers 429, 502, 503 or 504."""

    tries: int = 10
    """The first one included."""
    total_s: float = 60.0
    """From the first failure on; no try begins later."""
    first_pause_s: float = 0.25
    """Doubles with each failure."""
    longest_pause_s: float = 10.0

    def pause(self, failures: int, since_first_s: float, retry_after_s: float | None, chance: float) -> float | None:
        """Seconds to wait after the `failures`-th failure (from 1), or None when it was the last try.

        `chance` is in [0, 1): clients that failed together do not come back together. Never less than what the server
        asked for.
        """
        if failures >= self.tries:
            return None
        backoff = min(self.longest_pause_s, self.first_pause_s * 2 ** (failures - 1)) * (1 + chance) / 2
        pause = backoff if retry_after_s is None else max(backoff, retry_after_s + self.first_pause_s * chance)
        return pause if since_first_s + pause <= self.total_s else None


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """Seconds of a `Retry-After` header, which is a number or an instant; None of what is neither."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        instant = parsedate_to_datetime(text)
    except ValueError:
        return None
    # `-0000` means UTC of an unknown place, and comes without a zone.
    aware = instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())
