"""Agents whom a supervisor releases from an offer or a talk, on the simulated switch."""

import asyncio
from dataclasses import replace

import pytest

from tests.support.caller_scene import RULES, call_in, endings, everybody_is, started
from tests.support.dialer_scene import Scene, play
from tests.support.ringing import RINGS_ONLY, outcomes, phones, ring_agents
from tongdai.agents.model import AgentState
from tongdai.call_outcome import InboundOutcome, OfferOutcome
from tongdai.ids import AgentId
from tongdai.queues.model import Selector
from tongdai.switch.simulated.callees import phone, uniform


def test_phone_of_an_agent_who_is_released_stops_ringing_and_the_caller_keeps_waiting() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.phones["a0"] = RINGS_ONLY
        await started(s, replace(RULES, ring_timeout_s=60))
        (agent_id,) = ring_agents(s)
        caller = await call_in(s, 1)
        await s.until(lambda: phones(s))
        assert s.store.release(agent_id)
        await s.until(lambda: phones(s)[0].ended_at, within_s=2)
        assert (outcomes(s), s.states()) == ([OfferOutcome.WITHDRAWN], [AgentState.OFFLINE])
        assert s.store.agents[agent_id].missed == 0
        assert s.acd.waiting
        assert caller.ended_at is None
        s.store.sign_in(agent_id)
        await s.until(lambda: len(phones(s)) == 2)
        assert outcomes(s) == [OfferOutcome.WITHDRAWN, None]

    play(scene)


def test_other_phones_ring_on_when_one_of_several_agents_is_released() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.phones |= {"a0": RINGS_ONLY, "a1": phone(uniform(6, 6))}
        await started(s, replace(RULES, selector=Selector.RING_ALL, ring_timeout_s=60))
        ring_agents(s, 2)
        caller = await call_in(s, 1)
        await everybody_is(s, AgentState.ALERTING)
        assert s.store.release(AgentId(1))
        await s.until(lambda: phones(s)[0].ended_at, within_s=2)
        await s.until(lambda: caller.talks)
        assert outcomes(s) == [OfferOutcome.WITHDRAWN, OfferOutcome.ANSWERED]
        assert s.states() == [AgentState.OFFLINE, AgentState.TALKING]

    play(scene)


@pytest.mark.parametrize("after_s", [2.99, 3.0, 3.0005, 3.001, 3.002, 3.005, 3.05])
def test_nobody_talks_with_an_agent_who_is_released_as_they_answer(after_s: float) -> None:
    async def scene(s: Scene) -> None:
        s.simulated.phones["a0"] = phone(uniform(3, 3))
        await started(s)
        (agent_id,) = ring_agents(s)
        caller = await call_in(s, 1, talk_s=None)
        await s.until(lambda: phones(s))
        await asyncio.sleep(after_s)
        assert s.store.release(agent_id)
        await s.until(lambda: phones(s)[0].ended_at, within_s=4)
        await asyncio.sleep(1)
        assert s.states() == [AgentState.OFFLINE]
        assert [*s.simulated._channels] == ([] if caller.ended_at else [caller.channel_id])
        assert None not in outcomes(s)
        assert s.acd.live.keys() == s.acd.waiting.keys()

    play(scene)


def test_talk_of_an_agent_who_is_released_ends() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.phones["a0"] = phone(uniform(1, 1))
        await started(s)
        (agent_id,) = ring_agents(s)
        caller = await call_in(s, 1, talk_s=None)
        await everybody_is(s, AgentState.TALKING)
        assert s.store.release(agent_id)
        await s.until(lambda: caller.ended_at, within_s=4)
        assert (caller.ended_by, endings(s)) == ("us", [InboundOutcome.ANSWERED])
        await s.until(lambda: not s.simulated._channels)
        assert s.states() == [AgentState.OFFLINE]

    play(scene)


def test_talk_of_an_agent_with_a_nailed_up_phone_who_is_released_ends() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        (agent_id,) = s.agents(1)
        await everybody_is(s, AgentState.IDLE)
        caller = await call_in(s, 1, talk_s=None)
        await everybody_is(s, AgentState.TALKING)
        assert s.store.release(agent_id)
        await s.until(lambda: caller.ended_at, within_s=4)
        await s.until(lambda: not s.simulated._channels)
        assert s.states() == [AgentState.OFFLINE]

    play(scene)
