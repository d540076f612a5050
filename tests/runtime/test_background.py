"""Background loops continue after failures, which are logged once, and end when they are cancelled."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from tongdai.clock import cancel_requested
from tongdai.runtime.background import every, keep_running

Loop = Callable[[Callable[[], Awaitable[None]]], Awaitable[None]]


def repeated(work: Callable[[], Awaitable[None]]) -> Awaitable[None]:
    return every(0, work, name="it", expected=lambda error: isinstance(error, ConnectionError))


def restarted(work: Callable[[], Awaitable[None]]) -> Awaitable[None]:
    return keep_running(work, name="it", expected=lambda error: isinstance(error, ConnectionError), restart_s=0)


class Work:
    """Work that raises what it is given, one each time (None: it returns), and is cancelled at the end."""

    def __init__(self, *ends: Exception | None) -> None:
        self._ends = iter(ends)
        self.done = asyncio.Event()

    async def __call__(self) -> None:
        try:
            end = next(self._ends)
        except StopIteration:
            self.done.set()
            await asyncio.Event().wait()
            return
        if end is not None:
            raise end


async def logged(loop: Loop, *ends: Exception | None) -> list[tuple[str, str, str | None, bool]]:
    """Level, event, error and whether a traceback is there, of each line."""
    work = Work(*ends)
    with capture_logs() as lines:
        task = asyncio.ensure_future(loop(work))
        await asyncio.wait_for(work.done.wait(), 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    return [(line["log_level"], line["event"], line.get("error"), bool(line.get("exc_info"))) for line in lines]


FAILED = "background task failed, retrying"


@pytest.mark.parametrize("loop", [repeated, restarted])
async def test_failures_do_not_end_it_and_of_equal_ones_the_first_is_logged(loop: Loop) -> None:
    assert await logged(loop, ValueError("1"), ValueError("2"), ConnectionError(), ConnectionError()) == [
        ("error", FAILED, "ValueError", True),
        ("warning", FAILED, "ConnectionError", False),
    ]


async def test_recovery_is_logged_and_a_failure_after_it_too() -> None:
    assert await logged(repeated, None, ConnectionError(), None, None, ConnectionError()) == [
        ("warning", FAILED, "ConnectionError", False),
        ("info", "background task recovered", None, False),
        ("warning", FAILED, "ConnectionError", False),
    ]


async def test_work_that_returns_is_started_again_and_that_is_logged() -> None:
    assert await logged(restarted, None, None) == [("warning", FAILED, "returned", False)]


@pytest.mark.parametrize("loop", [repeated, restarted])
async def test_loop_ends_though_its_cancellation_was_lost_in_an_error(loop: Loop) -> None:
    begun = asyncio.Event()

    async def loses_it() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return  # as when the error of a connection takes its place

    with capture_logs() as lines:
        task = asyncio.ensure_future(loop(loses_it))
        await begun.wait()
        task.cancel()
        await asyncio.wait_for(asyncio.wait([task]), 10)
    assert task.done()
    assert not cancel_requested()
    assert lines == []
