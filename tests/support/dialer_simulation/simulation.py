"""Hours of dialling and of callers in virtual time, with every kind of fault drawn from a seed, and the invariants that
must hold.

A `World` has one switch and one store. One dialer after the other works in it: they crash between any two awaits, lose
the switch to the next one, or are stopped. The invariants compare the store with the switch's ledger, and check each
originate at the instant that it is requested.
"""

import asyncio
import random
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from structlog.typing import EventDict

from tests.support.dialer_simulation import (
    events,
    handover_invariants,
    handovers,
    inbound_invariants,
    invariants,
    phone_invariants,
)
from tests.support.dialer_simulation.plan import CALM, START_S, Plan
from tests.support.dialer_simulation.process import Mistake, Process
from tests.support.dialer_simulation.world import World
from tongdai.dialer.options import DIAL_BATCH, LEASE
from tongdai.switch.simulated.callers import Arrivals
from tongdai.testing import virtual_time
from tongdai.testing.memory_store.acd import MemoryAcdStore
from tongdai.testing.memory_store.store import MemoryStore

UNEXPECTED = ("event handler failed", "campaign not dialled", "reconciliation failed")
TASK_FAILED = "background task failed, retrying"


def simulate(
    seed: int,
    plan: Plan | None = None,
    make_store: Callable[..., MemoryStore] = MemoryStore,
    make_acd: Callable[..., MemoryAcdStore] = MemoryAcdStore,
) -> World:
    """The world at the end of a simulation. Its `violations` must be empty."""
    rng = random.Random(seed)
    worlds: list[World] = []
    logged: Counter[str] = Counter()

    def count(_: object, __: str, event: EventDict) -> EventDict:
        logged[event["event"]] += 1
        if event["event"] == "call adopted":
            logged[f"adopted {'talking' if event['state'] == 'answered' else event['state']}"] += 1
        error = sys.exc_info()[1]
        bug = event["event"] in UNEXPECTED or (event["event"] == TASK_FAILED and event.get("exc_info"))
        if bug and not isinstance(error, Mistake):
            worlds[0].wrong(f"{event['event']}: {''.join(traceback.format_exception(error))}")
        raise structlog.DropEvent

    async def main() -> None:
        worlds.append(World(plan or Plan(), rng, make_store, dial_batch, make_acd))
        await Simulation(worlds[0]).run()

    before = structlog.get_config()
    structlog.configure(processors=[count])
    dial_batch = rng.choice((2, DIAL_BATCH))  # so that a claim is of several
    try:
        virtual_time.run(main(), rng)
    finally:
        structlog.configure(**before)
    worlds[0].counts += logged
    return worlds[0]


