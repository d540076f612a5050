"""Time as an argument."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The instant, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards; for spans within one process."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


async def every(interval_s: float, fn: Callable[[], Awaitable[object]]) -> None:
    """Await `fn`, then wait, for ever; cancellation is the stop signal."""
    while True:
        await fn()
        await asyncio.sleep(interval_s)
