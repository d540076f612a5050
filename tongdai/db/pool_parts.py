"""Parts of a pool of connections, so that neither a kind of request nor a tenant can take all of it.

    request ── its part: wait for a place in it ──▶ Lender: wait for a connection ──▶ borrowed

A route has at most three quarters of the connections: while a table is locked, requests for it wait in their part, and
others are answered. Slow routes (uploads, do-not-call files, exports) have half of the pool, all of them together. A
request that waits for a place holds no connection: a slow route waits for SLOW_WAIT_S, others as long as for a
connection.

A tenant has at most three quarters of each part, and of the pool. The tenants that wait for places in a part take
turns. A request that would wait for too long by that order is refused at once (waiting.py). In place of a tenant,
requests that need no sign-in have the address of their client (`of_address`): a flood of sign-ins from one leaves
others theirs.
"""

import asyncio
from collections import Counter, deque
from types import TracebackType

from tongdai.db.pool import ACQUIRE_TIMEOUT_S, Borrowed, Connection
from tongdai.db.waiting import BURST, CROWDED_S, Waiting
from tongdai.errors import Overloaded

SLOW = "slow"
"""The part of slow routes."""
SLOW_WAIT_S = 10.0


def of_address(address: str) -> int:
    """The number in the place of a tenant's id of requests without a tenant: never the id of one."""
    return -1 - abs(hash(address))


