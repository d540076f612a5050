"""Callers in a running telephony process, on the simulated switch: what they hear, whom they talk to, how they end."""

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from tests.support.caller_scene import (
    FRONT,
    NUMBER,
    OTHER,
    OTHER_NUMBER,
    RULES,
    TO_SALES,
    call_in,
    endings,
    everybody_is,
    open_queue,
    started,
)
from tests.support.dialer_scene import QUEUE, Scene, between, play
from tongdai.agents.model import AgentState, Membership
from tongdai.call_outcome import InboundOutcome, OfferOutcome
from tongdai.calls.inbound.model import Arrival, InboundCall
from tongdai.queues.menus.model import Menu
from tongdai.queues.model import HANG_UP, Destination, DestinationKind, QueueRules, Strategy
from tongdai.switch.simulated.client import Faults
from tongdai.switch.simulated.ledger import SimulatedCaller
from tongdai.testing.memory_store.acd import MemoryAcdStore


def test_caller_hears_music_until_an_agent_is_free_and_talks() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        caller = await call_in(s, 1)
        await asyncio.sleep(20)
        assert not caller.talks
        s.agents(1, wrap_up_s=5)
        await everybody_is(s, AgentState.TALKING)
        assert caller.music_s >= 20
        (talk,) = caller.talks
        assert (talk.with_whom, talk.agent) == ("a0", True)
        await s.until(lambda: s.acd.over)
        assert endings(s) == [InboundOutcome.ANSWERED]
        assert caller.ended_by == "caller"
        assert [offer.outcome for offer in s.acd.offers] == [OfferOutcome.ANSWERED]
        assert s.states() == [AgentState.WRAP_UP]
        await everybody_is(s, AgentState.IDLE)
        assert not s.simulated._bridges

    play(scene)


@pytest.mark.parametrize(
    ("rules", "cause", "outcome"),
    [
        (replace(RULES, strategy=Strategy.BLACKLIST), 21, InboundOutcome.REFUSED),
        (replace(RULES, strategy=Strategy.LOCKED), 20, InboundOutcome.CLOSED),
        (replace(RULES, closed=HANG_UP), 20, InboundOutcome.CLOSED),
        (replace(RULES, join_empty=False), 20, InboundOutcome.CLOSED),
        (replace(RULES, max_length=0), 17, InboundOutcome.OVERFLOW),
    ],
)
def test_caller_who_may_not_wait_is_refused_before_the_answer(
    rules: QueueRules, cause: int, outcome: InboundOutcome
) -> None:
    async def scene(s: Scene) -> None:
        await started(s, rules)
        with capture_logs() as logged:
            caller = await call_in(s, 1)
            await s.until(lambda: s.acd.over)
        assert (caller.answered_at, caller.cause) == (None, cause)
        assert endings(s) == [outcome]
        (line,) = [one for one in logged if one["event"] == "caller not admitted"]
        assert (line["queue"], line["outcome"]) == (QUEUE, outcome.value)

    play(scene)


def test_number_of_nobody_is_refused_as_not_assigned() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        caller = await call_in(s, 1, number=OTHER_NUMBER)
        assert (caller.answered_at, caller.cause) == (None, 1)
        assert not s.acd.over

    play(scene)


def test_message_is_played_to_callers_of_a_closed_queue() -> None:
    async def scene(s: Scene) -> None:
        await started(s, replace(RULES, closed=Destination(DestinationKind.MESSAGE, "closed")))
        caller = await call_in(s, 1)
        await s.until(lambda: s.acd.over)
        assert caller.played_at is not None
        assert (caller.ended_by, endings(s)) == ("us", [InboundOutcome.CLOSED])

    play(scene)


def test_key_in_the_menu_of_a_number_leads_to_another_queue() -> None:
    async def scene(s: Scene) -> None:
        open_queue(s, replace(RULES, queue_id=OTHER), OTHER_NUMBER)
        options = {"2": Destination(DestinationKind.QUEUE, str(OTHER))}
        s.acd.menu[FRONT] = Menu(name="Front", greeting="welcome", options=options)
        await started(s, replace(RULES, menu_id=FRONT))
        caller = await call_in(s, 1)
        await s.until(lambda: caller.played_at)
        for keys in ("7", "2"):
            s.simulated.press(caller, keys)
        await s.until(lambda: [row.queue_id for row in s.acd.waiting.values()] == [OTHER])
        (call_id,) = s.acd.waiting
        assert s.acd.keys == [(call_id, FRONT, key, options.get(key or "")) for key in (None, "7", "2")]
        await asyncio.sleep(5)
        s.store.sign_in(s.store.add_agent(1, "a0", OTHER, 10))
        await s.until(lambda: s.acd.over)
        parts = [one for one in s.store.segments.closed if one.call_id == call_id]
        assert [(one.kind, one.queue_id) for one in parts] == [("menu", None), ("wait", OTHER), ("talk", None)]
        assert all(one.ended_at == after.started_at for one, after in pairwise(parts))
        lasted_s = between(caller.answered_at, caller.ended_at).total_seconds()
        assert between(parts[0].started_at, parts[-1].ended_at).total_seconds() == pytest.approx(lasted_s, abs=0.5)

    play(scene)


