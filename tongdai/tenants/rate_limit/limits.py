"""Rate limits over a sliding window of WINDOW_S seconds: by tenant, by tenant and route, by address for failed keys.

There is no daily quota, and nothing resets by the calendar: an accepted request counts for exactly WINDOW_S, a refused
one not at all.

`MemoryLimiter` serves one process; its counts are lost when that restarts, so a client may then send up to twice its
limit within a window. With several API processes `shared.ValkeyLimiter` keeps the counts in one store. Failed keys are
counted in each process, which allows its share of the limit.
"""

import ipaddress
from bisect import insort
from collections import OrderedDict, deque
from collections.abc import MutableSequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple, Protocol

from tongdai.clock import Clock

WINDOW_S = 10
"""The one place that sets the window; the Lua script of shared.py gets it from here."""
WINDOW_US = WINDOW_S * 1_000_000


@dataclass(frozen=True, slots=True)
class HeaderNames:
    """Names of the rate limit headers, in lower case as ASGI wants them."""

    tenant_limit: bytes
    tenant_remaining: bytes
    route_limit: bytes
    route_remaining: bytes

    @classmethod
    def of(cls, names: tuple[str, str, str, str]) -> "HeaderNames":
        """Names of `settings.limit_headers`."""
        return cls(*(name.lower().encode("ascii") for name in names))


class Decision(NamedTuple):
    """The decision on one request. `_remaining` counts the request; `_reset_s` is the number of seconds (0 to WINDOW_S)
    until `_remaining` grows."""

    accepted: bool
    tenant_limit: int
    tenant_remaining: int
    tenant_reset_s: int
    route_limit: int
    route_remaining: int
    route_reset_s: int
    retry_after_s: int
    """0 when accepted; else the seconds (1 to WINDOW_S) until a retry is accepted, unless other requests precede it."""

    def headers(self, names: HeaderNames) -> list[tuple[bytes, bytes]]:
        """The headers of a response, except `Retry-After`, which errors.RateLimited adds."""
        tenant = b'"tenant";r=%d%s' % (self.tenant_remaining, _reset(self.tenant_reset_s))
        route = b'"route";r=%d%s' % (self.route_remaining, _reset(self.route_reset_s))
        return [
            (names.tenant_limit, b"%d" % self.tenant_limit),
            (names.tenant_remaining, b"%d" % self.tenant_remaining),
            (names.route_limit, b"%d" % self.route_limit),
            (names.route_remaining, b"%d" % self.route_remaining),
            (b"ratelimit-policy", _policy(self.tenant_limit, self.route_limit)),
            (b"ratelimit", tenant + b", " + route),
        ]


@lru_cache(maxsize=1024)
def _policy(tenant_limit: int, route_limit: int) -> bytes:
    return b'"tenant";q=%d;w=%d, "route";q=%d;w=%d' % (tenant_limit, WINDOW_S, route_limit, WINDOW_S)


def _reset(seconds: int) -> bytes:
    """The draft's parameter `t`: seconds until more quota is available; an unused window has none."""
    return b";t=%d" % seconds if seconds else b""


class RateLimiter(Protocol):
    async def take(self, tenant_id: int, route: str, tenant_limit: int, route_limit: int) -> Decision:
        """Accept the request and count it in both windows, or refuse it and count it in none.

        Accepted only if afterwards no span of WINDOW_S, wherever it starts, holds more requests than either limit. An
        accepted request leaves the windows exactly WINDOW_S later. `route` is method and path template. Never raises.
        """
        ...

    async def peek(self, tenant_id: int, route: str, tenant_limit: int, route_limit: int) -> Decision:
        """The decision that `take` would give now, without counting the request."""
        ...

    @property
    def down(self) -> bool:
        """Whether decisions are given without the shared store, which does not answer."""
        ...

    def shared_by(self, workers: int) -> None:
        """Take note of the number of processes, on all machines, that share the limits."""
        ...

    async def aclose(self) -> None: ...


def microseconds(clock: Clock) -> int:
    """Convert seconds to whole microseconds: floats would misjudge requests at the end of a window."""
    return int(clock.monotonic() * 1e6 + 0.5)


def decision_of(
    accepted: bool, tenant_limit: int, tenant: tuple[int, int], route_limit: int, route: tuple[int, int]
) -> Decision:
    """The decision, from the count of each window (with the request, if it was accepted) and its wait: µs until it has
    room for one more."""
    tenant_count, tenant_wait_us = tenant
    route_count, route_wait_us = route
    retry_us = 0
    if not accepted:
        full_tenant = tenant_wait_us if tenant_count >= tenant_limit else 0
        full_route = route_wait_us if route_count >= route_limit else 0
        retry_us = max(1, full_tenant, full_route)
    return Decision(
        accepted,
        tenant_limit,
        max(0, tenant_limit - tenant_count),
        _whole_s(tenant_wait_us),
        route_limit,
        max(0, route_limit - route_count),
        _whole_s(route_wait_us),
        _whole_s(retry_us),
    )