class Simulation:
    """Processes that follow each other in a world, and the events that happen meanwhile."""

    def __init__(self, world: World) -> None:
        self._world, self._plan = world, world.plan
        self._process: Process | None = None
        self._replaced: list[asyncio.Task[None]] = []
        world.simulated.ledger.rules.append(partial(invariants.check_arrival, world))

    async def run(self) -> None:
        world, plan = self._world, self._plan
        restarting = asyncio.create_task(self._keep_one_running())
        harm = [
            asyncio.create_task(self._now_and_then(mean_s, event))
            for mean_s, event in (
                (plan.crash_s, self._crash), (plan.stop_s, self._stop), (plan.take_over_s, self._take_over),
                (plan.cut_s, partial(events.cut_connection, world)),
                (plan.restart_s, partial(events.restart_switch, world)),
                (plan.away_s, partial(events.store_goes_away, world)),
                (plan.pause_s, partial(events.pause_or_resume, world)),
                (plan.hold_s, partial(events.hold_dialing, world)),
                (plan.list_s, partial(events.list_number, world)),
                (plan.delete_s, partial(events.delete_contact, world)), (plan.add_s, world.add_contact),
                (plan.leave_s, partial(events.sign_out_or_in, world)),
                (plan.hang_up_s, partial(events.agent_hangs_up, world)),
                (plan.preview_s, partial(events.accept_preview, world)),
                (plan.agent_pause_s, partial(events.pause_agent, world)),
                (plan.own_call_s, partial(events.use_phone, world)),
                (plan.acts_s, self._act),
                (plan.faults_s, partial(events.change_faults, world)),
                (10.0, partial(invariants.check_store, world)),
                (10.0, partial(inbound_invariants.check_store, world)),
                (10.0, partial(phone_invariants.check_calm_phones, world)),
            )
        ]  # fmt: skip
        await asyncio.sleep(plan.minutes * 60)
        await _end(*harm)
        await self._end_quietly()
        await _end(restarting)
        if self._process is not None:
            await _end(self._process.task)
        await asyncio.gather(*self._replaced, return_exceptions=True)
        invariants.check_store(world)
        invariants.check_retries(world)
        invariants.check_outcomes(world)
        inbound_invariants.check_store(world)
        inbound_invariants.check_outcomes(world)
        inbound_invariants.count_offers(world)
        if plan.acts_s:
            self._check_handovers()
        world.violations += world.simulated.ledger.violations
        world.counts += world.simulated.ledger.counts

    def _check_handovers(self) -> None:
        world = self._world
        if not self._plan.stormy:
            handover_invariants.check_talk_seconds(world)
            handover_invariants.check_seconds(world)
        handover_invariants.check_callers(world)
        handover_invariants.check_one_talk(world)
        handover_invariants.check_segments(world)
        handover_invariants.check_parties(world)
        handover_invariants.count(world)

    async def _act(self) -> None:
        """Have somebody do something to a call."""
        await handovers.act(self._world)

    def _crash(self) -> None:
        if self._process is not None and not self._process.over:
            for state in Counter(call.state for call in self._world.store.active.values()):
                self._world.saw(f"crashed while {state}")
            self._process.kill()

    def _stop(self) -> None:
        if self._process is not None:
            self._world.saw("stopped")
            self._process.task.cancel()

    def _take_over(self) -> None:
        """Start another process while the present one runs."""
        self._replaced.append(self._process.task if self._process else asyncio.create_task(asyncio.sleep(0)))
        self._process = Process(self._world)

    async def _end_quietly(self) -> None:
        """End without faults. Calls are reconciled within a lease and 5 seconds; `quiet_s` later nothing is live."""
        world = self._world
        world.faults, world.stormy, world.store_away, world.crashing = CALM, False, False, False
        events.release_dialing(world)
        while world.simulated.refuses_connections:
            await asyncio.sleep(1)
        if self._plan.crash_s:
            self._crash()
        since = world.clock.now()
        await asyncio.sleep(LEASE.total_seconds() + 5 + START_S)
        invariants.check_channels(world, since)
        inbound_invariants.check_channels(world, since)
        phone_invariants.check_phones(world)
        world.simulated.arrive(Arrivals(per_hour=0, called=()))
        for campaign_id in world.store.campaigns:
            events.pause(world, campaign_id)
        for agent_id in world.store.agents:
            world.store.sign_out(agent_id)
        for _ in range(rounds := 20 if self._plan.acts_s else 1):
            await handovers.wind_up(world)
            await asyncio.sleep(self._plan.quiet_s / rounds)
        invariants.check_channels(world, world.clock.now())
        invariants.check_nothing_left(world)
        inbound_invariants.check_nothing_left(world)
        if self._process is not None:
            phones = self._process.dialer._phones
            if phones._agents or phones._unlisted_since or phones._hung_up_at:
                world.wrong("state of agents who have left is kept")

    async def _keep_one_running(self) -> None:
        while True:
            self._process = Process(self._world)
            while not self._process.task.done():
                await asyncio.wait({self._process.task}, timeout=1)
            with suppress(asyncio.CancelledError):
                self._process.task.result()
            await asyncio.sleep(self._world.rng.uniform(0.1, START_S))

    async def _now_and_then(self, mean_s: float, event: Callable[[], Coroutine[Any, Any, None] | None]) -> None:
        while mean_s:
            await asyncio.sleep(self._world.rng.expovariate(1 / mean_s))
            going_on = event()
            if going_on is not None:
                await going_on


async def _end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if ended is not None and not isinstance(ended, asyncio.CancelledError):
            raise ended
