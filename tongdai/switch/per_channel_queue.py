"""Serialises work per channel: jobs of one channel run in order; channels do not wait for each other.

    post(channel, job)  →  jobs of that channel, oldest first  →  one task, as long as there are any

A channel is that of a call or of an agent's phone. Owns their tasks, and those that `start` creates; only `close`
cancels them. A job that raises is logged, and the next one of its channel runs. What it could not record because the
database was unavailable, or request, is found by reconciliation.

Asserted: one task per channel; only the job at the head of the queue runs.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from tongdai.db.unavailable import UNAVAILABLE

log = structlog.get_logger()

Job = Callable[[], Coroutine[Any, Any, None]]


class PerChannelQueue:
    def __init__(self) -> None:
        self._jobs: dict[str, deque[Job]] = {}
        """The jobs by channel id; the head is running."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def post(self, channel_id: str, job: Job) -> None:
        """Run the job after those posted before for the channel. Ignored once the queue is closed."""
        if self._closed:
            return
        jobs = self._jobs.get(channel_id)
        if jobs is not None:
            jobs.append(job)
            return
        self._jobs[channel_id] = deque((job,))
        self.start(self._run(channel_id))

    def busy(self, channel_id: str) -> bool:
        """Whether a job of the channel is running or queued."""
        return channel_id in self._jobs

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` concurrently with all jobs."""
        task = asyncio.create_task(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # a task cancelled before it began has not awaited it

    async def close(self) -> None:
        """Cancel running jobs and drop queued ones; returns when all tasks have ended."""
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
                except UNAVAILABLE as error:
                    # Reconciliation finds what is missing when the database is back.
                    log.warning(
                        "event not recorded: database unavailable", channel=channel_id, error=type(error).__name__
                    )
                except Exception:
                    log.exception("event handler failed", channel=channel_id)
                assert jobs[0] is job, "a job of the channel ran out of turn"
                jobs.popleft()
        finally:
            del self._jobs[channel_id]


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        log.exception("event handler failed")
