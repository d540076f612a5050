"""The waiting room: who is matched when, and who is left alone."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from tests.support.dialer_scene import QUEUE, Scene, play
from tongdai.acd.caller.model import CallerProgress, Stage
from tongdai.acd.caller.signals import Matched, Signal, WaitOver
from tongdai.acd.controlled import ControlledCaller, Seat
from tongdai.acd.eligibility import QueueKey
from tongdai.acd.waiting_room import WaitingRoom
from tongdai.agents.model import AgentState
from tongdai.call_outcome import InboundOutcome, OfferOutcome
from tongdai.calls.inbound.model import Arrival, InboundEnding
from tongdai.ids import AgentId
from tongdai.queues.model import QueueRules
from tongdai.switches.model import DEFAULT

RULES = QueueRules(queue_id=QUEUE, name="Sales")
PREFERRING = replace(RULES, preferred_agent_days=7, preferred_agent_patience_s=15)
NUMBER = "02873001234"


class Room:
    """A waiting room, and the signals for its callers."""

    def __init__(self, s: Scene) -> None:
        self.s, self.notified, self.withheld = s, list[tuple[UUID, Signal]](), set[QueueKey]()
        s.acd.queues[QUEUE], s.acd.numbers[NUMBER] = RULES, QUEUE
        self.room = WaitingRoom(s.acd, s.clock, s.rng, lambda: self.withheld)
        self.room.notify = lambda call_id, signal: self.notified.append((call_id, signal))

    async def caller(self, rules: QueueRules = RULES) -> ControlledCaller:
        """A caller who waits."""
        number = len(self.s.acd.live)
        call = await self.s.acd.arrive(
            Arrival(switch_id=DEFAULT, channel=f"1.{number}", called=NUMBER, phone="+84901234567"), "carrier"
        )
        assert call is not None
        await self.s.acd.join(call, rules, 0, self.s.clock.now())
        progress = CallerProgress(call.call_id, QUEUE, stage=Stage.WAITING)
        made = ControlledCaller(call, progress, call.opened_at, rules, self.s.clock.now())
        self.room.wait(made, rules, preference=await self.room.preference(made, rules))
        return made

    async def talk(self, agent_id: AgentId) -> None:
        """The agent has talked with the callers' number, and is idle again."""
        await asyncio.sleep(1)
        caller = await self.caller()
        self.room.remove(caller)
        assert await self.s.acd.offer(caller.call, agent_id, self.s.clock.now())
        assert await self.s.acd.connect(caller.call, self.s.clock.now())
        assert await self.s.acd.end(caller.call, InboundEnding(InboundOutcome.ANSWERED))
        self.s.store.ready(agent_id)

    def agent(self, number: int) -> AgentId:
        """An idle agent of the queue."""
        made = self.s.store.add_agent(number, f"a{number}", QUEUE)
        self.s.store.agents[made] = replace(
            self.s.store.agents[made], state=AgentState.IDLE, channel_id=UUID(int=number, version=4)
        )
        return made

    def matched(self) -> list[tuple[UUID, AgentId]]:
        return [(call_id, signal.agent_id) for call_id, signal in self.notified if isinstance(signal, Matched)]


def test_agent_of_a_match_that_is_not_decided_is_offered_to_nobody_else() -> None:
    async def scene(s: Scene) -> None:
        here = Room(s)
        first, second = await here.caller(), await here.caller()
        only = here.agent(1)
        for _ in range(3):
            await here.room.look()
        assert here.matched() == [(first.call.call_id, only)]
        assert (first.seat, second.seat) == (Seat.OFFERED, Seat.WAITING)
        here.room.offer_decided(first, made=False)  # refused: the store says that the agent is idle
        here.room.remove(first)
        await here.room.look()
        assert here.matched() == [(first.call.call_id, only), (second.call.call_id, only)]

    play(scene)


def test_agents_of_a_queue_for_which_a_callee_waits_are_left_to_the_callee() -> None:
    async def scene(s: Scene) -> None:
        here = Room(s)
        caller, only = await here.caller(), here.agent(1)
        here.withheld = {(s.store.tenant_id, QUEUE)}
        await here.room.look()
        assert not here.matched()
        here.withheld = set()
        await here.room.look()
        assert here.matched() == [(caller.call.call_id, only)]

    play(scene)


