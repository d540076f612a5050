"""Many requests of one tenant, of which a worker handles all: never more at once than the tenant's share of it."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

T = TypeVar("T")
AT_ONCE = 16
"""Count of requests sent before a response is waited for.

As many as have a connection or may wait for one, however slow the machine is: of a pool of 10, a tenant has 5 of the
connections for one route, and 14 requests for it may wait (`tongdai/db/pool_parts.py`)."""


async def few_at_once(requests: Iterable[Awaitable[T]]) -> list[T]:
    """Their results in the order given."""
    places = asyncio.Semaphore(AT_ONCE)

    async def placed(request: Awaitable[T]) -> T:
        async with places:
            return await request

    return await asyncio.gather(*map(placed, requests))