def test_caller_who_presses_no_key_is_sent_on_after_the_last_greeting() -> None:
    async def scene(s: Scene) -> None:
        s.acd.menu[FRONT] = Menu(name="Front", greeting="welcome", repeats=1, otherwise=Destination(*TO_SALES))
        await started(s, replace(RULES, menu_id=FRONT))
        await call_in(s, 1)
        await s.until(lambda: [row.queue_id for row in s.acd.waiting.values()] == [QUEUE])
        (row,) = s.acd.waiting.values()
        assert row.hops == 2

    play(scene)


def test_caller_in_a_menu_hears_it_again_after_a_restart() -> None:
    async def scene(s: Scene) -> None:
        s.acd.menu[FRONT] = Menu(name="Front", greeting="welcome", options={"1": Destination(*TO_SALES)})
        await started(s, replace(RULES, menu_id=FRONT))
        caller = await call_in(s, 1)
        await s.until(lambda: caller.played_at)
        await s.stop()
        s.start()
        await s.until(lambda: s.dialer.active_calls)
        await asyncio.sleep(3)
        s.simulated.press(caller, "1")
        await s.until(lambda: s.acd.waiting)
        assert caller.ended_at is None

    play(scene)


def test_freed_agent_gets_the_caller_who_has_waited_longest() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        s.agents(1, wrap_up_s=5)
        await everybody_is(s, AgentState.IDLE)
        callers = [await call_in(s, person) for person in range(3)]
        await s.until(lambda: len(s.acd.over) == 3, within_s=300)
        assert endings(s) == [InboundOutcome.ANSWERED] * 3
        first, second, third = (caller.talks[0].began_at for caller in callers)
        assert first < second < third
        assert between(callers[0].ended_at, second).total_seconds() == pytest.approx(5, abs=1.5)

    play(scene)


def test_call_ends_when_the_phone_of_its_agent_hangs_up() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        s.agents(1)
        await everybody_is(s, AgentState.IDLE)
        caller = await call_in(s, 1, talk_s=None)
        await everybody_is(s, AgentState.TALKING)
        (agent,) = s.store.agents.values()
        s.simulated._hung_up_by_callee(s.simulated._channels[str(agent.channel_id)])
        await s.until(lambda: s.acd.over)
        assert (caller.ended_by, endings(s)) == ("us", [InboundOutcome.ANSWERED])
        assert s.states() == [AgentState.OFFLINE]

    play(scene)


def test_caller_who_hangs_up_waiting_is_abandoned() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        caller = await call_in(s, 1)
        s.simulated.leave(caller)
        await s.until(lambda: s.acd.over)
        assert endings(s) == [InboundOutcome.ABANDONED]
        assert not s.acd.waiting

    play(scene)


def test_restart_keeps_all_callers_in_their_order() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        callers = [await call_in(s, person, talk_s=3) for person in range(20)]
        await s.stop()
        await asyncio.sleep(5)
        s.start()
        s.agents(1, wrap_up_s=1)
        await s.until(lambda: len(s.acd.over) == 20, within_s=600)
        assert endings(s) == [InboundOutcome.ANSWERED] * 20
        began = [caller.talks[0].began_at for caller in callers]
        assert began == sorted(began)

    play(scene)


@pytest.mark.parametrize(("after_s", "order"), [(60, [1, 2]), (400, [2, 1])])
def test_caller_whose_call_the_switch_lost_gets_the_place_back_by_ringing_again(after_s: int, order: list[int]) -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        for person in (1, 2):
            await call_in(s, person)
        s.simulated.restart()
        await s.until(lambda: len(s.acd.over) == 2)
        assert endings(s) == [InboundOutcome.LOST] * 2
        await asyncio.sleep(after_s)
        again = {person: await call_in(s, person, talk_s=3) for person in (2, 1)}
        s.agents(1, wrap_up_s=1)
        await s.until(lambda: all(caller.talks for caller in again.values()))
        assert sorted(again, key=lambda person: again[person].talks[0].began_at) == order

    play(scene)


def test_talk_goes_on_over_a_restart() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        s.agents(1)
        await everybody_is(s, AgentState.IDLE)
        caller = await call_in(s, 1, talk_s=60)
        await everybody_is(s, AgentState.TALKING)
        await s.stop()
        s.start()
        await s.until(lambda: s.acd.over)
        assert (caller.ended_by, endings(s)) == ("caller", [InboundOutcome.ANSWERED])
        assert s.states() == [AgentState.WRAP_UP]

    play(scene)


def test_caller_who_left_while_nobody_led_is_found_by_the_list_of_channels() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        caller = await call_in(s, 1)
        await s.stop()
        s.simulated.leave(caller)
        s.start()
        await s.until(lambda: s.acd.over)
        assert endings(s) == [InboundOutcome.LOST]

    play(scene)


