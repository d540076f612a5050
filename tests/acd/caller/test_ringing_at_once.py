"""Callers of a queue whose agents' phones all ring at once, on the simulated switch."""

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from tests.support.caller_scene import NUMBER, RULES, call_in, endings, everybody_is, started
from tests.support.dialer_scene import Scene, play
from tests.support.ringing import RINGS_ONLY, outcomes, phones, ring_agents
from tongdai.agents.model import AgentState
from tongdai.call_outcome import InboundOutcome, OfferOutcome
from tongdai.queues.model import Selector
from tongdai.switch.simulated.callees import Response, always, phone, uniform
from tongdai.switch.simulated.client import Faults

ALL_RING = replace(RULES, selector=Selector.RING_ALL, ring_timeout_s=10)
ANSWERED, ELSEWHERE = OfferOutcome.ANSWERED, OfferOutcome.ANSWERED_ELSEWHERE


def missed(s: Scene) -> list[int]:
    return [agent.missed for agent in s.store.agents.values()]


def test_first_to_answer_gets_the_caller_and_the_other_phones_stop_ringing() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.phones |= {"a0": phone(uniform(9, 9)), "a1": phone(uniform(3, 3)), "a2": RINGS_ONLY}
        await started(s, ALL_RING)
        ring_agents(s, 3)
        caller = await call_in(s, 1, talk_s=30)
        await everybody_is(s, AgentState.ALERTING)
        await s.until(lambda: caller.talks)
        assert outcomes(s) == [ELSEWHERE, None, ELSEWHERE] or outcomes(s) == [ELSEWHERE, ANSWERED, ELSEWHERE]
        await s.until(lambda: sum(call.ended_at is None for call in phones(s)) == 1, within_s=1)
        assert s.states().count(AgentState.IDLE) == 2
        assert missed(s) == [0, 0, 0]
        await s.until(lambda: s.acd.over)
        assert (endings(s), caller.ended_by) == ([InboundOutcome.ANSWERED], "caller")
        assert outcomes(s) == [ELSEWHERE, ANSWERED, ELSEWHERE]
        assert len(phones(s)) == 3

    play(scene)


@pytest.mark.parametrize("late_s", [0.0, 0.001, 0.05])
def test_of_two_answers_at_once_one_is_bridged(late_s: float) -> None:
    async def scene(s: Scene) -> None:
        s.simulated.phones |= {"a0": phone(uniform(3, 3)), "a1": phone(uniform(3 + late_s, 3 + late_s))}
        await started(s, ALL_RING)
        ring_agents(s, 2)
        for person in range(1, 9):
            caller = await call_in(s, person, talk_s=5)
            await s.until(partial(getattr, caller, "ended_at"))
            assert len(caller.talks) == 1
            await everybody_is(s, AgentState.IDLE)
        assert sorted(filter(None, outcomes(s))) == [ANSWERED] * 8 + [ELSEWHERE] * 8
        assert missed(s) == [0, 0]

    play(scene)


def test_all_phones_stop_ringing_when_the_caller_hangs_up() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.phones |= {"a0": RINGS_ONLY, "a1": RINGS_ONLY}
        await started(s, ALL_RING)
        ring_agents(s, 2)
        caller = await call_in(s, 1)
        await s.until(lambda: len(phones(s)) == 2)
        await asyncio.sleep(1)
        s.simulated.leave(caller)
        await s.until(lambda: all(call.ended_at for call in phones(s)), within_s=2)
        assert outcomes(s) == [OfferOutcome.CALLER_GONE] * 2
        await everybody_is(s, AgentState.IDLE)

    play(scene)


def test_caller_waits_on_at_the_same_place_when_nobody_answers_and_all_ring_again() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.phones |= {"a0": RINGS_ONLY, "a1": always(Response.REJECTED, after_s=1)}
        await started(s, ALL_RING)
        ring_agents(s, 2)
        await call_in(s, 1)
        await s.until(lambda: len(outcomes(s)) == 4)
        first = outcomes(s)[:2]
        assert first == [OfferOutcome.NO_ANSWER, OfferOutcome.REJECTED]
        assert missed(s)[1] == 0
        (row,) = s.acd.waiting.values()
        assert row.offers == 4

    play(scene)


def test_agents_whose_phones_are_connected_get_callers_while_no_other_is_idle() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.phones["a2"] = phone(uniform(1, 1))
        await started(s, ALL_RING)
        (connected,) = s.agents(1)
        await everybody_is(s, AgentState.IDLE)
        caller = await call_in(s, 1)
        await s.until(lambda: caller.talks)
        assert s.acd.offers[0].agent_id == connected

    play(scene)


def test_ringing_continues_over_a_restart_and_one_talks() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.phones |= {"a0": phone(uniform(9, 9)), "a1": phone(uniform(9, 9))}
        await started(s, ALL_RING)
        ring_agents(s, 2)
        caller = await call_in(s, 1, talk_s=20)
        await everybody_is(s, AgentState.ALERTING)
        await asyncio.sleep(2)
        await s.stop()
        s.start()
        await s.until(lambda: s.acd.over)
        assert len(caller.talks) == 1
        assert sorted(filter(None, outcomes(s))) == [ANSWERED, ELSEWHERE]
        assert len(phones(s)) == 2

    play(scene)


@pytest.mark.parametrize(
    "faults",
    [Faults(event_lost=0.2, event_late=0.3), Faults(reply_lost=0.1, request_lost=0.1, error=0.1, originate_late=0.1)],
)
def test_every_phone_is_free_again_whatever_is_lost(faults: Faults) -> None:
    async def scene(s: Scene) -> None:
        await started(s, ALL_RING)
        ring_agents(s, 4)
        s.ari.faults = faults
        callers = []
        for person in range(30):
            callers.append(s.simulated.call_in(NUMBER, f"8490{person:07d}", waits_s=90, talk_s=10))
            await asyncio.sleep(s.rng.uniform(0, 10))
        await s.until(lambda: all(caller.ended_at for caller in callers), within_s=600)
        s.ari.faults = Faults()
        await s.until(lambda: not s.acd.live and not s.simulated._channels)
        await s.until(lambda: {AgentState.IDLE, AgentState.UNREACHABLE, AgentState.PAUSED} >= set(s.states()))
        assert all(offer.outcome for offer in s.acd.offers)
        assert sum(bool(caller.talks) for caller in callers) > 8

    play(scene)
