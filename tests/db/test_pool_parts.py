"""The parts of a pool that routes and tenants may take."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, suppress
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.db.pool import Lender
from tongdai.db.pool_parts import SLOW, PoolParts
from tongdai.errors import Overloaded

SIZE = 8
PART, PART_OF_ONE = 6, 4
"""Places of a route, and of one tenant in it."""
TENANT, OTHER, THIRD = 1, 2, 3
LATER = 600.0


class Nothing:
    """A stand-in for a connection, where the connection itself does not matter."""

    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...


@pytest.fixture
async def lender(dsn: str) -> AsyncGenerator[Lender]:
    lender = Lender(dsn, SIZE, name="tests")
    yield lender
    lender.terminate()


async def take(stack: AsyncExitStack, parts: PoolParts, part: str, tenants: list[int], of: Lender | None) -> None:
    for tenant_id in tenants:
        borrowed = of.borrow() if of is not None else cast("Any", Nothing())
        await stack.enter_async_context(parts.within(part, tenant_id, borrowed))


async def refused(parts: PoolParts, part: str, tenant_id: int, of: Lender | None = None) -> None:
    with pytest.raises(TimeoutError):
        async with AsyncExitStack() as stack:
            await take(stack, parts, part, [tenant_id], of)


@pytest.mark.parametrize(("part", "most"), [("GET /a", PART), (SLOW, 4)])
async def test_part_is_bounded_and_leaves_connections_to_others(lender: Lender, part: str, most: int) -> None:
    parts = PoolParts(SIZE, wait_s=0.01, slow_wait_s=0.01)
    everybody = [*range(most)]
    async with AsyncExitStack() as stack:
        await take(stack, parts, part, everybody, lender)
        await refused(parts, part, TENANT, lender)
        assert lender.lent == most, "who waits for a place holds no connection"
        await take(stack, parts, "GET /b", everybody[: SIZE - most], lender)
    async with AsyncExitStack() as stack:
        await take(stack, parts, part, everybody, lender)


@pytest.mark.parametrize(("part", "most"), [("GET /a", PART_OF_ONE), (SLOW, 3)])
async def test_tenant_takes_no_whole_part(part: str, most: int) -> None:
    parts = PoolParts(SIZE, wait_s=0.01, slow_wait_s=0.01)
    async with AsyncExitStack() as stack:
        await take(stack, parts, part, [TENANT] * most, None)
        await refused(parts, part, TENANT)
        await take(stack, parts, part, [OTHER], None)
    async with AsyncExitStack() as stack:
        await take(stack, parts, part, [TENANT] * most, None)


async def test_tenant_takes_no_whole_pool_by_many_routes() -> None:
    parts = PoolParts(SIZE, wait_s=0.01)
    async with AsyncExitStack() as stack:
        for number in range(PART):
            await take(stack, parts, f"GET /{number}", [TENANT], None)
        await refused(parts, "GET /other", TENANT)
        await take(stack, parts, "GET /other", [OTHER], None)


async def test_place_that_a_tenant_gives_back_in_one_part_lets_it_go_on_in_another() -> None:
    parts = PoolParts(SIZE, wait_s=LATER)
    async with AsyncExitStack() as other, AsyncExitStack() as stack:
        for number in range(PART):
            await take(stack, parts, f"GET /{number}", [TENANT], None)
        waiting = asyncio.create_task(take(other, parts, "GET /other", [TENANT], None))
        await settled()
        assert not waiting.done()
        await stack.aclose()
        async with asyncio.timeout(5):
            await waiting


async def test_place_is_free_again_when_no_connection_could_be_had(dsn: str) -> None:
    lender, parts = Lender(dsn, 1, name="tests", wait_s=0.01), PoolParts(SIZE)
    async with AsyncExitStack() as stack:
        await take(stack, parts, "GET /b", [OTHER], lender)
        for _ in range(SIZE):
            await refused(parts, "GET /a", TENANT, lender)
    async with AsyncExitStack() as stack:
        await take(stack, parts, "GET /a", [TENANT], lender)
    lender.terminate()


async def test_tenants_that_wait_take_turns() -> None:
    parts = PoolParts(1, wait_s=LATER)
    served: list[int] = []

    async def served_one(tenant_id: int) -> None:
        async with parts.within("GET /a", tenant_id, cast("Any", Nothing())):
            served.append(tenant_id)

    async with AsyncExitStack() as stack:
        await take(stack, parts, "GET /a", [TENANT], None)
        tasks = [asyncio.create_task(served_one(of)) for of in [TENANT] * 3 + [OTHER] * 2 + [THIRD]]
        await settled()
        assert not served
    await asyncio.gather(*tasks)
    assert served == [TENANT, OTHER, THIRD, TENANT, OTHER, TENANT]


@pytest.mark.parametrize("slow", [False, True])
async def test_request_is_refused_when_too_many_would_be_served_before_it(*, slow: bool) -> None:
    """Two for each place may wait, of which a tenant that takes turns with another has half; slow ones all may."""
    part, places = (SLOW, SIZE // 2) if slow else ("GET /a", PART)
    parts = PoolParts(SIZE, wait_s=LATER, crowded_s=-1.0, burst=0)
    tasks: list[asyncio.Task[None]] = []

    async def comes(tenant_id: int) -> bool:
        """Whether it may wait."""
        passes = parts.passes(part, tenant_id)
        tasks.append(asyncio.create_task(take(AsyncExitStack(), parts, part, [tenant_id], None)))
        await settled()
        if tasks[-1].done():
            with pytest.raises(Overloaded):
                tasks.pop().result()
        else:
            assert passes
        return passes

    async with AsyncExitStack() as stack:
        await take(stack, parts, part, [*range(10, 10 + places)], None)
        assert [await comes(TENANT) for _ in range(2 * places + 1)] == [True] * 2 * places + [slow]
        assert [await comes(OTHER) for _ in range(places + 1)] == [True] * places + [slow]
        assert await comes(THIRD)
        assert parts.waiting == len(tasks)
        assert parts.passes("GET /b", TENANT)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert not parts.waiting
        assert await comes(TENANT)
    await tasks[-1]


async def test_requests_that_arrive_in_one_turn_of_the_loop_count_together() -> None:
    parts = PoolParts(SIZE, wait_s=LATER, crowded_s=-1.0, burst=0)
    async with AsyncExitStack() as stack:
        await take(stack, parts, "GET /a", [*range(10, 10 + PART)], None)
        task = asyncio.create_task(take(AsyncExitStack(), parts, "GET /a", [TENANT], None))
        await settled()
        for tenant_id, may in ((TENANT, 2 * PART - 1), (OTHER, PART), (None, 2 * PART // 3)):
            assert [parts.passes("GET /a", tenant_id) for _ in range(may + 1)] == [True] * may + [False]
        await settled()
        assert parts.passes("GET /a", TENANT)
    await task


async def test_tenant_may_send_a_burst_but_no_more_once_that_was_too_much() -> None:
    parts = PoolParts(SIZE, wait_s=LATER, crowded_s=-1.0, burst=4 * PART)
    async with AsyncExitStack() as stack:
        await take(stack, parts, "GET /a", [*range(10, 10 + PART)], None)
        tasks = [asyncio.create_task(take(AsyncExitStack(), parts, "GET /a", [TENANT], None)) for _ in range(4 * PART)]
        await settled()
        assert parts.waiting == 4 * PART
        assert not parts.passes("GET /a", TENANT)
        for task in tasks[2 * PART :]:
            task.cancel()
        await settled()
        assert not parts.passes("GET /a", TENANT), "one has just been refused"
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def settled() -> None:
    """Let everything run that can."""
    for _ in range(10):
        await asyncio.sleep(0)


class Players:
    """Requests of tenants in parts, each held until it is ended or cancelled."""

    def __init__(self) -> None:
        self.parts = PoolParts(4, wait_s=LATER)
        self.held = Counter[tuple[str, int]]()
        self.ends: list[asyncio.Event] = []
        self.tasks: list[asyncio.Task[None]] = []

    def come(self, part: str, tenant_id: int) -> None:
        ends = asyncio.Event()

        async def hold() -> None:
            async with self.parts.within(part, tenant_id, cast("Any", Nothing())):
                self.held[part, tenant_id] += 1
                try:
                    await ends.wait()
                finally:
                    self.held[part, tenant_id] -= 1

        self.ends.append(ends)
        self.tasks.append(asyncio.create_task(hold()))

    def leave(self, how: str, number: int) -> None:
        if self.tasks and how == "end":
            self.ends[number % len(self.ends)].set()
        elif self.tasks:
            self.tasks[number % len(self.tasks)].cancel()


steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 3)),
        st.tuples(st.sampled_from(["end", "cancel"]), st.integers(0, 30)),
        st.just(("settle", 0)),
    ),
    max_size=60,
)


@given(steps)
def test_no_part_or_tenant_has_more_than_its_places_and_none_is_lost(script: list[tuple[str, int]]) -> None:
    asyncio.run(_play(script))


async def _play(script: list[tuple[str, int]]) -> None:
    """Some steps come in one turn of the loop: a place may be given to one who is cancelled meanwhile."""
    players = Players()
    for act, number in script:
        if act in ("a", "b"):
            players.come(act, number)
        elif act == "settle":
            await settled()
        else:
            players.leave(act, number)
        for part in ("a", "b"):
            assert sum(held for (of, _), held in players.held.items() if of == part) <= 3
        for tenant_id in (1, 2, 3):
            assert max(players.held[part, tenant_id] for part in ("a", "b")) <= 2
            assert sum(players.held[part, tenant_id] for part in ("a", "b")) <= 3
    for ends in players.ends:
        ends.set()
    async with asyncio.timeout(10):
        for task in players.tasks:
            with suppress(asyncio.CancelledError):
                await task
    assert not players.parts.waiting
    async with asyncio.timeout(10), AsyncExitStack() as stack:
        await take(stack, players.parts, "a", [1, 1, 2], None)