class PoolParts:
    def __init__(
        self,
        size: int,
        wait_s: float = ACQUIRE_TIMEOUT_S,
        slow_wait_s: float = SLOW_WAIT_S,
        crowded_s: float = CROWDED_S,
        may_wait: int = 2,
        burst: int = BURST,
    ) -> None:
        """`size` is that of the pool; `may_wait` requests for each place may wait, however long places are held."""
        self._may_wait, self._burst = may_wait, burst
        self.waiting = 0
        """Number of requests that wait for a place."""
        self._size = size
        self._wait_s, self._slow_wait_s, self._crowded_s = wait_s, slow_wait_s, crowded_s
        self._parts: dict[str, _Part] = {}
        self._held = Counter[int]()
        """Places of each tenant, in all parts."""
        self._each = _most_of(size)

    def within(self, part: str, tenant_id: int, borrowed: Borrowed) -> "_Within":
        """Borrow the connection within a part.

        TimeoutError when that has no place for the tenant in time; Overloaded, at once, when it would have none.
        """
        return _Within(self, self._part(part), tenant_id, borrowed)

    def passes(self, part: str, tenant_id: int | None) -> bool:
        """Whether a request that has just arrived need not be refused; None is a tenant that is not known yet.

        Those that pass count as waiting in this turn of the event loop: they run once all that has arrived is read.
        """
        found = self._parts.get(part)
        if found is None or not found.lines:
            return True
        if tenant_id in found.refused:  # nothing is given back before the next turn
            return False
        passing = found.passing
        if not passing and not found.refused:
            asyncio.get_running_loop().call_soon(found.end_turn)
        if found.refuses(tenant_id):
            found.refused.add(tenant_id)
            return False
        passing[tenant_id] += 1
        return True

    def _part(self, name: str) -> "_Part":
        found = self._parts.get(name)
        if found is None:
            slow = name == SLOW
            most = max(1, self._size // 2) if slow else _most_of(self._size)
            wait_s = self._slow_wait_s if slow else self._wait_s
            waiting = Waiting(self._may_wait * most, self._crowded_s, self._burst)
            found = self._parts[name] = _Part(most, wait_s, waiting, slow=slow)
        return found

    def take(self, part: "_Part", tenant_id: int) -> bool:
        """Take a place if the part and the tenant have one."""
        if part.taken >= part.most or part.held[tenant_id] >= part.each or self._held[tenant_id] >= self._each:
            return False
        part.taken += 1
        part.held[tenant_id] += 1
        self._held[tenant_id] += 1
        return True

    def give_back(self, part: "_Part", tenant_id: int) -> None:
        had_its_share = self._held[tenant_id] >= self._each
        part.taken -= 1
        for held in (part.held, self._held):
            held[tenant_id] -= 1
            if not held[tenant_id]:
                del held[tenant_id]
        self._grant(part)
        if had_its_share:
            for other in self._parts.values():
                if tenant_id in other.lines:
                    self._grant(other)

    def leave(self, part: "_Part", tenant_id: int, place: asyncio.Future[None]) -> None:
        """Wait for a place no longer."""
        line = part.lines.get(tenant_id)
        if line is not None and place in line:
            line.remove(place)
            if not line:
                del part.lines[tenant_id]

    def _grant(self, part: "_Part") -> None:
        """Give the free places of a part to tenants in turn."""
        while (tenant_id := self._next(part)) is not None:
            line = part.lines.pop(tenant_id)
            line.popleft().set_result(None)
            if line:
                part.lines[tenant_id] = line  # behind the others

    def _next(self, part: "_Part") -> int | None:
        """The first tenant that waits and may have a place, which it has taken then."""
        for tenant_id, line in [*part.lines.items()]:
            while line and line[0].cancelled():
                line.popleft()
            if not line:
                del part.lines[tenant_id]
            elif self.take(part, tenant_id):
                return tenant_id
        return None


def _most_of(places: int) -> int:
    return max(1, places * 3 // 4)


class _Part:
    def __init__(self, most: int, wait_s: float, waiting: Waiting, *, slow: bool) -> None:
        self.most, self.each = most, _most_of(most)
        self.wait_s, self.slow = wait_s, slow
        self.taken = 0
        self.held = Counter[int]()
        self.lines: dict[int, deque[asyncio.Future[None]]] = {}
        """Requests that wait, by tenant; the tenant that is served next comes first."""
        self.waiting = waiting
        self.passing = Counter[int | None]()
        """Requests of this turn of the event loop, by tenant."""
        self.refused = set[int | None]()
        """Tenants of which one was refused in this turn."""

    def end_turn(self) -> None:
        self.passing.clear()
        self.refused.clear()

    def refuses(self, tenant_id: int | None) -> bool:
        """Whether a request that has just arrived would wait for too long, behind those that pass in this turn."""
        if self.slow or not self.lines:
            return False
        waiting = len(self.waiting) + self.passing.total()
        own = self.passing[tenant_id] + (len(self.lines.get(tenant_id, ())) if tenant_id is not None else 0)
        tenants = len({tenant_id, *self.lines, *self.passing})
        return self.waiting.refuses(_before(waiting, own, tenants))

    def refuses_read(self, tenant_id: int) -> bool:
        """The same of one that has been read, which has passed before."""
        if self.slow or not self.lines:
            return False
        own = len(self.lines.get(tenant_id, ()))
        tenants = len(self.lines) + (tenant_id not in self.lines)
        return self.waiting.refuses(_before(len(self.waiting), own, tenants), read=True)


def _before(waiting: int, own: int, tenants: int) -> int:
    """How many are served before a request. As tenants take turns, as many of each other one as of its own."""
    return min(waiting, (own + 1) * tenants - 1)


class _Within:
    __slots__ = ("_borrowed", "_part", "_parts", "_tenant_id")

    def __init__(self, parts: PoolParts, part: _Part, tenant_id: int, borrowed: Borrowed) -> None:
        self._parts, self._part, self._tenant_id, self._borrowed = parts, part, tenant_id, borrowed

    async def __aenter__(self) -> Connection:
        if not self._parts.take(self._part, self._tenant_id):
            await self._wait()
        try:
            return await self._borrowed.__aenter__()
        except BaseException:
            self._parts.give_back(self._part, self._tenant_id)
            raise

    async def _wait(self) -> None:
        part, place = self._part, asyncio.get_running_loop().create_future()
        if part.refuses_read(self._tenant_id):
            raise Overloaded
        part.lines.setdefault(self._tenant_id, deque()).append(place)
        waiting = part.waiting.add()
        self._parts.waiting += 1
        try:
            async with asyncio.timeout(part.wait_s):
                await place
        except BaseException:
            part.waiting.remove(waiting)
            if place.cancelled():
                self._parts.leave(part, self._tenant_id, place)
            else:  # it was given meanwhile
                self._parts.give_back(part, self._tenant_id)
            raise
        finally:
            self._parts.waiting -= 1
        part.waiting.served(waiting)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._borrowed.__aexit__(kind, error, trace)
        finally:
            self._parts.give_back(self._part, self._tenant_id)
