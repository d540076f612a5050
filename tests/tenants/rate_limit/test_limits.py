"""Limits of requests in a sliding window, in one process."""

from hypothesis import given

from tests.support.rate_limit import LIMITS, STEPS, SetClock
from tongdai.tenants.rate_limit.limits import (
    WINDOW_US,
    AuthFailureLimiter,
    HeaderNames,
    MemoryLimiter,
    Windows,
    decision_of,
)


class NaiveLimiter:
    """The rule as simply as possible: store all requests, count all of them."""

    def __init__(self) -> None:
        self.accepted: list[tuple[int, int, str]] = []

    def counts(self, now_us: int, tenant: int, route: str) -> tuple[int, int]:
        recent = [(t, r) for at, t, r in self.accepted if at > now_us - WINDOW_US]
        return sum(t == tenant for t, _ in recent), recent.count((tenant, route))

    def take(self, now_us: int, tenant: int, route: str, tenant_limit: int, route_limit: int) -> bool:
        in_tenant, in_route = self.counts(now_us, tenant, route)
        if in_tenant < tenant_limit and in_route < route_limit:
            self.accepted.append((now_us, tenant, route))
            return True
        return False


@given(STEPS, LIMITS, LIMITS)
def test_no_ten_seconds_hold_more_than_the_limit_and_refused_requests_spend_nothing(
    steps: list[tuple[int, int, str]], tenant_limit: int, route_limit: int
) -> None:
    windows, naive, now = Windows(), NaiveLimiter(), 0
    for advance, tenant, route in steps:
        now += advance
        decision = windows.decide(tenant, route, tenant_limit, route_limit, now)
        assert decision.accepted == naive.take(now, tenant, route, tenant_limit, route_limit)
        in_tenant, in_route = naive.counts(now, tenant, route)
        assert decision.tenant_remaining == tenant_limit - in_tenant
        assert decision.route_remaining == route_limit - in_route
    for start, tenant, route in naive.accepted:
        span = [(t, r) for at, t, r in naive.accepted if start <= at < start + WINDOW_US]
        assert sum(t == tenant for t, _ in span) <= tenant_limit
        assert span.count((tenant, route)) <= route_limit


@given(STEPS, LIMITS, LIMITS, LIMITS)
def test_request_is_accepted_after_retry_after_and_not_a_second_earlier(
    steps: list[tuple[int, int, str]], tenant_limit: int, route_limit: int, later_limit: int
) -> None:
    windows, now = Windows(), 0
    for advance, tenant, route in steps:
        now += advance
        windows.decide(tenant, route, tenant_limit, route_limit, now)
    refused = windows.decide(0, "GET /a", later_limit, later_limit, now)
    while refused.accepted:
        refused = windows.decide(0, "GET /a", later_limit, later_limit, now)
    assert 1 <= refused.retry_after_s <= 10
    early = now + (refused.retry_after_s - 1) * 1_000_000
    assert not windows.decide(0, "GET /a", later_limit, later_limit, early).accepted
    in_time = windows.decide(0, "GET /a", later_limit, later_limit, now + refused.retry_after_s * 1_000_000)
    assert (in_time.accepted, in_time.retry_after_s) == (True, 0)


async def test_window_ends_at_the_microsecond() -> None:
    clock = SetClock()
    limiter = MemoryLimiter(clock)
    assert (await limiter.take(1, "GET /a", 1, 1)).accepted
    clock.us += WINDOW_US - 1
    refused = await limiter.take(1, "GET /a", 1, 1)
    assert (refused.accepted, refused.retry_after_s, refused.tenant_reset_s) == (False, 1, 1)
    clock.us += 1
    assert (await limiter.take(1, "GET /a", 1, 1)).accepted


async def test_changed_limit_takes_effect_at_once() -> None:
    clock = SetClock()
    limiter = MemoryLimiter(clock)
    for _ in range(5):
        assert (await limiter.take(1, "GET /a", 5, 5)).accepted
        clock.advance(1)
    lowered = await limiter.take(1, "GET /a", 2, 5)
    assert (lowered.accepted, lowered.tenant_remaining) == (False, 0)
    assert lowered.retry_after_s == 8  # five made 5, 4, 3, 2 and 1 s ago: four of them must leave
    assert (await limiter.take(1, "GET /a", 6, 6)).tenant_remaining == 0


async def test_idle_tenants_are_forgotten() -> None:
    clock = SetClock()
    limiter = MemoryLimiter(clock)
    for tenant in range(1000):
        await limiter.take(tenant, "GET /a", 5, 5)
    clock.advance(10)
    await limiter.take(1, "GET /b", 5, 5)
    assert len(limiter.windows) == 1


def test_headers_are_the_settings_names_and_the_drafts() -> None:
    decision = decision_of(True, 600, (1, 9_000_001), 200, (1, 10_000_000))
    assert decision.headers(HeaderNames.of(("X-LT", "X-RT", "X-LR", "X-RR"))) == [
        (b"x-lt", b"600"),
        (b"x-rt", b"599"),
        (b"x-lr", b"200"),
        (b"x-rr", b"199"),
        (b"ratelimit-policy", b'"tenant";q=600;w=10, "route";q=200;w=10'),
        (b"ratelimit", b'"tenant";r=599;t=10, "route";r=199;t=10'),
    ]


def test_untouched_window_has_no_reset() -> None:
    refused = decision_of(False, 1, (1, 2_500_000), 200, (0, 0))
    assert (
        dict(refused.headers(HeaderNames.of(("a", "b", "c", "d"))))[b"ratelimit"] == b'"tenant";r=0;t=3, "route";r=200'
    )


# Failed keys


def test_address_is_blocked_until_its_oldest_failure_is_ten_seconds_old() -> None:
    clock = SetClock()
    failed = AuthFailureLimiter(clock, limit=3)
    for _ in range(3):
        assert failed.blocked("192.0.2.1") == 0
        failed.record("192.0.2.1")
        clock.advance(1)
    assert failed.blocked("192.0.2.1") == 7
    assert failed.blocked("192.0.2.2") == 0
    clock.advance(7)
    assert failed.blocked("192.0.2.1") == 0
    failed.record("192.0.2.1")
    assert failed.blocked("192.0.2.1") == 1


def test_ipv6_counts_by_64_and_mapped_ipv4_by_address() -> None:
    failed = AuthFailureLimiter(SetClock(), limit=1)
    failed.record("2001:db8:1:2::1")
    failed.record("::ffff:192.0.2.1")
    assert failed.blocked("2001:db8:1:2:ffff::9") == 10
    assert failed.blocked("2001:db8:1:3::1") == 0
    assert failed.blocked("192.0.2.1") == 10
    assert failed.blocked("::ffff:192.0.2.2") == 0


def test_workers_share_the_failed_key_limit() -> None:
    failed = AuthFailureLimiter(SetClock(), limit=20, workers=8)
    failed.record("192.0.2.1")
    assert failed.blocked("192.0.2.1") == 0
    failed.record("192.0.2.1")
    assert failed.blocked("192.0.2.1") == 10


def test_failed_keys_of_many_addresses_are_bounded() -> None:
    clock = SetClock()
    failed = AuthFailureLimiter(clock, limit=2, max_addresses=100)
    for n in range(1000):
        failed.record(f"10.0.{n // 256}.{n % 256}")
    assert len(failed) == 100
    for _ in range(1000):
        failed.record("not an address, " * 100)
    assert len(failed) == 100
    clock.advance(10)
    failed.record("192.0.2.1")
    assert len(failed) == 1
