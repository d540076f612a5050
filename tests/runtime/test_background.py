"""Background loops continue after failures, which are logged once, and end when they are cancelled."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from tongdai import metrics
from tongdai.clock import cancel_requested
from tongdai.runtime import background
from tongdai.runtime.background import every, keep_running

Loop = Callable[[Callable[[], Awaitable[None]]], Awaitable[None]]


def repeated(work: Callable[[], Awaitable[None]]) -> Awaitable[None]:
    return every(0, work, name="it", expected=lambda error: isinstance(error, ConnectionError))


def restarted(work: Callable[[], Awaitable[None]]) -> Awaitable[None]:
    return keep_running(work, name="it", expected=lambda error: isinstance(error, ConnectionError), restart_s=0)


class Work:
    """Work that raises what it is given, one each time (None: it returns), and is cancelled at the end."""

    def __init__(self, *ends: BaseException | None) -> None:
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


async def logged(loop: Loop, *ends: BaseException | None) -> list[tuple[str, str, str | None, bool]]:
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


async def test_cancellation_of_what_it_awaits_does_not_end_it() -> None:
    """That happens to a future that somebody else has cancelled."""
    for loop in (repeated, restarted):
        assert await logged(loop, asyncio.CancelledError()) == [("warning", FAILED, "CancelledError", False)]


async def test_task_is_failing_from_a_failure_to_the_next_success() -> None:
    seen: list[list[str]] = []
    ends = iter([None, ConnectionError(), ConnectionError(), None])
    done = asyncio.Event()

    async def work() -> None:
        seen.append(background.failing())
        try:
            end = next(ends)
        except StopIteration:
            done.set()
            await asyncio.Event().wait()
        else:
            if end is not None:
                raise end

    task = asyncio.ensure_future(repeated(work))
    await asyncio.wait_for(done.wait(), 10)
    assert seen == [[], [], ["it"], ["it"], []]
    task.cancel()
    await asyncio.wait([task])


async def test_cancelled_task_is_not_failing() -> None:
    work = Work(ConnectionError())
    task = asyncio.ensure_future(repeated(work))
    await asyncio.wait_for(work.done.wait(), 10)
    assert background.failing() == ["it"]
    task.cancel()
    await asyncio.wait([task])
    assert background.failing() == []


def test_wait_doubles_with_each_failure_up_to_the_longest() -> None:
    with background.Attempts("it") as attempts:
        assert attempts.wait_s(0.5) == 0
        waits: list[float] = []
        for _ in range(6):
            attempts.failed(ConnectionError())
            waits.append(attempts.wait_s(0.5))
        assert waits == [0.5, 1, 2, 4, 5, 5]
        attempts.succeeded()
        assert attempts.wait_s(0.5) == 0


async def test_failures_are_counted_by_task() -> None:
    def counted() -> float:
        return metrics.TASK_FAILURES.labels("it")._value.get()

    before = counted()
    await logged(repeated, ConnectionError(), ConnectionError())
    assert counted() == before + 2
