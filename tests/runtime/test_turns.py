"""Turns are held by few at once, of one tenant by fewer, and go round between tenants."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.runtime.turns import Turns


class Queue:
    """Holders of turns, and what waits for one; each holds it until `end`."""

    def __init__(self, at_once: int, each: int) -> None:
        self.turns = Turns(at_once, each)
        self.served: list[str] = []
        self.holding = Counter[int]()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ends: dict[str, asyncio.Event] = {}

    async def come(self, tenant_id: int, name: str) -> None:
        ends = self._ends[name] = asyncio.Event()

        async def hold() -> None:
            async with self.turns.of(tenant_id):
                self.served.append(name)
                self.holding[tenant_id] += 1
                try:
                    await ends.wait()
                finally:
                    self.holding[tenant_id] -= 1

        self._tasks[name] = asyncio.create_task(hold())
        await settled()

    async def end(self, name: str) -> None:
        self._ends[name].set()
        await settled()

    async def cancel(self, name: str) -> None:
        self._tasks[name].cancel()
        await settled()

    async def finish(self) -> None:
        """End all, and assert that everybody who was not cancelled had a turn."""
        for ends in self._ends.values():
            ends.set()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        assert not self.holding.total()


async def settled() -> None:
    """Let everything run that can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_tenant_that_comes_later_is_served_before_those_who_wait() -> None:
    queue = Queue(2, 1)
    for number in range(4):
        await queue.come(1, f"a{number}")
    await queue.come(2, "b0")
    assert queue.served == ["a0", "b0"]
    await queue.come(3, "c0")
    await queue.end("a0")
    assert queue.served == ["a0", "b0", "c0"], "the tenant that was served longest ago"
    await queue.end("c0")
    assert queue.served[-1] == "a1"
    await queue.finish()


async def test_tenant_holds_no_more_than_its_share_though_others_are_free() -> None:
    queue = Queue(3, 2)
    for number in range(3):
        await queue.come(1, f"a{number}")
    assert queue.served == ["a0", "a1"]
    await queue.finish()


async def test_one_who_is_cancelled_leaves_no_turn_behind() -> None:
    queue = Queue(1, 1)
    for name in ("a", "b", "c"):
        await queue.come(1, name)
    await queue.cancel("b")
    await queue.cancel("a")
    assert queue.served == ["a", "c"]
    await queue.finish()


async def test_turn_that_is_given_to_one_who_is_cancelled_meanwhile_goes_on() -> None:
    turns = Turns(1, 1)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(turns.of(1))
        waiting = asyncio.create_task(stack.enter_async_context(turns.of(1)))
        await settled()
        waiting.cancel()  # before the holder ends, in one turn of the loop
    with suppress(asyncio.CancelledError):
        await waiting
    async with asyncio.timeout(5), turns.of(2):
        pass


steps = st.lists(
    st.one_of(
        st.tuples(st.just("come"), st.integers(1, 4)),
        st.tuples(st.sampled_from(["end", "cancel"]), st.integers(0, 30)),
    ),
    max_size=60,
)


@given(steps, st.sampled_from([(1, 1), (2, 1), (3, 2), (4, 4)]))
def test_turns_are_never_more_than_allowed_and_none_is_left_free(
    script: list[tuple[str, int]], size: tuple[int, int]
) -> None:
    asyncio.run(_play(script, *size))


async def _play(script: list[tuple[str, int]], at_once: int, each: int) -> None:
    queue, came, gone = Queue(at_once, each), list[tuple[int, str]](), set[str]()
    for act, number in script:
        if act == "come":
            came.append((number, f"{number}-{len(came)}"))
            await queue.come(*came[-1])
        elif came:
            _, name = came[number % len(came)]
            gone.add(name)
            await (queue.end if act == "end" else queue.cancel)(name)
        assert queue.holding.total() <= at_once
        assert max(queue.holding.values(), default=0) <= each
        waiting = [tenant for tenant, name in came if name not in gone and name not in queue.served]
        if queue.holding.total() < at_once:
            assert all(queue.holding[tenant] == each for tenant in waiting), "somebody waits for nothing"
    await queue.finish()


def test_nobody_may_be_shut_out() -> None:
    with pytest.raises(AssertionError, match="everybody"):
        Turns(1, 2)
