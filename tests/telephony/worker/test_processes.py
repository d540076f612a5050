"""A dialer that stops, crashes or loses the switch, and the next one."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from tests.support.dialer_scene import Scene, play
from tongdai.call_outcome import Outcome
from tongdai.calls.model import Call, ClaimConditions, Claims
from tongdai.calls.model import Ending as CallEnding
from tongdai.campaigns.model import Status
from tongdai.campaigns.settings.model import CallSettings
from tongdai.dialer.options import LEASE
from tongdai.switch.simulated.callees import Response, always
from tongdai.switch.simulated.client import SimulatedAri
from tongdai.telephony.worker import SwitchTaken
from tongdai.testing.memory_store.model import IN_CALL
from tongdai.testing.memory_store.store import MemoryStore

RIGHT_AGAIN_S = 10
"""Within so long after the switch is back, its calls are right again."""


def test_dialer_that_is_stopped_hands_back_claims_and_leaves_calls_to_the_next() -> None:
    class Slow(MemoryStore):
        async def dial(self, calls: Sequence[Call], lease: timedelta) -> dict[UUID, Outcome | None]:
            await asyncio.sleep(0.3)
            return await super().dial(calls, lease)

    async def scene(s: Scene) -> None:
        s.campaign(20, CallSettings(max_calls=20, calls_per_second=5, audio_file="offer"))
        s.start()
        await s.until(lambda: len(s.calls()) >= 10)
        await s.until(lambda: any(a.state == "claimed" for a in s.store.active.values()))
        await s.stop()
        assert not [a for a in s.store.active.values() if a.dialled_at is None]
        assert Outcome.CANCELLED in s.outcomes()
        up = set(s.store.active)
        assert up
        s.start()
        await s.until(lambda: len([c for c in s.store.contacts.values() if c.call_status]) == 20)
        assert {s.store.over[call_id].ending.outcome for call_id in up} == {Outcome.ANSWERED}

    play(scene, store=Slow)


def test_dialer_whose_switch_is_taken_ends_and_dials_no_more() -> None:
    async def scene(s: Scene) -> None:
        s.campaign(2000, CallSettings(max_calls=400, calls_per_second=10))
        s.start()
        await s.until(lambda: len(s.calls()) > 20)
        before = s.task
        asked = len(s.calls())
        other = SimulatedAri(s.simulated, s.rng)
        s.tasks.append(asyncio.create_task(other.run()))
        with pytest.raises(SwitchTaken):
            await before
        assert len(s.calls()) <= asked + 10
        asked = len(s.calls())
        await asyncio.sleep(60)
        assert len(s.calls()) == asked

    play(scene)


def test_calls_of_a_dialer_that_crashed_are_ended_within_a_lease() -> None:
    async def scene(s: Scene) -> None:
        campaign = s.campaign(40, CallSettings(max_calls=40, calls_per_second=10, audio_file="offer"))
        s.start()
        await s.until(lambda: len(s.calls()) == 40)
        s.ari.cut()
        s.task.cancel()
        s.switch.cancel()
        s.simulated.restart()
        s.store.move(campaign, Status.PAUSED)
        s.start()
        await asyncio.sleep(LEASE.total_seconds() + 5)
        assert not s.store.active
        assert not [c for c in s.store.contacts.values() if c.process_status == IN_CALL]
        assert set(s.outcomes()) <= {Outcome.LOST, Outcome.ANSWERED, Outcome.CANCELLED}
        assert Outcome.LOST in s.outcomes()

    play(scene)


def test_calls_of_a_switch_that_restarted_are_ended_when_it_is_back_and_dialing_goes_on() -> None:
    async def scene(s: Scene) -> None:
        s.campaign(40, CallSettings(max_calls=10, calls_per_second=10, audio_file="offer", ring_timeout_s=120))
        s.start()
        await s.until(lambda: len(s.calls()) == 10)
        before = set(s.store.active)
        s.simulated.restart(1)
        await asyncio.sleep(1 + RIGHT_AGAIN_S)
        assert s.outcomes() == [Outcome.LOST] * 10
        assert len(s.store.active) == 10
        assert not before & set(s.store.active)
        assert len(s.calls()) == 20

    play(scene, callee=always(Response.ANSWERED, after_s=60, talk_s=20))


def test_calls_that_a_switch_still_has_after_the_connection_was_lost_go_on() -> None:
    async def scene(s: Scene) -> None:
        s.campaign(10, CallSettings(max_calls=10, calls_per_second=10, audio_file="offer", ring_timeout_s=60))
        s.start()
        await s.until(lambda: len(s.calls()) == 10)
        s.simulated.cut(1)
        await s.until(lambda: len(s.outcomes()) == 10)
        assert set(s.outcomes()) == {Outcome.ANSWERED}

    play(scene, callee=always(Response.ANSWERED, after_s=30, talk_s=20))


def test_dialer_that_stops_writes_unwritten_records_although_its_last_claim_failed() -> None:
    class Fails(MemoryStore):
        away = False

        async def claim(self, conditions: ClaimConditions, limit: int) -> Claims:
            if conditions.campaign_id == 2:
                raise LookupError("a mistake")
            return await super().claim(conditions, limit)

        async def end(self, call: Call, ending: CallEnding) -> bool:
            if self.away:
                raise ConnectionError("not done")
            return await super().end(call, ending)

    async def scene(s: Scene) -> None:
        store = s.store
        assert isinstance(store, Fails)
        s.campaign(1)
        s.campaign(1)
        store.away = True
        s.start()
        await s.until(lambda: s.calls() and s.calls()[0].ended_at)
        await asyncio.sleep(2)
        store.away = False
        await s.stop()
        assert s.outcomes() == [Outcome.ANSWERED]

    play(scene, store=Fails)


def test_dialer_is_cancelled_although_a_claim_fails() -> None:
    class FailsSlowly(MemoryStore):
        async def claim(self, conditions: ClaimConditions, limit: int) -> Claims:
            await asyncio.sleep(0.3)
            raise LookupError("a mistake")

    async def scene(s: Scene) -> None:
        s.campaign(1)
        s.start()
        await s.until(lambda: s.dialer._originator._claiming)
        await s.stop()
        assert s.task.cancelled()

    play(scene, store=FailsSlowly)
