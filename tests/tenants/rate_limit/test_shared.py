"""Limits shared by processes, in a real Valkey. The limiter's clock is set by the test."""

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio as redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.rate_limit import LIMITS, PATIENT_S, STEPS, SetClock
from tongdai.errors import OperatorError
from tongdai.tenants.rate_limit import shared, valkey
from tongdai.tenants.rate_limit.limits import WINDOW_US, Decision, MemoryLimiter, Windows, decision_of
from tongdai.tenants.rate_limit.shared import SCRIPT, ValkeyLimiter

fresh_tenant = itertools.count(1_000_000).__next__


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


async def test_keys_expire_and_have_the_tenant_as_hash_tag(client: Any, store: valkey.ValkeyServer) -> None:
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


async def test_peek_reports_and_counts_nothing(store: valkey.ValkeyServer) -> None:
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


async def test_processes_apply_their_shares_while_the_store_is_dead(tmp_path: Path) -> None:
    clock = SetClock()
    running = await valkey.start(tmp_path)
    limiter = ValkeyLimiter(running.url, 4, clock, PATIENT_S)
    for _ in range(2):
        assert (await limiter.take(1, "GET /a", 18, 18)).accepted
    os.kill(running.pid, signal.SIGKILL)
    assert await running.watch() == -signal.SIGKILL

    decisions = await asyncio.gather(*(limiter.take(1, "GET /a", 18, 18) for _ in range(20)))
    assert sum(v.accepted for v in decisions) == 3  # its share is 5, and the store had granted 2
    assert all(v.tenant_limit == 18 and v.tenant_remaining <= 2 for v in decisions)
    assert all(v.accepted or v.retry_after_s == 10 for v in decisions)
    assert limiter.down

    restarted = await valkey.start(tmp_path)  # without its data
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


async def test_hung_store_gets_one_request_a_second_until_it_answers(tmp_path: Path) -> None:
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
    assert limiter.unanswered == 10, "one request tries, the others do not wait for it"

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


async def test_wrong_url_is_an_error_of_the_operator() -> None:
    with pytest.raises(OperatorError, match="rate_limit_url"):
        ValkeyLimiter("http://somewhere", 2, SetClock())
