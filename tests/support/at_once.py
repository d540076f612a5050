"""Many requests of one tenant, of which a worker handles all: never more at once than the tenant's share of it."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

T = TypeVar("T")
AT_ONCE = 30
"""Count of requests sent before a response is waited for, below the part that a worker handles for one tenant."""


async def few_at_once(requests: Iterable[Awaitable[T]]) -> list[T]:
    """Their results in the order given."""
    places = asyncio.Semaphore(AT_ONCE)

    async def placed(request: Awaitable[T]) -> T:
        async with places:
            return await request

    return await asyncio.gather(*map(placed, requests))
