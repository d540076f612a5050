"""Parts of a pool of connections, so that no kind of request can take all of it.

    request ── its part: wait for a place in it ──▶ Lender: wait for a connection ──▶ borrowed

A route has at most three quarters of the connections: while a table is locked, requests for it wait in their part, and
others are answered. Slow routes (uploads, do-not-call files, exports) have half of the pool, all of them together. A
request that waits for a place holds no connection: a slow route waits for SLOW_WAIT_S, others as long as for a
connection.
"""

import asyncio
from types import TracebackType

from tongdai.db.pool import ACQUIRE_TIMEOUT_S, Borrowed, Connection

SLOW = "slow"
"""The part of slow routes."""
SLOW_WAIT_S = 10.0


class PoolParts:
    def __init__(self, size: int, wait_s: float = ACQUIRE_TIMEOUT_S, slow_wait_s: float = SLOW_WAIT_S) -> None:
        """`size` is that of the pool."""
        self._size = size
        self._wait_s, self._slow_wait_s = wait_s, slow_wait_s
        self._parts: dict[str, asyncio.Semaphore] = {}

    def within(self, part: str, borrowed: Borrowed) -> "_Within":
        """Borrow the connection within a part; TimeoutError when that has no place in time."""
        places = self._parts.get(part)
        if places is None:
            most = self._size // 2 if part == SLOW else self._size * 3 // 4
            places = self._parts[part] = asyncio.Semaphore(max(1, most))
        return _Within(places, borrowed, self._slow_wait_s if part == SLOW else self._wait_s)


class _Within:
    __slots__ = ("_borrowed", "_places", "_wait_s")

    def __init__(self, places: asyncio.Semaphore, borrowed: Borrowed, wait_s: float) -> None:
        self._places, self._borrowed, self._wait_s = places, borrowed, wait_s

    async def __aenter__(self) -> Connection:
        if self._places.locked():
            async with asyncio.timeout(self._wait_s):
                await self._places.acquire()
        else:  # no wait to limit, and a timer would cost more than the rest
            await self._places.acquire()
        try:
            return await self._borrowed.__aenter__()
        except BaseException:
            self._places.release()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._borrowed.__aexit__(kind, error, trace)
        finally:
            self._places.release()
