"""Callers who join a queue: many at once, and while nobody is signed in."""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from tests.support.caller_scene import NUMBER, RULES, call_in, started
from tests.support.dialer_scene import Scene, between, play
from tongdai.acd.caller.store import CallerRow
from tongdai.calls.inbound.model import InboundCall
from tongdai.queues.model import QueueRules
from tongdai.testing.memory_store.acd import MemoryAcdStore


class SlowStore(MemoryAcdStore):
    """Takes a moment to record who has joined."""

    async def join(
        self, call: InboundCall, rules: QueueRules, hops: int, at: datetime, **more: Any
    ) -> CallerRow | None:
        await asyncio.sleep(0.05)
        return await super().join(call, rules, hops, at, **more)


def test_callers_who_arrive_together_are_no_more_than_the_queue_takes() -> None:
    async def scene(s: Scene) -> None:
        s.acd = SlowStore(s.store, s.clock)
        await started(s, replace(RULES, max_length=3))
        callers = [s.simulated.call_in(NUMBER, f"8490{person:07d}") for person in range(20)]
        await s.until(lambda: all(caller.answered_at or caller.ended_at for caller in callers))
        assert sum(caller.answered_at is not None for caller in callers) == 3
        assert {caller.cause for caller in callers if caller.answered_at is None} == {17}

    play(scene)


def test_caller_who_joins_an_empty_queue_waits_as_long_as_those_before() -> None:
    async def scene(s: Scene) -> None:
        await started(s, replace(RULES, leave_empty_after_s=30))
        first = await call_in(s, 1)
        await asyncio.sleep(25)
        second = await call_in(s, 2)
        await s.until(lambda: len(s.acd.over) == 2)
        for caller in (first, second):
            assert between(caller.answered_at, caller.ended_at).total_seconds() == pytest.approx(31, abs=2)

    play(scene)
