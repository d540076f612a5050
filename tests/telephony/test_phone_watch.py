"""Agents whose phones are in calls of their own get no calls, and get them again afterwards."""

import asyncio

import pytest
from structlog.testing import capture_logs

from tests.support.caller_scene import call_in, everybody_is, started
from tests.support.dialer_scene import AGENTS, QUEUE, Scene, play
from tongdai.agents.model import AgentState, Mode
from tongdai.ids import AgentId
from tongdai.switch.interface import Reply
from tongdai.switch.simulated.client import Faults

MODES = pytest.mark.parametrize("mode", Mode)
WITHIN_S = 5
FIRST = AgentId(1)


async def idle(s: Scene, mode: Mode, count: int = 1) -> None:
    for n in range(count):
        s.store.sign_in(s.store.add_agent(n + 1, f"a{n}", QUEUE, 0, mode=mode))
    await everybody_is(s, AgentState.IDLE)


def busy(s: Scene) -> list[bool]:
    return [agent.busy_elsewhere for agent in s.store.agents.values()]


@MODES
def test_agent_gets_no_caller_in_a_call_of_their_own_and_the_caller_afterwards(mode: Mode) -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        await idle(s, mode)
        s.simulated.use_phone("a0", 30)
        await s.until(lambda: busy(s) == [True], WITHIN_S)
        caller = await call_in(s, 1)
        await asyncio.sleep(20)
        assert not s.acd.offers
        assert not caller.talks
        await s.until(lambda: busy(s) == [False], 30)
        await s.until(lambda: caller.talks, WITHIN_S)
        assert s.store.agents[FIRST].missed == 0

    play(scene)


def test_agent_gets_no_call_of_a_campaign_in_a_call_of_their_own() -> None:
    async def scene(s: Scene) -> None:
        s.agents(1)
        s.start()
        await everybody_is(s, AgentState.IDLE)
        s.simulated.use_phone("a0", 30)
        await s.until(lambda: busy(s) == [True], WITHIN_S)
        s.campaign(1, AGENTS)
        await asyncio.sleep(20)
        assert not s.calls()
        await s.until(s.calls, 30)

    play(scene)


@MODES
def test_calls_of_ours_do_not_make_a_phone_busy_elsewhere(mode: Mode) -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        await idle(s, mode)
        caller = await call_in(s, 1, talk_s=10)
        while not s.acd.over:
            assert busy(s) == [False]
            await asyncio.sleep(0.1)
        assert caller.talks

    play(scene)


@MODES
def test_call_of_the_agents_own_interrupts_no_talk(mode: Mode) -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        await idle(s, mode)
        caller = await call_in(s, 1, talk_s=20)
        await everybody_is(s, AgentState.TALKING)
        s.simulated.use_phone("a0", 60)
        await s.until(lambda: busy(s) == [True], WITHIN_S)
        assert s.states() == [AgentState.TALKING]
        await s.until(lambda: s.acd.over)
        assert caller.ended_by == "caller"
        await call_in(s, 2)
        await asyncio.sleep(20)
        assert len(s.acd.offers) == 1

    play(scene)


@MODES
def test_phone_is_known_to_be_busy_after_a_restart_before_anybody_is_offered_a_caller(mode: Mode) -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        await idle(s, mode)
        await s.stop()
        s.simulated.use_phone("a0", 60)
        s.start()
        await s.until(lambda: s.ari.up)
        await call_in(s, 1)
        await asyncio.sleep(30)
        assert busy(s) == [True]
        assert not s.acd.offers
        await s.until(lambda: s.acd.offers, 60)

    play(scene)


def test_phone_is_free_after_a_restart_of_the_process_or_the_switch() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        await idle(s, Mode.RING)
        s.simulated.use_phone("a0", 5)
        await s.until(lambda: busy(s) == [True], WITHIN_S)
        await s.stop()
        await asyncio.sleep(10)
        s.start()
        await s.until(lambda: busy(s) == [False], WITHIN_S)
        s.simulated.use_phone("a0", 500)
        await s.until(lambda: busy(s) == [True], WITHIN_S)
        s.simulated.restart(0.5)
        await s.until(lambda: busy(s) == [False], WITHIN_S)

    play(scene)


def test_phone_that_is_switched_off_is_offered_nobody_and_gets_the_caller_once_it_registers() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        await idle(s, Mode.RING)
        s.simulated.unregister("a0")
        await everybody_is(s, AgentState.UNREACHABLE)
        caller = await call_in(s, 1)
        await asyncio.sleep(20)
        assert not s.acd.offers
        s.simulated.register("a0")
        await s.until(lambda: caller.talks, WITHIN_S)
        assert s.store.agents[FIRST].missed == 0

    play(scene)


def test_phone_that_registers_while_its_agent_is_signed_out_is_reachable_when_they_sign_in() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        await idle(s, Mode.RING)
        s.simulated.unregister("a0")
        await everybody_is(s, AgentState.UNREACHABLE)
        s.store.sign_out(FIRST)
        s.simulated.register("a0")
        await asyncio.sleep(5)
        s.store.sign_in(FIRST)
        await s.until(lambda: s.states() == [AgentState.IDLE], WITHIN_S)

    play(scene)


