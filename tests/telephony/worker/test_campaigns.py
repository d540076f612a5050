"""Several campaigns in one dialer: pausing, priorities, and one that fails."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from tests.support.dialer_scene import AGENTS, Scene, play
from tests.support.switch import channels_of
from tongdai.call_outcome import Outcome
from tongdai.calls.live.pacing_inputs import Load
from tongdai.calls.model import Call, ClaimConditions, Claims
from tongdai.campaigns.model import RunningCampaign, Status
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.values import Mode
from tongdai.testing.memory_store.store import MemoryStore


@pytest.mark.parametrize("status", [Status.PAUSED, Status.STOPPED])
def test_pause_and_stop_act_within_a_second_and_live_calls_finish(status: Status) -> None:
    async def scene(s: Scene) -> None:
        campaign = s.campaign(500, CallSettings(max_calls=400, calls_per_second=20))
        s.start()
        await s.until(lambda: len(s.calls()) > 40)
        s.store.move(campaign, status)
        await asyncio.sleep(1)
        placed = len(s.calls())
        await asyncio.sleep(100)
        assert len(s.calls()) == placed
        assert len(s.store.over) == placed
        assert set(s.outcomes()) == {Outcome.ANSWERED}

    play(scene)


def test_live_calls_are_limited_by_the_server_and_the_highest_priority_is_first() -> None:
    async def scene(s: Scene) -> None:
        s.campaign(100, CallSettings(max_calls=100, calls_per_second=50))
        s.campaign(100, CallSettings(max_calls=100, calls_per_second=50, priority=5))
        s.start(max_calls=30)
        await s.until(lambda: len(s.calls()) >= 30)
        assert {s.store.contacts[a.contact_id].campaign_id for a in s.store.active.values()} == {2}
        for _ in range(100):
            await asyncio.sleep(0.2)
            assert len(channels_of(s.simulated)) <= 30

    play(scene)


def test_figures_of_campaigns_that_do_not_run_are_deleted() -> None:
    async def scene(s: Scene) -> None:
        s.agents(1)
        campaign = s.campaign(1, replace(AGENTS, mode=Mode.PREDICTIVE))
        s.start()
        await s.until(lambda: s.dialer._originator._recent)
        s.store.move(campaign, Status.PAUSED)
        await asyncio.sleep(2)
        assert not s.dialer._originator._recent

    play(scene)


def test_campaign_that_fails_does_not_stop_another() -> None:
    class Broken(MemoryStore):
        async def load(self, campaign: RunningCampaign) -> Load:
            if campaign.campaign_id == 1:
                raise LookupError
            return await super().load(campaign)

    async def scene(s: Scene) -> None:
        s.campaign(5, CallSettings(priority=9))
        s.campaign(5)
        s.start()
        await s.until(lambda: len(s.store.over) == 5)
        assert {ended.call.campaign_id for ended in s.store.over.values()} == {2}

    play(scene, store=Broken)


@pytest.mark.slow
def test_campaign_whose_dialling_keeps_failing_claims_less_often_and_another_continues() -> None:
    class Broken(MemoryStore):
        claims = 0
        corrected = False

        async def claim(self, conditions: ClaimConditions, limit: int) -> Claims:
            self.claims += conditions.campaign_id == 1
            return await super().claim(conditions, limit)

        async def dial(self, calls: Sequence[Call], lease: timedelta) -> dict[UUID, Outcome | None]:
            if calls[0].campaign_id == 1 and not self.corrected:
                raise LookupError("a mistake")
            return await super().dial(calls, lease)

    async def scene(s: Scene) -> None:
        store = s.store
        assert isinstance(store, Broken)
        s.campaign(5)
        s.campaign(5)
        s.start()
        await asyncio.sleep(600)
        assert [c.call_status for c in store.contacts.values()] == [None] * 5 + ["answered"] * 5
        assert 10 <= store.claims <= 20
        store.corrected = True
        await s.until(lambda: len(s.calls()) == 10)

    play(scene, store=Broken)
