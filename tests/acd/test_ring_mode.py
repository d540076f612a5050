"""Callers and agents whose phones ring for each call, on the simulated switch."""

import asyncio
from dataclasses import replace

import pytest

from tests.support.caller_scene import NUMBER, RULES, call_in, endings, everybody_is, open_queue, started
from tests.support.dialer_scene import Scene, play
from tests.support.ringing import RINGS_ONLY, outcomes, phones, ring_agents
from tongdai.agents.model import AgentState
from tongdai.call_outcome import InboundOutcome, OfferOutcome
from tongdai.ids import AgentId
from tongdai.switch.simulated.callees import Response, always, phone, uniform
from tongdai.switch.simulated.client import Faults
from tongdai.switch.simulated.ledger import SimulatedCaller


def test_phone_rings_for_the_caller_and_is_hung_up_after_the_talk() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        ring_agents(s)
        caller = await call_in(s, 1)
        await everybody_is(s, AgentState.ALERTING)
        assert caller.music_s == 0
        assert not caller.talks
        await everybody_is(s, AgentState.TALKING)
        (rung,) = phones(s)
        assert rung.caller_id == "84900000001"
        await s.until(lambda: s.acd.over)
        assert endings(s) == [InboundOutcome.ANSWERED]
        assert outcomes(s) == [OfferOutcome.ANSWERED]
        await s.until(lambda: rung.ended_at)
        assert not s.simulated._channels
        await everybody_is(s, AgentState.IDLE)

    play(scene)


def test_caller_is_hung_up_when_the_agent_hangs_up() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.phones["a0"] = always(Response.ANSWERED, after_s=1, talk_s=8)
        await started(s)
        ring_agents(s)
        caller = await call_in(s, 1, talk_s=None)
        await s.until(lambda: s.acd.over)
        assert (caller.ended_by, endings(s)) == ("us", [InboundOutcome.ANSWERED])
        assert s.states() == [AgentState.WRAP_UP]

    play(scene)


def test_caller_is_offered_to_another_agent_when_a_phone_is_not_answered() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.phones["a0"] = RINGS_ONLY
        await started(s, replace(RULES, ring_timeout_s=10))
        ring_agents(s, 2)
        caller = await call_in(s, 1)
        await s.until(lambda: caller.talks)
        assert outcomes(s) == [OfferOutcome.NO_ANSWER, OfferOutcome.ANSWERED]
        assert 10 <= caller.music_s < 16
        assert s.store.agents[AgentId(1)].missed == 1

    play(scene)


def test_agent_who_misses_several_callers_is_paused() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.phones["a0"] = RINGS_ONLY
        await started(s, replace(RULES, ring_timeout_s=5, auto_pause_after=3))
        ring_agents(s)
        await call_in(s, 1)
        await everybody_is(s, AgentState.PAUSED)
        assert outcomes(s) == [OfferOutcome.NO_ANSWER] * 3
        assert s.acd.waiting, "the caller keeps waiting"

    play(scene)


@pytest.mark.parametrize("response", [Response.BUSY, Response.REJECTED])
def test_agent_who_declines_is_offered_other_callers_at_once_and_not_this_one(response: Response) -> None:
    async def scene(s: Scene) -> None:
        s.simulated.phones["a0"] = always(response, after_s=1)
        await started(s)
        ring_agents(s)
        await call_in(s, 1)
        await call_in(s, 2)
        await s.until(lambda: len([outcome for outcome in outcomes(s) if outcome]) == 2)
        assert outcomes(s) == [OfferOutcome.REJECTED] * 2
        assert len({offer.call_id for offer in s.acd.offers}) == 2
        assert s.store.agents[AgentId(1)].missed == 0

    play(scene)


def test_phone_that_cannot_be_called_makes_its_agent_unreachable() -> None:
    async def scene(s: Scene) -> None:
        del s.simulated.phones["a0"]
        await started(s)
        ring_agents(s)
        await call_in(s, 1)
        await everybody_is(s, AgentState.UNREACHABLE)
        assert outcomes(s) == [OfferOutcome.UNREACHABLE]

    play(scene)


def test_phone_stops_ringing_when_the_caller_hangs_up() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.phones["a0"] = RINGS_ONLY
        await started(s)
        ring_agents(s)
        caller = await call_in(s, 1)
        await s.until(lambda: phones(s))
        await asyncio.sleep(1)
        s.simulated.leave(caller)
        await s.until(lambda: phones(s)[0].ended_at, within_s=2)
        assert endings(s) == [InboundOutcome.ABANDONED]
        assert outcomes(s) == [OfferOutcome.CALLER_GONE]
        await everybody_is(s, AgentState.IDLE)

    play(scene)


def test_ringing_and_talks_continue_over_a_restart() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.phones["a0"] = phone(uniform(8, 9))
        await started(s)
        ring_agents(s)
        caller = await call_in(s, 1)
        await everybody_is(s, AgentState.ALERTING)
        await asyncio.sleep(2)
        for state in (AgentState.ALERTING, AgentState.TALKING):
            await everybody_is(s, state)
            await s.stop()
            s.start()
        await s.until(lambda: caller.talks)
        await s.until(lambda: s.acd.over)
        assert (caller.ended_by, endings(s)) == ("caller", [InboundOutcome.ANSWERED])
        assert outcomes(s) == [OfferOutcome.ANSWERED]
        await s.until(lambda: not s.simulated._channels)
        assert len(phones(s)) == 1

    play(scene)


@pytest.mark.parametrize(
    "faults",
    [Faults(event_lost=0.2, event_late=0.3), Faults(reply_lost=0.1, request_lost=0.1, error=0.1, originate_late=0.1)],
)
def test_every_phone_is_free_again_whatever_is_lost(faults: Faults) -> None:
    async def scene(s: Scene) -> None:
        open_queue(s)
        s.start()
        await s.until(lambda: s.ari.up)
        ring_agents(s, 3)
        s.ari.faults = faults
        callers: list[SimulatedCaller] = []
        for person in range(40):
            callers.append(s.simulated.call_in(NUMBER, f"8490{person:07d}", waits_s=90, talk_s=10))
            await asyncio.sleep(s.rng.uniform(0, 10))
        await s.until(lambda: all(caller.ended_at for caller in callers), within_s=600)
        s.ari.faults = Faults()
        await s.until(lambda: not s.acd.live and not s.simulated._channels)
        await s.until(lambda: {AgentState.IDLE, AgentState.UNREACHABLE, AgentState.PAUSED} >= set(s.states()))
        assert all(offer.outcome for offer in s.acd.offers)
        assert sum(bool(caller.talks) for caller in callers) > 10

    play(scene)
