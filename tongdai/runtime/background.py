"""Background loops that survive their failures: each failure is logged, and the loop continues.

    every(interval, fn)      await fn ─→ wait for the interval ─→ await fn …
    keep_running(work)       await work() ─→ it raised or returned ─→ wait for RESTART_S ─→ await work() …

Both run until they are cancelled; nothing else ends them, so no background task dies unseen. Of consecutive failures of
one kind the first is logged, and so is the recovery: a database that is unreachable for an hour is two lines.
`expected` tells the exceptions of an unreachable dependency; any other is a bug, and is logged with its traceback.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from tongdai.clock import cancel_requested

log = structlog.get_logger()

RESTART_S = 1.0
STEADY_S = 5.0
"""Work that ran for so long had recovered: its next failure is logged, whatever it is."""

Expected = Callable[[Exception], bool]


def _never(_: Exception) -> bool:
    return False


async def every(
    interval_s: float, fn: Callable[[], Awaitable[object]], *, name: str, expected: Expected = _never
) -> None:
    """Await `fn` repeatedly, with a wait after each time, until cancelled."""
    failures = _Failures(name, expected)
    while not cancel_requested():
        try:
            await fn()
        except Exception as error:
            failures.report(error)
        else:
            failures.over()
        await asyncio.sleep(interval_s)


async def keep_running(
    work: Callable[[], Awaitable[object]], *, name: str, expected: Expected = _never, restart_s: float = RESTART_S
) -> None:
    """Await `work()`, which runs until it is cancelled; start it again when it ends by itself. Until cancelled."""
    failures, loop = _Failures(name, expected), asyncio.get_running_loop()
    while not cancel_requested():
        started_at = loop.time()
        try:
            await work()
            ended: Exception | None = None
        except Exception as error:
            ended = error
        if loop.time() - started_at >= STEADY_S:
            failures.forget()
        if not cancel_requested():
            failures.report(ended)
        await asyncio.sleep(restart_s)


class _Failures:
    """Logs the first of equal failures of one loop, and their end."""

    def __init__(self, name: str, expected: Expected) -> None:
        self._name, self._expected = name, expected
        self._last: str | None = None

    def report(self, error: Exception | None) -> None:
        """Log an exception, or (None) that the work has returned."""
        kind = "returned" if error is None else type(error).__name__
        if kind != self._last:
            traceback = None if error is None or self._expected(error) else error
            level = log.warning if traceback is None else log.error
            level("background task failed, retrying", task=self._name, error=kind, exc_info=traceback)
        self._last = kind

    def over(self) -> None:
        if self._last is not None:
            log.info("background task recovered", task=self._name)
        self.forget()

    def forget(self) -> None:
        self._last = None
