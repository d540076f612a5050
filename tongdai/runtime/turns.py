"""Turns at something scarce, shared fairly between tenants.

At most `at_once` are held, and `each` by one tenant. When one ends, the next goes to the tenant that got its last one
longest ago, of those that wait and hold fewer than `each`; a tenant's own wait in the order in which they came.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Hashable
from contextlib import asynccontextmanager


class Turns:
    def __init__(self, at_once: int, each: int) -> None:
        assert 0 < each <= at_once, "everybody can have a turn"
        self._at_once = at_once
        self._each = each
        self._held = Counter[Hashable]()
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}
        self._got: dict[Hashable, int] = {}
        """The number of the last turn of each tenant that waits or holds one."""
        self._turns = 0

    @asynccontextmanager
    async def of(self, tenant_id: Hashable) -> AsyncGenerator[None]:
        """Wait for a turn, and hold it within the block. `tenant_id` may be whatever else takes turns."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(tenant_id, deque()).append(turn)
        self._grant()
        try:
            await turn
            yield
        finally:
            if not turn.cancelled():
                self._held[tenant_id] -= 1
            self._grant()
            self._forget(tenant_id)

    def _grant(self) -> None:
        """Give turns until all are held, or nobody who waits may have one."""
        while self._held.total() < self._at_once:
            self._drop_cancelled()
            may = [tenant_id for tenant_id in self._waiting if self._held[tenant_id] < self._each]
            if not may:
                return
            tenant_id = min(may, key=lambda one: self._got.get(one, 0))
            self._waiting[tenant_id].popleft().set_result(None)
            self._held[tenant_id] += 1
            self._turns += 1
            self._got[tenant_id] = self._turns

    def _drop_cancelled(self) -> None:
        for tenant_id, waiting in [*self._waiting.items()]:
            while waiting and waiting[0].cancelled():
                waiting.popleft()
            if not waiting:
                del self._waiting[tenant_id]

    def _forget(self, tenant_id: Hashable) -> None:
        if not self._held[tenant_id]:
            del self._held[tenant_id]
            if not self._waiting.get(tenant_id):
                self._got.pop(tenant_id, None)
