"""The parts of a pool that routes may take."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import pytest

from tongdai.db.pool import Lender
from tongdai.db.pool_parts import SLOW, PoolParts

SIZE = 4


@pytest.fixture
async def lender(dsn: str) -> AsyncGenerator[Lender]:
    lender = Lender(dsn, SIZE, name="tests")
    yield lender
    lender.terminate()


async def take(stack: AsyncExitStack, lender: Lender, parts: PoolParts, part: str, count: int) -> None:
    for _ in range(count):
        await stack.enter_async_context(parts.within(part, lender.borrow()))


async def refused(lender: Lender, parts: PoolParts, part: str) -> None:
    with pytest.raises(TimeoutError):
        async with parts.within(part, lender.borrow()):
            pytest.fail("it has a connection")


@pytest.mark.parametrize(("part", "most"), [("GET /a", 3), (SLOW, 2)])
async def test_part_is_bounded_and_leaves_connections_to_others(lender: Lender, part: str, most: int) -> None:
    parts = PoolParts(SIZE, wait_s=0.01, slow_wait_s=0.01)
    async with AsyncExitStack() as stack:
        await take(stack, lender, parts, part, most)
        await refused(lender, parts, part)
        assert lender.lent == most, "who waits for a place holds no connection"
        await take(stack, lender, parts, "GET /b", SIZE - most)
    async with AsyncExitStack() as stack:
        await take(stack, lender, parts, part, most)


async def test_place_is_free_again_when_no_connection_could_be_had(dsn: str) -> None:
    lender, parts = Lender(dsn, 1, name="tests", wait_s=0.01), PoolParts(SIZE)
    async with AsyncExitStack() as stack:
        await take(stack, lender, parts, "GET /b", 1)
        for _ in range(SIZE):
            await refused(lender, parts, "GET /a")
    async with AsyncExitStack() as stack:
        await take(stack, lender, parts, "GET /a", 1)
    lender.terminate()


async def test_who_waits_gets_the_place_of_who_leaves(lender: Lender) -> None:
    parts = PoolParts(1)
    first = parts.within("GET /a", lender.borrow())
    await first.__aenter__()
    second = parts.within("GET /a", lender.borrow())
    entering = asyncio.ensure_future(second.__aenter__())
    await asyncio.sleep(0)
    assert not entering.done()
    await first.__aexit__(None, None, None)
    await entering
    await second.__aexit__(None, None, None)
