"""Real Valkey, a clock that is set: no sleeping. A store that hangs costs the limiter's own deadline."""

import asyncio
import itertools
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio as redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tongdai.errors import OperatorError
from tongdai.tenants.rate_limit import shared, valkey
from tongdai.tenants.rate_limit.limits import (
    WINDOW_US,
    AuthFailureLimiter,
    Decision,
    HeaderNames,
    MemoryLimiter,
    Windows,
    decision_of,
)
from tongdai.tenants.rate_limit.shared import SCRIPT, ValkeyLimiter

PATIENT_S = 20.0  # for a store that is alive, on a busy machine
fresh_tenant = itertools.count(1_000_000).__next__


class SetClock:
    def __init__(self) -> None:
        self.us = 5_000_000_000

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.us / 1e6, UTC)

    def monotonic(self) -> float:
        return self.us / 1e6

    def advance(self, seconds: float) -> None:
        self.us += round(seconds * 1_000_000)


class NaiveLimiter:
    """The rule in the fewest words: keep all, count all."""

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


STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 999, 400_000, 3_000_000, WINDOW_US - 1, WINDOW_US, WINDOW_US + 1]),
        st.integers(0, 2),
        st.sampled_from(["GET /a", "PUT /b"]),
    ),
    max_size=80,
)
LIMITS = st.integers(1, 8)


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
def test_who_sleeps_retry_after_gets_through_and_a_second_less_would_not_have_done(
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


async def test_border_of_the_window_is_exact() -> None:
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


# Valkey


@pytest.fixture(scope="module")
async def store(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[valkey.ValkeyServer]:
    running = await valkey.start(tmp_path_factory.mktemp("valkey"))
    yield running
    await running.stop()


@pytest.fixture
async def client(store: valkey.ValkeyServer) -> AsyncIterator[Any]:
    async with redis.Redis.from_url(store.url, protocol=2) as client:
        yield client


async def by_script(client: Any, tenant: int, route: str, limits: tuple[int, int], now_us: int) -> Decision:
    accepted, *found = await client.eval(SCRIPT, 2, *shared.keys(tenant, route), *limits, 1, now_us)
    return decision_of(bool(accepted), limits[0], (found[0], found[1]), limits[1], (found[2], found[3]))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, limits=st.lists(st.tuples(LIMITS, LIMITS), min_size=1, max_size=3))
async def test_script_gives_the_verdicts_of_memory(
    client: Any, steps: list[tuple[int, int, str]], limits: list[tuple[int, int]]
) -> None:
    windows, now = Windows(), 1_700_000_000_000_000
    tenants = [fresh_tenant() for _ in range(3)]
    for (advance, tenant, route), current in zip(steps, itertools.cycle(limits), strict=False):
        now += advance
        expected = windows.decide(tenants[tenant], route, *current, now)
        assert await by_script(client, tenants[tenant], route, current, now) == expected


async def test_store_clock_set_back_neither_opens_nor_locks(client: Any) -> None:
    now, tenant = 1_700_000_000_000_000, fresh_tenant()
    for _ in range(3):
        assert (await by_script(client, tenant, "GET /a", (3, 3), now)).accepted
    back = now - 3_600_000_000
    refused = await by_script(client, tenant, "GET /a", (3, 3), back)
    assert (refused.accepted, refused.retry_after_s) == (False, 10)
    assert not (await by_script(client, tenant, "GET /a", (3, 3), back + WINDOW_US - 1)).accepted
    assert (await by_script(client, tenant, "GET /a", (3, 3), back + WINDOW_US)).accepted


async def test_keys_expire_and_lie_in_one_slot(client: Any, store: valkey.ValkeyServer) -> None:
    limiter, tenant = ValkeyLimiter(store.url, 1, SetClock(), PATIENT_S), fresh_tenant()
    await limiter.take(tenant, "GET /a", 5, 5)
    await limiter.aclose()
    for key in shared.keys(tenant, "GET /a"):
        assert f"{{{tenant}}}" in key
        assert 9_000 < await client.pttl(key) <= 11_000


async def test_two_limiters_share_exactly(store: valkey.ValkeyServer) -> None:
    limiters = [ValkeyLimiter(store.url, 2, SetClock(), PATIENT_S) for _ in range(2)]
    tenant = fresh_tenant()
    decisions = await asyncio.gather(*(limiters[n % 2].take(tenant, f"GET /{n % 3}", 100, 40) for n in range(400)))
    accepted = [v for v in decisions if v.accepted]
    assert len(accepted) == 100
    assert sorted(v.tenant_remaining for v in accepted) == list(range(100))
    assert all(1 <= v.retry_after_s <= 10 for v in decisions if not v.accepted)
    assert [limiter.own_decisions for limiter in limiters] == [0, 0]
    for limiter in limiters:
        await limiter.aclose()


async def test_flushed_script_is_loaded_again(client: Any, store: valkey.ValkeyServer) -> None:
    limiter, tenant = ValkeyLimiter(store.url, 1, SetClock(), PATIENT_S), fresh_tenant()
    assert (await limiter.take(tenant, "GET /a", 50, 50)).tenant_remaining == 49
    await client.script_flush()
    decisions = await asyncio.gather(*(limiter.take(tenant, "GET /a", 50, 50) for _ in range(5)))
    assert sorted(v.tenant_remaining for v in decisions) == [44, 45, 46, 47, 48]
    assert (limiter.down, limiter.unanswered) == (False, 0)
    await limiter.aclose()


async def test_peek_tells_and_counts_nothing(store: valkey.ValkeyServer) -> None:
    shared = ValkeyLimiter(store.url, 2, SetClock(), PATIENT_S)
    gone = ValkeyLimiter("redis://127.0.0.1:1/0", 1, SetClock(), PATIENT_S)
    for limiter in (MemoryLimiter(SetClock()), shared, gone):
        tenant = fresh_tenant()
        for _ in range(3):
            peeked = await limiter.peek(tenant, "GET /a", 2, 1)
            assert (peeked.accepted, peeked.tenant_remaining, peeked.route_remaining) == (True, 2, 1)
        assert (await limiter.take(tenant, "GET /a", 2, 1)).accepted
        peeked = await limiter.peek(tenant, "GET /a", 2, 1)
        assert (peeked.accepted, peeked.tenant_remaining, peeked.route_remaining) == (False, 1, 0)
    assert not shared.down
    await shared.aclose()
    await gone.aclose()


async def test_cancelled_request_does_not_leave_its_answer_to_the_next(store: valkey.ValkeyServer) -> None:
    limiter, tenant = ValkeyLimiter(store.url, 1, SetClock(), PATIENT_S), fresh_tenant()
    cancelled = asyncio.create_task(limiter.take(tenant, "GET /a", 50, 50))
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.gather(cancelled, return_exceptions=True)
    other = await limiter.take(fresh_tenant(), "GET /a", 70, 60)
    assert (other.tenant_remaining, other.route_remaining) == (69, 59)
    await limiter.aclose()


async def test_killed_store_leaves_each_process_its_share_and_comes_back(tmp_path: Path) -> None:
    clock = SetClock()
    running = await valkey.start(tmp_path)
    limiter = ValkeyLimiter(running.url, 4, clock, PATIENT_S)
    for _ in range(2):
        assert (await limiter.take(1, "GET /a", 18, 18)).accepted
    os.kill(running.pid, signal.SIGKILL)
    await running.wait()

    decisions = await asyncio.gather(*(limiter.take(1, "GET /a", 18, 18) for _ in range(20)))
    assert sum(v.accepted for v in decisions) == 3  # its share is 5, and the store had granted 2
    assert all(v.tenant_limit == 18 and v.tenant_remaining <= 2 for v in decisions)
    assert all(v.accepted or v.retry_after_s == 10 for v in decisions)
    assert limiter.down

    restarted = await valkey.start(tmp_path)  # and has forgotten all
    clock.advance(0.9)
    unanswered = limiter.unanswered
    assert (await limiter.take(2, "GET /a", 18, 18)).tenant_remaining == 4
    assert limiter.unanswered == unanswered
    clock.advance(0.2)
    assert (await limiter.take(2, "GET /a", 18, 18)).accepted
    assert not limiter.down
    assert not (await limiter.take(1, "GET /a", 18, 18)).accepted, "both agree for 10 s after the store is back"
    clock.advance(10)
    assert (await limiter.take(3, "GET /a", 18, 18)).tenant_remaining == 17
    assert sum([(await limiter.take(3, "GET /a", 18, 18)).accepted for _ in range(30)]) == 17
    await limiter.aclose()
    await restarted.stop()


async def test_hung_store_is_asked_once_a_second_and_comes_back(tmp_path: Path) -> None:
    clock = SetClock()
    running = await valkey.start(tmp_path)
    limiter = ValkeyLimiter(running.url, 2, clock)
    os.kill(running.pid, signal.SIGSTOP)
    decisions = await asyncio.gather(*(limiter.take(1, "GET /a", 6, 6) for _ in range(9)))
    assert sum(v.accepted for v in decisions) == 3
    assert (limiter.down, limiter.unanswered) == (True, 9)
    await limiter.take(2, "GET /a", 6, 6)
    assert limiter.unanswered == 9
    clock.advance(1)
    await asyncio.gather(*(limiter.take(2, "GET /a", 60, 60) for _ in range(9)))
    assert limiter.unanswered == 10, "one request tries, the others do not wait with it"

    os.kill(running.pid, signal.SIGCONT)
    limiter._pipeline._deadline_s = PATIENT_S
    clock.advance(1)
    assert (await limiter.take(3, "GET /a", 6, 6)).accepted
    assert not limiter.down
    await limiter.aclose()
    await running.stop()


async def test_unreachable_store_is_no_error() -> None:
    limiter = ValkeyLimiter("redis://127.0.0.1:1/0", 2, SetClock(), PATIENT_S)
    decisions = [await limiter.take(1, "GET /a", 6, 6) for _ in range(5)]
    assert [v.accepted for v in decisions] == [True, True, True, False, False]
    await limiter.aclose()


async def test_full_store_is_a_store_that_does_not_answer(tmp_path: Path) -> None:
    running = await valkey.start(tmp_path)
    async with redis.Redis.from_url(running.url, protocol=2) as client:
        await client.config_set("maxmemory", "1")
        limiter = ValkeyLimiter(running.url, 2, SetClock(), PATIENT_S)
        assert (await limiter.take(1, "GET /a", 6, 6)).tenant_remaining == 2
        assert limiter.down
        await limiter.aclose()
    await running.stop()


async def test_wrong_url_is_the_operators() -> None:
    with pytest.raises(OperatorError, match="rate_limit_url"):
        ValkeyLimiter("http://somewhere", 2, SetClock())


async def test_deep_data_directory_gets_a_socket_elsewhere(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    running = await valkey.start(deep)
    socket = Path(running.url.removeprefix("unix://"))
    assert socket.is_socket()
    assert deep not in socket.parents
    await running.stop()
    assert not socket.parent.exists()
    assert (deep / "valkey.log").stat().st_size > 0


async def test_store_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = (
        "import asyncio, os, pathlib, signal, sys\n"
        "from tongdai.tenants.rate_limit import valkey\n"
        "running = asyncio.run(valkey.start(pathlib.Path(sys.argv[1])))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    starter = await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(tmp_path))
    assert await starter.wait() == -signal.SIGKILL
    with pytest.raises(ConnectionError):  # noqa: PT012
        async with asyncio.timeout(PATIENT_S):
            while True:
                _, writer = await asyncio.open_unix_connection(tmp_path / "valkey" / valkey.SOCKET)
                writer.close()
