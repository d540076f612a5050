"""The supervisor of background tasks: they survive their failures, and none fails unseen.

    every(interval, fn)      await fn ─→ wait for the interval ─→ await fn …
    keep_running(work)       await work() ─→ it raised or returned ─→ wait ─→ await work() …

Both run until they are cancelled, and nothing else ends them: not an exception, and not a CancelledError that something
else raised. After a failure the wait is RESTART_S, twice as long after each further one, at most LONGEST_WAIT_S; never
longer than the interval of `every`.

Seen in three places: the log has the first of consecutive failures of one kind, and the recovery (a database that is
unavailable for an hour is two lines); the metrics count failures by task; `failing` names the tasks of this process
whose last attempt failed, which readiness shows. Loops with a clock of their own report to `Attempts` themselves.
`expected` tells the exceptions of an unavailable dependency; any other is a bug, and is logged with its traceback.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Self

import structlog

from tongdai import metrics
from tongdai.clock import cancel_requested

log = structlog.get_logger()

RESTART_S = 0.5
LONGEST_WAIT_S = 5.0
STEADY_S = 5.0
"""Work that runs for so long has recovered."""

Expected = Callable[[Exception], bool]

_failing: Counter[str] = Counter()
"""How many tasks of each name failed at the last attempt, in this process."""


def failing() -> list[str]:
    """The names of the tasks of this process whose last attempt failed."""
    return sorted(_failing)


def _never(_: Exception) -> bool:
    return False


async def every(
    interval_s: float, fn: Callable[[], Awaitable[object]], *, name: str, expected: Expected = _never
) -> None:
    """Await `fn` repeatedly, with a wait after each time, until cancelled."""
    with Attempts(name, expected) as attempts:
        while not cancel_requested():
            try:
                await fn()
            except Exception as error:
                attempts.failed(error)
            except asyncio.CancelledError as error:
                _reraise_own(error)
                attempts.failed(error)
            else:
                attempts.succeeded()
            await asyncio.sleep(min(interval_s, attempts.wait_s(RESTART_S) or interval_s))


async def keep_running(
    work: Callable[[], Awaitable[object]], *, name: str, expected: Expected = _never, restart_s: float = RESTART_S
) -> None:
    """Await `work()`, which runs until it is cancelled; start it again when it ends by itself. Until cancelled.

    After a failure it counts as failing until it has run for STEADY_S.
    """
    loop = asyncio.get_running_loop()
    with Attempts(name, expected) as attempts:
        while not cancel_requested():
            recovery = loop.call_later(STEADY_S, attempts.succeeded)
            ended: BaseException | None = None
            try:
                await work()
            except Exception as error:
                ended = error
            except asyncio.CancelledError as error:
                _reraise_own(error)
                ended = error
            finally:
                recovery.cancel()
            if not cancel_requested():
                attempts.failed(ended)
            await asyncio.sleep(attempts.wait_s(restart_s))


def _reraise_own(error: asyncio.CancelledError) -> None:
    """Re-raise if this task was cancelled; otherwise something that it awaited was."""
    if cancel_requested():
        raise error


class Attempts:
    """How the attempts of one background task go. Within the block the task runs."""

    def __init__(self, name: str, expected: Expected = _never) -> None:
        self._name, self._expected = name, expected
        self._last: str | None = None
        """The kind of the last failure; None: the last attempt succeeded, or there was none."""
        self._count = 0
        """Consecutive failures."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._forget()

    def failed(self, error: BaseException | None) -> None:
        """Record an exception, or (None) that work which never ends has returned."""
        kind = "returned" if error is None else type(error).__name__
        if kind != self._last:
            bug = isinstance(error, Exception) and not self._expected(error)
            level = log.error if bug else log.warning
            fields = {"sqlstate": state} if (state := getattr(error, "sqlstate", None)) else {}
            failed = "background task failed, retrying"
            level(failed, task=self._name, error=kind, exc_info=error if bug else None, **fields)
        metrics.TASK_FAILURES.labels(self._name).inc()
        if self._last is None:
            self._show(1)
        self._last = kind
        self._count += 1

    def succeeded(self) -> None:
        if self._last is not None:
            log.info("background task recovered", task=self._name)
        self._forget()

    def wait_s(self, first_s: float) -> float:
        """How long to wait before the next attempt; 0 when the last one succeeded."""
        return min(first_s * 2 ** min(self._count - 1, 10), LONGEST_WAIT_S) if self._count else 0

    def _forget(self) -> None:
        if self._last is not None:
            self._show(-1)
        self._last = None
        self._count = 0

    def _show(self, more: int) -> None:
        _failing[self._name] += more
        metrics.TASKS_FAILING.labels(self._name).set(_failing[self._name])
        if not _failing[self._name]:
            del _failing[self._name]
