"""A dialer whose store fails, hangs or is unreachable."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.support.dialer_scene import AGENTS, Scene, play
from tongdai.agents.model import AgentState
from tongdai.call_outcome import Outcome
from tongdai.calls.model import Call
from tongdai.campaigns.settings.model import CallSettings
from tongdai.dialer.options import CLAIM_LEASE, DIAL_BATCH
from tongdai.testing.memory_store.store import MemoryStore

METHODS = {"now", "running", "dial", "claim", "end", "answered", "rang", "overdue", "connected"}


def test_without_the_database_nothing_is_dialled_and_ends_of_calls_are_written_later() -> None:
    class Away(MemoryStore):
        away = False

        def __getattribute__(self, name: str) -> Any:
            if name in METHODS and object.__getattribute__(self, "away"):
                raise ConnectionError(name)
            return super().__getattribute__(name)

    async def scene(s: Scene) -> None:
        store = s.store
        assert isinstance(store, Away)
        s.campaign(300, CallSettings(max_calls=300, calls_per_second=5))
        s.start()
        await s.until(lambda: len(s.calls()) >= 20)
        store.away = True
        await asyncio.sleep(30)
        placed, ended = len(s.calls()), sum(call.ended_at is not None for call in s.calls())
        assert placed <= 25
        assert ended == placed
        assert len(s.store.over) < placed
        store.away = False
        await asyncio.sleep(3)
        assert len(s.store.over) >= placed
        await s.until(lambda: len(s.calls()) > placed)
        assert set(s.outcomes()) <= {Outcome.ANSWERED, Outcome.CANCELLED}

    play(scene, store=Away)


@pytest.mark.parametrize("error", [ConnectionError("no answer"), LookupError("a mistake")])
@pytest.mark.parametrize("done", [False, True])
def test_claims_whose_dialling_failed_are_all_pending_again_and_dialled_later(error: Exception, done: bool) -> None:
    class FailsOnce(MemoryStore):
        failed = False

        async def dial(self, calls: Sequence[Call], lease: timedelta) -> dict[UUID, Outcome | None]:
            if self.failed:
                return await super().dial(calls, lease)
            self.failed = True
            if done:
                await super().dial(calls, lease)
            raise error

    async def scene(s: Scene) -> None:
        s.campaign(150, CallSettings(max_calls=400, calls_per_second=200))
        s.start()
        await s.until(lambda: len(s.store.over) == 150, within_s=5)
        assert set(s.outcomes()) == {Outcome.CANCELLED}
        assert not s.calls()
        await s.until(lambda: len(s.calls()) == 150, within_s=5)
        await s.until(lambda: len(s.store.over) == 300)
        assert {c.call_status for c in s.store.contacts.values()} == {"answered"}

    play(scene, store=FailsOnce)


def test_batch_that_was_dialled_is_kept_when_the_next_one_fails() -> None:
    class FailsAtTheSecond(MemoryStore):
        dials = 0

        async def dial(self, calls: Sequence[Call], lease: timedelta) -> dict[UUID, Outcome | None]:
            self.dials += 1
            if self.dials == 2:
                raise LookupError("a mistake")
            return await super().dial(calls, lease)

    async def scene(s: Scene) -> None:
        s.campaign(150, CallSettings(max_calls=400, calls_per_second=200))
        s.start()
        await s.until(s.calls)
        await s.until(lambda: len(s.store.over) == 150 - DIAL_BATCH, within_s=2)
        assert set(s.outcomes()) == {Outcome.CANCELLED}
        await s.until(lambda: len(s.calls()) == 150, within_s=5)

    play(scene, store=FailsAtTheSecond)


def test_claim_that_is_not_dialled_within_its_lease_is_cancelled_and_not_dialled_then() -> None:
    class Hangs(MemoryStore):
        dials = 0

        async def dial(self, calls: Sequence[Call], lease: timedelta) -> dict[UUID, Outcome | None]:
            self.dials += 1
            if self.dials == 1:
                await asyncio.sleep(60)
            return await super().dial(calls, lease)

    async def scene(s: Scene) -> None:
        s.campaign(1)
        s.start()
        await s.until(lambda: s.store.active)
        await asyncio.sleep(CLAIM_LEASE.total_seconds() + 5)
        assert s.outcomes() == [Outcome.CANCELLED]
        await s.until(s.calls)
        await s.until(lambda: len(s.store.over) == 2)
        assert s.outcomes() == [Outcome.CANCELLED, Outcome.ANSWERED]

    play(scene, store=Hangs)


def test_answer_that_could_not_be_recorded_at_first_finds_an_agent_later() -> None:
    class FailsTwice(MemoryStore):
        failures = 0  # when the phone is picked up, and when the switch gives us the call

        async def answered(self, call: Call, at: datetime, lease: timedelta) -> bool:
            self.failures += 1
            if self.failures <= 2:
                raise LookupError("a mistake")
            return await super().answered(call, at, lease)

    async def scene(s: Scene) -> None:
        s.agents(1)
        s.start()
        await s.until(lambda: s.states() == [AgentState.IDLE])
        s.campaign(1, AGENTS)
        await s.until(lambda: s.states() == [AgentState.TALKING], within_s=30)

    play(scene, store=FailsTwice)
