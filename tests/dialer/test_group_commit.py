"""Group commit: concurrent requests share a transaction, and a request that fails does not fail the others."""

import asyncio
from collections.abc import Sequence

import pytest

from tongdai.dialer.group_commit import MAX_BATCH, GroupCommit


class Doubler:
    """A batch operation that doubles numbers. It waits while `held` is cleared, and fails for a negative number."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.held = asyncio.Event()
        self.held.set()
        self.error: Exception | None = None

    async def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        await self.held.wait()
        if self.error is not None:
            raise self.error
        if any(number < 0 for number in numbers):
            raise ValueError(str(numbers))
        return [2 * number for number in numbers]


@pytest.fixture
async def doubler() -> Doubler:
    return Doubler()


async def begun(
    group_commit: GroupCommit[int, int], doubler: Doubler, numbers: Sequence[int]
) -> list[asyncio.Task[int]]:
    """Request all of these at once, and wait until their batch is being done. It is held."""
    doubler.held.clear()
    requests = [asyncio.ensure_future(group_commit(number)) for number in numbers]
    while not doubler.batches:
        await asyncio.sleep(0)
    return requests


async def test_single_request_is_done_at_once(doubler: Doubler) -> None:
    group_commit = GroupCommit(doubler, 60)
    assert [await group_commit(1), await group_commit(2)] == [2, 4]
    assert doubler.batches == [[1], [2]]


async def test_requests_during_a_batch_share_the_next_one_and_each_gets_its_own_result(doubler: Doubler) -> None:
    group_commit = GroupCommit(doubler, 60)
    (first,) = await begun(group_commit, doubler, [0])
    others = [asyncio.ensure_future(group_commit(number)) for number in range(1, MAX_BATCH + 3)]
    await asyncio.sleep(0)
    doubler.held.set()
    assert await asyncio.gather(first, *others) == [2 * number for number in range(MAX_BATCH + 3)]
    assert [len(batch) for batch in doubler.batches] == [1, MAX_BATCH, 2]


async def test_failure_of_a_request_does_not_fail_the_others_of_its_batch(doubler: Doubler) -> None:
    group_commit = GroupCommit(doubler, 60)
    requests = await begun(group_commit, doubler, [1, 2, -3, 4])
    doubler.held.set()
    answers = await asyncio.gather(*requests, return_exceptions=True)
    assert [answers[place] for place in (0, 1, 3)] == [2, 4, 8]
    assert isinstance(answers[2], ValueError)
    assert await group_commit(5) == 10


async def test_unreachable_database_fails_the_batch_without_retries_of_each_request(doubler: Doubler) -> None:
    group_commit = GroupCommit(doubler, 60)
    requests = await begun(group_commit, doubler, [1, 2, 3])
    doubler.error = ConnectionResetError()
    doubler.held.set()
    answers = await asyncio.gather(*requests, return_exceptions=True)
    assert [type(answer) for answer in answers] == [ConnectionResetError] * 3
    assert doubler.batches == [[1, 2, 3]]
    doubler.error = None
    assert await group_commit(4) == 8


async def test_cancelled_request_is_left_out_of_its_batch(doubler: Doubler) -> None:
    group_commit = GroupCommit(doubler, 60)
    (first,) = await begun(group_commit, doubler, [1])
    gone, stays = (asyncio.ensure_future(group_commit(number)) for number in (2, 3))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    doubler.held.set()
    assert await asyncio.gather(first, stays) == [2, 6]
    assert doubler.batches == [[1], [3]]


async def test_cancelled_request_is_left_out_when_each_is_retried_alone() -> None:
    done: list[int] = []
    proceed = asyncio.Event()

    async def alone(numbers: Sequence[int]) -> list[int]:
        if len(numbers) > 1:
            raise ValueError
        done.extend(numbers)
        await proceed.wait()
        return list(numbers)

    group_commit = GroupCommit(alone, 60)
    stays, gone = (asyncio.ensure_future(group_commit(number)) for number in (1, 2))
    while not done:
        await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    proceed.set()
    assert await stays == 1
    assert await group_commit(3) == 3
    assert done == [1, 3]


async def test_batch_that_hangs_times_out_and_the_next_is_done(doubler: Doubler) -> None:
    group_commit = GroupCommit(doubler, 0.05)
    doubler.held.clear()
    with pytest.raises(TimeoutError):
        await group_commit(1)
    doubler.held.set()
    assert await group_commit(2) == 4


async def test_batch_that_cannot_be_cancelled_is_not_waited_for() -> None:
    over = asyncio.Event()

    async def ignores_cancellation(numbers: Sequence[int]) -> list[int]:
        if list(numbers) == [2]:
            return [4]
        try:
            await over.wait()
        except asyncio.CancelledError:
            await over.wait()
            raise
        return list(numbers)

    group_commit = GroupCommit(ignores_cancellation, 0.05)
    with pytest.raises(TimeoutError):
        await group_commit(1)
    assert await group_commit(2) == 4
    over.set()