def test_caller_whose_arrival_was_not_reported_is_found_by_the_list_of_channels() -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        s.ari.faults = Faults(event_lost=1)
        caller = s.simulated.call_in(NUMBER, "84900000001")
        await asyncio.sleep(1)
        s.ari.faults = Faults()
        assert caller.answered_at is None
        await s.until(lambda: caller.answered_at)
        assert [row.call_id for row in s.acd.waiting.values()] == [call.call_id for call in s.acd.live.values()]

    play(scene)


@pytest.mark.parametrize(
    "faults",
    [
        Faults(event_lost=0.3, event_doubled=0.3, event_late=0.3),
        Faults(reply_lost=0.1, request_lost=0.1, error=0.1),
        Faults(event_lost=0.1, event_late=0.3, reply_lost=0.1, error=0.1),
    ],
)
def test_every_call_ends_and_every_agent_is_free_again_whatever_is_lost(faults: Faults) -> None:
    async def scene(s: Scene) -> None:
        await started(s)
        s.agents(3, wrap_up_s=2)
        await everybody_is(s, AgentState.IDLE)
        s.ari.faults = faults
        callers: list[SimulatedCaller] = []
        for person in range(60):
            callers.append(s.simulated.call_in(NUMBER, f"8490{person:07d}", waits_s=300, talk_s=10))
            await asyncio.sleep(s.rng.uniform(0, 8))
        await s.until(lambda: all(caller.ended_at for caller in callers), within_s=600)
        s.ari.faults = Faults()
        await s.until(lambda: not s.acd.live and not s.acd.waiting)
        await everybody_is(s, AgentState.IDLE)
        assert all(offer.outcome for offer in s.acd.offers)
        talked = sum(bool(caller.talks) for caller in callers)
        assert talked > 30

    play(scene)


def test_caller_goes_on_to_another_queue_after_the_maximum_wait_and_keeps_the_place() -> None:
    async def scene(s: Scene) -> None:
        open_queue(s, replace(RULES, queue_id=OTHER), OTHER_NUMBER)
        to = Destination(DestinationKind.QUEUE, str(OTHER))
        await started(s, replace(RULES, max_wait_s=30, overflow=to))
        first = await call_in(s, 1)
        await asyncio.sleep(10)
        await call_in(s, 2, number=OTHER_NUMBER)
        await s.until(lambda: [row.hops for row in s.acd.waiting.values()] in ([1, 0], [0, 1]))
        row = min(s.acd.waiting.values(), key=lambda row: row.arrived_at)
        assert (row.queue_id, row.hops) == (OTHER, 1)
        assert first.ended_at is None

    play(scene)


def test_caller_whose_wait_is_over_is_hung_up() -> None:
    async def scene(s: Scene) -> None:
        await started(s, replace(RULES, max_wait_s=30))
        caller = await call_in(s, 1)
        await s.until(lambda: s.acd.over)
        assert (caller.ended_by, endings(s)) == ("us", [InboundOutcome.OVERFLOW])
        assert between(caller.answered_at, caller.ended_at).total_seconds() == pytest.approx(30, abs=1)

    play(scene)


def test_callers_leave_some_time_after_the_last_agent_has_signed_out() -> None:
    async def scene(s: Scene) -> None:
        await started(s, replace(RULES, leave_empty_after_s=30, join_empty=False))
        (agent,) = s.agents(1)
        await everybody_is(s, AgentState.IDLE)
        await call_in(s, 1, talk_s=None)
        await everybody_is(s, AgentState.TALKING)
        waiting = await call_in(s, 2)
        s.store.sign_out(agent)
        (talking,) = (each for each in s.simulated.ledger.callers if each is not waiting)
        s.simulated.leave(talking)
        await s.until(lambda: len(s.acd.over) == 2)
        assert endings(s) == [InboundOutcome.ANSWERED, InboundOutcome.CLOSED]
        assert between(talking.ended_at, waiting.ended_at).total_seconds() == pytest.approx(31, abs=3)

    play(scene)


def test_change_of_strategy_gives_those_who_wait_their_new_places() -> None:
    async def scene(s: Scene) -> None:
        open_queue(s, replace(RULES, queue_id=OTHER), OTHER_NUMBER)
        await started(s)
        first = await call_in(s, 1, number=OTHER_NUMBER)
        second = await call_in(s, 2)
        s.acd.queues[QUEUE] = replace(RULES, strategy=Strategy.VIP)
        await asyncio.sleep(2)
        s.store.sign_in(s.store.add_agent(1, "a0", QUEUE, queues=[Membership(OTHER)]))
        await s.until(lambda: second.talks)
        assert not first.talks

    play(scene)


def test_caller_is_refused_while_the_database_is_unavailable() -> None:
    class Unavailable(MemoryAcdStore):
        async def arrive(self, arrival: Arrival, trunk: str | None) -> InboundCall | None:
            raise TimeoutError

    async def scene(s: Scene) -> None:
        s.acd = Unavailable(s.store, s.clock)
        await started(s)
        caller = await call_in(s, 1)
        assert (caller.answered_at, caller.cause) == (None, 34)

    play(scene)
