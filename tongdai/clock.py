"""Time as an argument."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, in UTC."""
        ...

    def monotonic(self) -> float:
        """Monotonic seconds, for spans within one process."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


def since_boot() -> float:
    """Seconds that also pass while the machine is suspended, where the system has such a clock (Linux)."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def cancel_requested() -> bool:
    """Whether the present task was cancelled.

    The error of a connection that breaks at the same moment replaces the CancelledError, so loops that continue after
    such errors must ask here.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