def test_agent_whose_offer_failed_is_not_tried_again_at_once() -> None:
    async def scene(s: Scene) -> None:
        here = Room(s)
        caller, only = await here.caller(), here.agent(1)
        await here.room.look()
        here.room.wait(caller, RULES, only, 20)
        before = s.clock.now()
        while len(here.matched()) == 1:
            await here.room.look()
        assert s.clock.now() - before >= timedelta(seconds=20)

    play(scene)


def test_caller_who_waits_no_more_hears_of_no_end_of_the_wait() -> None:
    async def scene(s: Scene) -> None:
        here = Room(s)
        limited = replace(RULES, max_wait_s=10)
        gone, stays = await here.caller(limited), await here.caller(limited)
        here.room.remove(gone)
        await s.until(lambda: here.notified)
        assert [(call_id, type(signal)) for call_id, signal in here.notified] == [(stays.call.call_id, WaitOver)]

    play(scene)


async def _until_matched(here: Room) -> tuple[AgentId, float]:
    """The agent who gets the next caller, and after how many seconds."""
    began, before = here.s.clock.now(), len(here.matched())
    while len(here.matched()) == before:
        await here.room.round()
        await here.room.look()
    return here.matched()[-1][1], (here.s.clock.now() - began).total_seconds()


def _busy(s: Scene, agent_id: AgentId) -> None:
    s.store.agents[agent_id] = replace(s.store.agents[agent_id], state=AgentState.TALKING)


def test_caller_waits_for_the_agent_who_talked_with_them_last_and_then_for_anybody() -> None:
    async def scene(s: Scene) -> None:
        here = Room(s)
        last, other = here.agent(1), here.agent(2)
        await here.talk(other)
        await here.talk(last)
        caller = await here.caller(PREFERRING)
        assert await _until_matched(here) == (last, 0)
        here.room.remove(caller)
        _busy(s, last)
        caller = await here.caller(PREFERRING)
        chosen, after_s = await _until_matched(here)
        assert chosen == other
        assert 15 <= after_s < 16
        here.room.remove(caller)
        await here.caller()
        assert await _until_matched(here) == (other, 0), "the queue prefers nobody"

    play(scene)


def test_caller_whose_preferred_agent_does_not_answer_or_signs_out_waits_for_anybody() -> None:
    async def scene(s: Scene) -> None:
        here = Room(s)
        last, other = here.agent(1), here.agent(2)
        await here.talk(last)
        caller = await here.caller(PREFERRING)
        assert await _until_matched(here) == (last, 0)
        assert await s.acd.offer(caller.call, last, s.clock.now())
        here.room.offer_decided(caller, made=True)
        await s.acd.offer_failed(caller.call, last, OfferOutcome.REJECTED, s.clock.now())
        here.room.wait(caller, PREFERRING, last, 20)
        assert await _until_matched(here) == (other, 0)
        here.room.remove(caller)
        _busy(s, last)
        caller = await here.caller(PREFERRING)
        await here.room.look()
        assert caller.seat is Seat.WAITING
        s.store.agents[last] = replace(s.store.agents[last], state=AgentState.OFFLINE)
        chosen, after_s = await _until_matched(here)
        assert chosen == other
        assert after_s < 2

    play(scene)


def test_caller_waits_for_an_agent_who_was_taken_by_another_call() -> None:
    async def scene(s: Scene) -> None:
        here = Room(s)
        last = here.agent(1)
        here.agent(2)
        await here.talk(last)
        caller = await here.caller(PREFERRING)
        await _until_matched(here)
        here.room.offer_decided(caller, made=False)
        here.room.wait(caller, PREFERRING, last, 1)
        assert (await _until_matched(here))[0] == last

    play(scene)


def test_caller_who_was_adopted_after_the_patience_prefers_nobody() -> None:
    async def scene(s: Scene) -> None:
        here = Room(s)
        await here.talk(here.agent(1))
        caller = await here.caller(PREFERRING)
        here.room.remove(caller)
        caller.joined_at = s.clock.now() - timedelta(seconds=16)
        assert await here.room.preference(caller, PREFERRING) is None
        caller.joined_at = s.clock.now() - timedelta(seconds=14)
        assert await here.room.preference(caller, PREFERRING) is not None

    play(scene)
