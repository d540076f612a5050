"""The waiting room: who is matched when, and who is left alone."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from tests.support.dialer_scene import QUEUE, Scene, play
from tongdai.acd.caller.model import CallerProgress, Stage
from tongdai.acd.caller.signals import Matched, Signal, WaitOver
from tongdai.acd.controlled import ControlledCaller, Seat
from tongdai.acd.routing import QueueKey
from tongdai.acd.waiting_room import WaitingRoom
from tongdai.agents.model import AgentState
from tongdai.calls.inbound.model import Arrival
from tongdai.ids import AgentId
from tongdai.queues.model import QueueRules
from tongdai.switches.model import DEFAULT

RULES = QueueRules(queue_id=QUEUE, name="Sales")
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
        self.room.wait(made, rules)
        return made

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
        here.room.offer_decided(first)  # refused: the store says that the agent is idle
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
