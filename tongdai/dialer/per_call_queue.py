"""What concerns one call happens one after the other; calls do not wait for each other."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from tongdai.db.pool import UNREACHABLE

log = structlog.get_logger()

Job = Callable[[], Coroutine[Any, Any, None]]


class InOrder:
    """Jobs of one key run in the order in which they were posted. One that raises is logged, and the next one runs."""

    def __init__(self) -> None:
        self._jobs: dict[str, deque[Job]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def post(self, key: str, job: Job) -> None:
        if self._closed:
            return
        jobs = self._jobs.get(key)
        if jobs is not None:
            jobs.append(job)
            return
        self._jobs[key] = deque((job,))
        self.go(self._run(key))

    def busy(self, key: str) -> bool:
        """Jobs of it run or wait."""
        return key in self._jobs

    def go(self, work: Coroutine[Any, Any, None]) -> None:
        """At once, in no order."""
        task = asyncio.create_task(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """What runs is cancelled, what waits is dropped."""
        self._closed = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, key: str) -> None:
        jobs = self._jobs[key]
        try:
            while jobs:
                try:
                    await jobs[0]()
                except UNREACHABLE as error:
                    # What it was about is still so when the switch's channels are next held against the records.
                    log.warning("not recorded", channel=key, error=type(error).__name__)
                except Exception:
                    log.exception("call mishandled", channel=key)
                jobs.popleft()
        finally:
            del self._jobs[key]


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        log.exception("call mishandled")
