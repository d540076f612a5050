"""A clock that changes only when it is advanced."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Implements `tongdai.clock.Clock`."""

    def __init__(self, now: datetime | None = None) -> None:
        self._start = now or datetime.now(UTC)
        self._passed_s = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed_s)

    def monotonic(self) -> float:
        return self._passed_s

    def advance(self, seconds: float) -> None:
        self._passed_s += seconds
