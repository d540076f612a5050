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


def cancel_requested() -> bool:
    """Whether the present task was cancelled. The error of a connection that breaks just then takes the place of its
    CancelledError: loops that go on after such errors ask here."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def every(interval_s: float, fn: Callable[[], Awaitable[object]]) -> None:
    """Await `fn`, then wait, until cancelled."""
    while not cancel_requested():
        await fn()
        await asyncio.sleep(interval_s)
