"""Serialises work per call: jobs of one channel run one after the other; channels do not wait for each other.

    post(channel, job)  →  jobs of that channel, oldest first  →  one task, as long as there are any

Owns the tasks of calls and agents' phones, and those that `start` begins. Cancellation by `close` is the only one: a
job that raises is logged, and the next one of its channel runs. What a job could not record because the database is
unreachable, or a request that failed, is found again by reconciliation.

Asserted: one task per channel; only the job at the head of the queue runs.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from tongdai.db.pool import UNREACHABLE

log = structlog.get_logger()

Job = Callable[[], Coroutine[Any, Any, None]]


class PerChannelQueue:
    def __init__(self) -> None:
        self._jobs: dict[str, deque[Job]] = {}
        """By channel id; the head runs."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def post(self, channel_id: str, job: Job) -> None:
        """Run the job after those of the channel that were posted before. Dropped once closed."""
        if self._closed:
            return
        jobs = self._jobs.get(channel_id)
        if jobs is not None:
            jobs.append(job)
            return
        self._jobs[channel_id] = deque((job,))
        self.start(self._run(channel_id))

    def busy(self, channel_id: str) -> bool:
        """Whether a job of the channel runs or waits."""
        return channel_id in self._jobs

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it now, beside all jobs."""
        task = asyncio.create_task(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # a task cancelled before it began has not awaited it

    async def close(self) -> None:
        """Cancel what runs, drop what waits; returns when all has ended."""
        self._closed = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, channel_id: str) -> None:
        jobs = self._jobs[channel_id]
        try:
            while jobs:
                job = jobs[0]
                try:
                    await job()
                except UNREACHABLE as error:
                    # Reconciliation finds what is missing when the database is back.
                    log.warning("call not recorded", channel=channel_id, error=type(error).__name__)
                except Exception:
                    log.exception("call mishandled", channel=channel_id)
                assert jobs[0] is job, "a job of the channel ran out of turn"
                jobs.popleft()
        finally:
            del self._jobs[channel_id]


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        log.exception("call mishandled")
