"""Callbacks in a running telephony process, on the simulated switch: who is called when, and what happens to it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from tests.support.callback_scene import NOBODY, dialled_to, phone, promised, states
from tests.support.caller_scene import RULES, call_in, everybody_is, open_queue, started
from tests.support.dialer_scene import Scene, between, play
from tongdai.agents.model import AgentState, Mode
from tongdai.callbacks.model import MAX_TRIES, RETRY_AFTER, CallbackState
from tongdai.queues.model import HANG_UP, CallbackMode
from tongdai.switch.simulated.callees import Response, always

CUSTOMER_FIRST = replace(RULES, callback_mode=CallbackMode.CUSTOMER_FIRST)
RULES_OF = pytest.mark.parametrize("rules", [RULES, CUSTOMER_FIRST], ids=["agent first", "customer first"])


@RULES_OF
def test_customer_is_called_when_an_agent_is_idle_and_talks_to_them(rules) -> None:
    async def scene(s: Scene) -> None:
        await started(s, rules)
        promised(s, 1)
        await asyncio.sleep(10)
        assert not dialled_to(s, 1), "nobody is idle"
        s.agents(1, wrap_up_s=5)
        await everybody_is(s, AgentState.TALKING)
        assert states(s) == [CallbackState.DONE]
        (call,) = s.calls()
        assert (call.caller_id, call.app_args) == ("+842873001234", ("callback",))
        assert between(call.answered_at, call.bridged_at) < timedelta(seconds=1)
        await s.until(lambda: s.acd.over)
        assert s.states() == [AgentState.WRAP_UP]
        assert not s.simulated._bridges

    play(scene)


def test_agent_is_reserved_before_the_customer_is_called_and_free_without_a_wrap_up_when_nobody_answers() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        s.agents(1)
        await everybody_is(s, AgentState.IDLE)
        callback = promised(s, 1)
        await s.until(lambda: dialled_to(s, 1))
        assert s.states() == [AgentState.RESERVED]
        await everybody_is(s, AgentState.IDLE)
        again = s.acd.callbacks[callback.callback_id]
        assert (again.state, again.tries, again.arrived_at) == (CallbackState.PENDING, 1, callback.arrived_at)
        assert again.due_at > s.clock.now() + RETRY_AFTER - timedelta(seconds=5)
        assert not s.acd.live

    play(scene, NOBODY)


def test_agent_is_not_reserved_in_mode_customer_first() -> None:
    async def scene(s: Scene) -> None:
        await started(s, CUSTOMER_FIRST)
        s.agents(1)
        await everybody_is(s, AgentState.IDLE)
        promised(s, 1)
        promised(s, 2)
        await s.until(lambda: dialled_to(s, 1))
        await asyncio.sleep(10)
        assert s.states() == [AgentState.IDLE]
        assert not dialled_to(s, 2), "one agent is the reason for one call at a time"

    play(scene, NOBODY)


def test_nobody_is_called_again_after_the_last_try() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        s.agents(1)
        promised(s, 1)
        await s.until(lambda: states(s) == [CallbackState.FAILED], within_s=3600)
        called = dialled_to(s, 1)
        assert len(called) == MAX_TRIES
        assert all(later - earlier >= RETRY_AFTER for earlier, later in pairwise(called))

    play(scene, NOBODY)


def test_callbacks_and_callers_are_served_in_one_order() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        first, _, last = promised(s, 1, ago_s=60), await call_in(s, 2), promised(s, 3)
        s.agents(1, wrap_up_s=0)
        await s.until(lambda: len(s.acd.over) == 3, within_s=900)
        by_phone = {s.acd.callbacks[one.callback_id].call_id: one.phone for one in (first, last)}
        order = [by_phone.get(offer.call_id, phone(2)) for offer in s.acd.offers]
        assert order == [phone(1), phone(2), phone(3)]

    play(scene)


def test_customers_are_called_in_their_order_and_wait_at_their_place_in_mode_customer_first() -> None:
    async def scene(s: Scene) -> None:
        await started(s, CUSTOMER_FIRST)
        promised(s, 1, ago_s=60)
        await call_in(s, 2)
        promised(s, 3)
        await call_in(s, 4)
        s.agents(1, wrap_up_s=0)
        await s.until(lambda: len(s.acd.over) == 4, within_s=900)
        assert dialled_to(s, 1) < dialled_to(s, 3)
        tries = [one.call_id for one in s.acd.callbacks.values()]
        served = [tries.index(offer.call_id) if offer.call_id in tries else None for offer in s.acd.offers]
        assert served.index(0) < served.index(1), "the first customer is served before the second"

    play(scene)


def test_position_of_a_caller_counts_callbacks_that_come_before() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        promised(s, 1, ago_s=60)
        await call_in(s, 2)
        await asyncio.sleep(2)
        acd, room = s.dialer._acd, s.dialer._room
        assert acd is not None
        assert room is not None
        (caller,) = acd.callers.values()
        assert room.position(caller) == 2

    play(scene)


@RULES_OF
@pytest.mark.parametrize("after_s", [0.2, 2.0, 5.3, 6.0, 20.0])
def test_customer_is_dialled_once_over_a_restart(rules, after_s: float) -> None:
    async def scene(s: Scene) -> None:
        await started(s, rules)
        s.agents(1)
        await everybody_is(s, AgentState.IDLE)
        promised(s, 1)
        await s.until(lambda: s.acd.live)
        await asyncio.sleep(after_s)
        await s.stop()
        s.start()
        await s.until(lambda: states(s) == [CallbackState.DONE])
        await s.until(lambda: s.acd.over)
        assert len(dialled_to(s, 1)) == 1

    play(scene)


def test_try_that_was_committed_and_not_dialled_ends_with_its_lease() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        s.agents(1)
        await everybody_is(s, AgentState.IDLE)
        callback = promised(s, 1)
        await s.stop()
        (agent_id,) = s.store.agents
        assert await s.acd.dial(callback, agent_id, s.clock.now())
        s.start()
        await everybody_is(s, AgentState.IDLE)
        assert not dialled_to(s, 1)
        await s.until(lambda: states(s) == [CallbackState.DONE], within_s=900)
        assert len(dialled_to(s, 1)) == 1

    play(scene)


def test_customer_who_answers_when_the_agent_has_gone_is_served_by_the_next_one() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        _, second = s.agents(2)
        await everybody_is(s, AgentState.IDLE)
        s.store.agents[second] = replace(s.store.agents[second], state=AgentState.PAUSED)
        promised(s, 1)
        await s.until(lambda: dialled_to(s, 1))
        (channel,) = (one for one in s.simulated._channels.values() if one.phone == "a0")
        s.simulated._hung_up_by_callee(channel)
        await s.until(lambda: s.acd.waiting and s.acd.live and all(c.answered_at for c in s.acd.live.values()))
        s.store.agents[second] = replace(s.store.agents[second], state=AgentState.IDLE)
        await s.until(lambda: s.store.agents[second].state is AgentState.TALKING)
        assert states(s) == [CallbackState.DONE]

    play(scene)


def test_agent_whose_phone_rings_is_called_once_the_customer_has_answered() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        agent_id = s.store.add_agent(1, "a0", RULES.queue_id, 5, mode=Mode.RING)
        s.store.sign_in(agent_id)
        promised(s, 1)
        await everybody_is(s, AgentState.TALKING)
        assert states(s) == [CallbackState.DONE]

    play(scene, always(Response.ANSWERED, after_s=5, talk_s=60))


@pytest.mark.parametrize("why", ["closed", "hours", "held", "forbidden", "not due", "in a call"])
def test_customer_is_not_called(why: str) -> None:
    async def scene(s: Scene) -> None:
        await started(s, replace(RULES, closed=HANG_UP) if why == "closed" else RULES)
        s.agents(1)
        await everybody_is(s, AgentState.IDLE)
        s.acd.hours_open, s.store.held = why != "hours", why == "held"
        if why == "forbidden":
            s.acd.forbidden.add(phone(1))
        due_at = s.clock.now() + timedelta(hours=1) if why == "not due" else s.clock.now()
        if why == "in a call":
            await call_in(s, 1, talk_s=None)
            await everybody_is(s, AgentState.TALKING)
        callback = promised(s, 1, due_at=due_at, expires_at=due_at + timedelta(hours=1))
        await asyncio.sleep(60)
        assert not dialled_to(s, 1)
        forbidden = why == "forbidden"
        assert states(s) == [CallbackState.FORBIDDEN if forbidden else CallbackState.PENDING]
        assert s.acd.callbacks[callback.callback_id].tries == 0

    play(scene)


def test_callback_expires_when_nobody_could_call() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        promised(s, 1, expires_at=s.clock.now() + timedelta(minutes=2))
        await s.until(lambda: states(s) == [CallbackState.EXPIRED], within_s=150)
        s.agents(1)
        await everybody_is(s, AgentState.IDLE)
        await asyncio.sleep(5)
        assert not dialled_to(s, 1)

    play(scene)


def test_customer_who_rings_again_takes_the_place() -> None:
    async def scene(s: Scene) -> None:
        open_queue(s)
        callback = promised(s, 1, ago_s=600)
        await started(s)
        await call_in(s, 2)
        again = await call_in(s, 1)
        await s.until(lambda: states(s) == [CallbackState.REPLACED])
        rows = sorted(s.acd.waiting.values(), key=lambda row: row.arrived_at)
        assert rows[0].arrived_at == callback.arrived_at
        s.agents(1)
        await s.until(lambda: again.talks)
        assert not dialled_to(s, 1)

    play(scene)


def test_callback_of_an_agent_is_kept_for_them_and_then_anybodys() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        first, second = s.agents(2)
        await everybody_is(s, AgentState.IDLE)
        s.store.agents[second] = replace(s.store.agents[second], state=AgentState.PAUSED)
        promised(s, 1, agent_id=second, agent_until=s.clock.now() + timedelta(minutes=2))
        await asyncio.sleep(60)
        assert not dialled_to(s, 1)
        await s.until(lambda: dialled_to(s, 1), within_s=90)
        await s.until(lambda: s.store.agents[first].state is AgentState.TALKING)

    play(scene)
