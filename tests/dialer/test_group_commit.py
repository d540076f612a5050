"""Requests made at once are done in one transaction, and the failure of one hits none of the others."""

import asyncio

import pytest

from tongdai.dialer.group_commit import MAX_BATCH, GroupCommit


class Doubler:
    """Doubles numbers: those that are asked for while it is held wait. A negative one cannot be doubled."""

    def __init__(self):
        self.done = []
        self.held = asyncio.Event()
        self.held.set()
        self.error = None

    async def __call__(self, numbers):
        self.done.append(list(numbers))
        await self.held.wait()
        if self.error is not None:
            raise self.error
        if any(number < 0 for number in numbers):
            raise ValueError(str(numbers))
        return [2 * number for number in numbers]


@pytest.fixture
async def doubler():
    return Doubler()


async def begun(group_commit, doubler, numbers):
    """Asked for all at once; they are under way, and held."""
    doubler.held.clear()
    asked = [asyncio.ensure_future(group_commit(number)) for number in numbers]
    while not doubler.done:
        await asyncio.sleep(0)
    return asked


async def test_one_alone_is_done_at_once(doubler):
    group_commit = GroupCommit(doubler, 60)
    assert [await group_commit(1), await group_commit(2)] == [2, 4]
    assert doubler.done == [[1], [2]]


async def test_those_asked_for_meanwhile_are_done_together_and_each_gets_its_own_answer(doubler):
    group_commit = GroupCommit(doubler, 60)
    (first,) = await begun(group_commit, doubler, [0])
    others = [asyncio.ensure_future(group_commit(number)) for number in range(1, MAX_BATCH + 3)]
    await asyncio.sleep(0)
    doubler.held.set()
    assert await asyncio.gather(first, *others) == [2 * number for number in range(MAX_BATCH + 3)]
    assert [len(some) for some in doubler.done] == [1, MAX_BATCH, 2]


async def test_one_that_fails_fails_alone(doubler):
    group_commit = GroupCommit(doubler, 60)
    asked = await begun(group_commit, doubler, [1, 2, -3, 4])
    doubler.held.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [answers[place] for place in (0, 1, 3)] == [2, 4, 8]
    assert isinstance(answers[2], ValueError)
    assert await group_commit(5) == 10


async def test_unreachable_database_fails_all_and_not_asked_again_for_each(doubler):
    group_commit = GroupCommit(doubler, 60)
    asked = await begun(group_commit, doubler, [1, 2, 3])
    doubler.error = ConnectionResetError()
    doubler.held.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers] == [ConnectionResetError] * 3
    assert doubler.done == [[1, 2, 3]]
    doubler.error = None
    assert await group_commit(4) == 8


async def test_those_nobody_waits_for_any_more_are_left_out(doubler):
    group_commit = GroupCommit(doubler, 60)
    (first,) = await begun(group_commit, doubler, [1])
    gone, stays = (asyncio.ensure_future(group_commit(number)) for number in (2, 3))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    doubler.held.set()
    assert await asyncio.gather(first, stays) == [2, 6]
    assert doubler.done == [[1], [3]]


async def test_those_nobody_waits_for_are_left_out_when_each_is_done_alone():
    done, go_on = [], asyncio.Event()

    async def alone(numbers):
        if len(numbers) > 1:
            raise ValueError
        done.extend(numbers)
        await go_on.wait()
        return numbers

    group_commit = GroupCommit(alone, 60)
    stays, gone = (asyncio.ensure_future(group_commit(number)) for number in (1, 2))
    while not done:
        await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    go_on.set()
    assert await stays == 1
    assert await group_commit(3) == 3
    assert done == [1, 3]


async def test_one_that_hangs_is_given_up_in_time_and_the_next_is_done(doubler):
    group_commit = GroupCommit(doubler, 0.05)
    doubler.held.clear()
    with pytest.raises(TimeoutError):
        await group_commit(1)
    doubler.held.set()
    assert await group_commit(2) == 4


async def test_one_that_cannot_be_cancelled_is_not_waited_for():
    over = asyncio.Event()

    async def deaf(numbers):
        if numbers == [2]:
            return [4]
        try:
            await over.wait()
        except asyncio.CancelledError:
            await over.wait()
            raise
        return numbers

    group_commit = GroupCommit(deaf, 0.05)
    with pytest.raises(TimeoutError):
        await group_commit(1)
    assert await group_commit(2) == 4
    over.set()