def test_desk_phone_that_signs_off_keeps_its_call_and_its_agent() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        await idle(s, Mode.NAILED_UP)
        s.simulated.unregister("a0")
        await asyncio.sleep(20)
        assert s.states() == [AgentState.IDLE]
        caller = await call_in(s, 1)
        await s.until(lambda: caller.talks, WITHIN_S)

    play(scene)


@MODES
def test_agent_whose_browser_sleeps_or_is_gone_gets_no_caller_until_it_is_back(mode: Mode) -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        await idle(s, mode)
        s.store.browsers.add("a0")
        s.simulated.unregister("a0")  # its call, in mode nailed-up, continues
        await everybody_is(s, AgentState.UNREACHABLE)
        caller = await call_in(s, 1)
        await asyncio.sleep(20)
        assert not s.acd.offers
        s.simulated.register("a0")
        await s.until(lambda: caller.talks, WITHIN_S)
        assert s.store.agents[FIRST].missed == 0

    play(scene)


@MODES
def test_page_that_does_not_answer_gets_no_caller_though_the_switch_can_reach_it(mode: Mode) -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        await idle(s, mode)
        s.store.browsers.add("a0")
        s.store.asleep.add("a0")
        await everybody_is(s, AgentState.UNREACHABLE)
        caller = await call_in(s, 1)
        await asyncio.sleep(20)
        assert not s.acd.offers
        s.store.asleep.clear()
        await s.until(lambda: caller.talks, WITHIN_S)

    play(scene)


def test_next_caller_goes_to_another_agent_while_a_browser_is_gone() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        await idle(s, Mode.NAILED_UP, 2)
        s.store.browsers |= {"a0", "a1"}
        s.simulated.unregister("a0")
        await s.until(lambda: s.states() == [AgentState.UNREACHABLE, AgentState.IDLE], WITHIN_S)
        caller = await call_in(s, 1)
        await s.until(lambda: caller.talks, WITHIN_S)
        assert s.states() == [AgentState.UNREACHABLE, AgentState.TALKING]

    play(scene)


def test_talk_survives_a_browser_that_is_away_and_its_agent_gets_none_after_it() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        await idle(s, Mode.NAILED_UP)
        s.store.browsers.add("a0")
        caller = await call_in(s, 1, talk_s=20)
        await everybody_is(s, AgentState.TALKING)
        s.simulated.unregister("a0")
        await s.until(lambda: s.acd.over)
        assert caller.ended_by == "caller"
        await s.until(lambda: s.states() == [AgentState.UNREACHABLE], WITHIN_S)
        s.simulated.register("a0")
        await everybody_is(s, AgentState.IDLE)

    play(scene)


def test_browser_that_went_while_nobody_led_is_known_before_anybody_is_offered_a_caller() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        await idle(s, Mode.NAILED_UP)
        s.store.browsers.add("a0")
        await s.stop()
        s.simulated.unregister("a0")
        s.start()
        await s.until(lambda: s.ari.up)
        await call_in(s, 1)
        await asyncio.sleep(20)
        assert not s.acd.offers
        assert s.states() == [AgentState.UNREACHABLE]

    play(scene)


def test_phone_is_busy_at_once_when_the_switch_reports_it() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        await idle(s, Mode.RING)
        await asyncio.sleep(2)
        for _ in range(5):
            s.simulated.use_phone("a0", 0.5)
            await s.until(lambda: busy(s) == [True], 0.3)
            await s.until(lambda: busy(s) == [False], 1)
            await asyncio.sleep(s.rng.uniform(0.5, 2))

    play(scene)


def test_lost_reports_and_failing_requests_do_not_keep_a_phone_busy_or_free() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        await idle(s, Mode.RING, 2)
        s.ari.faults = Faults(event_lost=1.0, error=0.2)
        for _ in range(20):
            s.simulated.use_phone("a0", 10)
            await s.until(lambda: busy(s) == [True, False], WITHIN_S)
            await s.until(lambda: busy(s) == [False, False], 10 + WITHIN_S)

    play(scene)


def test_switch_that_reports_no_phones_is_said_once_and_phones_are_listed_still() -> None:
    async def scene(s: Scene) -> None:
        handle = s.simulated.handle

        def without_device_states(method: str, uri: str, *rest: object) -> Reply:
            if uri.endswith("subscription") and "deviceState" in str(rest):
                return Reply(400, {"message": "Invalid scheme"})
            return handle(method, uri, *rest)  # type: ignore[arg-type]

        s.simulated.handle = without_device_states  # type: ignore[method-assign]
        with capture_logs() as logs:
            await started(s)
            await idle(s, Mode.RING)
            await asyncio.sleep(10)
            s.simulated.use_phone("a0", 10)
            await s.until(lambda: busy(s) == [True], WITHIN_S)
        assert [line["event"] for line in logs].count("phones not reported") == 1

    play(scene)