def _whole_s(us: int) -> int:
    return min(WINDOW_S, -(-us // 1_000_000))


def wait_us(instants: MutableSequence[int], limit: int, now_us: int) -> int:
    """µs until another request is possible; after a limit was lowered, several must leave the window first."""
    if limit <= 0:
        return WINDOW_US
    if not instants:
        return 0
    return instants[max(0, len(instants) - limit)] + WINDOW_US - now_us


@dataclass(slots=True)
class _Tenant:
    instants: deque[int] = field(default_factory=deque[int])
    routes: dict[str, deque[int]] = field(default_factory=dict[str, deque[int]])


class Windows:
    """The sliding windows of all tenants with an accepted request in the last WINDOW_S: instants, oldest first."""

    def __init__(self) -> None:
        self._tenants: OrderedDict[int, _Tenant] = OrderedDict()  # by last accepted request

    def __len__(self) -> int:
        return len(self._tenants)

    def decide(
        self, tenant_id: int, route: str, tenant_limit: int, route_limit: int, now_us: int, count: bool = True
    ) -> Decision:
        """Decide as `RateLimiter.take`, or without `count` as `peek`."""
        tenant, routed = self._trimmed(tenant_id, route, now_us)
        instants = tenant.instants
        accepted = len(instants) < tenant_limit and len(routed) < route_limit
        if accepted and count:
            instants.append(now_us)
            routed.append(now_us)
            self._tenants.move_to_end(tenant_id)
        return decision_of(
            accepted,
            tenant_limit,
            (len(instants), wait_us(instants, tenant_limit, now_us)),
            route_limit,
            (len(routed), wait_us(routed, route_limit, now_us)),
        )

    def record(self, tenant_id: int, route: str, at_us: int, now_us: int) -> None:
        """Count a request that the shared store accepted at `at_us`."""
        tenant, routed = self._trimmed(tenant_id, route, now_us)
        insort(tenant.instants, at_us)
        insort(routed, at_us)
        self._tenants.move_to_end(tenant_id)

    def forget(self, tenant_id: int, route: str, at_us: int) -> None:
        """Uncount a request that `decide` accepted at `at_us`."""
        tenant = self._tenants.get(tenant_id)
        if tenant is not None and at_us in tenant.instants:
            tenant.instants.remove(at_us)
            tenant.routes[route].remove(at_us)

    def _trimmed(self, tenant_id: int, route: str, now_us: int) -> tuple[_Tenant, deque[int]]:
        gone_us = now_us - WINDOW_US
        self._purge(gone_us)
        tenant = self._tenants.get(tenant_id)
        if tenant is None:
            tenant = self._tenants[tenant_id] = _Tenant()
        routed = tenant.routes.get(route)
        if routed is None:
            routed = tenant.routes[route] = deque()
        for instants in (tenant.instants, routed):
            while instants and instants[0] <= gone_us:
                instants.popleft()
        return tenant, routed

    def _purge(self, gone_us: int) -> None:
        """Drop idle tenants; amortised over their first requests."""
        while self._tenants:
            instants = next(iter(self._tenants.values())).instants
            if instants and instants[-1] > gone_us:
                return
            self._tenants.popitem(last=False)


class MemoryLimiter:
    """The RateLimiter of a single process."""

    down = False

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.windows = Windows()

    async def take(self, tenant_id: int, route: str, tenant_limit: int, route_limit: int) -> Decision:
        return self.windows.decide(tenant_id, route, tenant_limit, route_limit, microseconds(self._clock))

    async def peek(self, tenant_id: int, route: str, tenant_limit: int, route_limit: int) -> Decision:
        return self.windows.decide(tenant_id, route, tenant_limit, route_limit, microseconds(self._clock), count=False)

    def shared_by(self, workers: int) -> None:
        """Do nothing: without a store to share it is the only process, as far as it knows."""

    async def aclose(self) -> None:
        """Do nothing: no resource is open."""


class AuthFailureLimiter:
    """Limits requests with wrong API keys by client address, in this process."""

    def __init__(self, clock: Clock, limit: int, workers: int = 1, max_addresses: int = 10_000) -> None:
        """Allow `limit` divided by `workers`; beyond `max_addresses` the oldest address is dropped."""
        self._clock = clock
        self._limit = max(1, limit // workers)
        self._max_addresses = max_addresses
        self._failed: OrderedDict[str, list[int]] = OrderedDict()  # by last failure

    def __len__(self) -> int:
        return len(self._failed)

    def blocked(self, address: str) -> int:
        """Seconds (1 to WINDOW_S) until an address is accepted again; 0 when it is not blocked."""
        if not self._failed:
            return 0
        instants = self._failed.get(_counted_as(address))
        if instants is None or len(instants) < self._limit:
            return 0
        return _whole_s(max(0, wait_us(instants, self._limit, microseconds(self._clock))))

    def record(self, address: str) -> None:
        now_us = microseconds(self._clock)
        counted = _counted_as(address)
        instants = self._failed.setdefault(counted, [])
        self._failed.move_to_end(counted)
        instants.append(now_us)
        del instants[: -self._limit]  # only the newest `limit` decide
        while len(self._failed) > self._max_addresses or self._oldest_us() <= now_us - WINDOW_US:
            self._failed.popitem(last=False)

    def _oldest_us(self) -> int:
        return next(iter(self._failed.values()))[-1]


def _counted_as(address: str) -> str:
    """The key to count an address by: an IPv6 /64, the smallest allocation to a customer, or an IPv4 address."""
    if ":" not in address:
        return address[:64]
    try:
        ip = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    return str(ip.ipv4_mapped) if ip.ipv4_mapped is not None else f"{int(ip) >> 64:x}/64"
