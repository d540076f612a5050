"""One process with a dialer, which may crash between any two awaits, and its faulty store and connection."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

from tests.support.acts import MemoryActs
from tests.support.dialer_scene import OPTIONS
from tests.support.dialer_simulation.inbound_invariants import check_claim, check_offer, see_refusal
from tests.support.dialer_simulation.invariants import check_originate
from tests.support.dialer_simulation.phone_invariants import check_not_on_the_phone
from tests.support.dialer_simulation.world import World
from tests.support.parties import MemoryParties
from tongdai.acd.caller.store import CallerRow
from tongdai.acd.store import AcdStore
from tongdai.agents.model import Agent
from tongdai.calls.inbound.model import InboundCall
from tongdai.calls.model import Claims
from tongdai.dialer.store import DialerStore
from tongdai.ids import AgentId
from tongdai.switch.interface import Reply, SwitchUnreachable
from tongdai.switch.simulated.client import SimulatedAri
from tongdai.telephony.acts.store import ActStore
from tongdai.telephony.parties.store import PartyStore
from tongdai.telephony.worker import SwitchTaken, Telephony
from tongdai.testing.memory_store.acd import MemoryAcdStore
from tongdai.testing.memory_store.store import MemoryStore


class Mistake(Exception):
    """A planted error of the store."""


class Process:
    """A dialer with its own connections to the switch and the store, from its start to its end."""

    def __init__(self, world: World) -> None:
        self.over = False
        """It crashed: nothing that it does afterwards reaches the store or the switch."""
        self._world = world
        self._steps_left = world.rng.randrange(50, 4000) if world.plan.crash_at_step else -1
        self.ari = CheckedAri(world, self)
        self.dialer = Telephony(
            cast("DialerStore", FaultyStore(world, self, world.store)),
            self.ari,
            world.clock,
            world.rng,
            replace(OPTIONS, max_calls=200, check_sounds=world.plan.check_sounds, dial_batch=world.dial_batch),
            acd=cast("AcdStore", FaultyStore(world, self, world.acd)),
            acts=cast("ActStore", FaultyStore(world, self, world.acts)) if world.plan.acts_s else None,
            parties=cast("PartyStore", FaultyStore(world, self, world.parties)) if world.plan.acts_s else None,
        )
        world.process_since = now = world.clock.now()
        world.restarts.append((now, now - (world.killed_at or now)))
        world.killed_at = None
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        running = [asyncio.create_task(self.ari.run()), asyncio.create_task(self.dialer.run())]
        try:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            with suppress(SwitchTaken):
                running[1].result()
            self._world.saw("taken over")
        finally:
            for task in reversed(running):
                task.cancel()
            for ended in await asyncio.gather(*running, return_exceptions=True):
                if not isinstance(ended, asyncio.CancelledError | SwitchTaken):
                    self._world.wrong(f"the dialer ended with {ended!r}")

    async def may_crash(self, where: str) -> None:
        """Crash here when the number of steps drawn at the start is reached. Raises ConnectionError after a crash."""
        if self._steps_left > 0 and self._world.crashing:
            self._steps_left -= 1
            if self._steps_left == 0:
                self._world.saw(f"crashed {where}")
                self.kill()
        if self.over:
            await asyncio.sleep(0)
            raise ConnectionError("the process has crashed")

    def crash_soon(self, steps: int) -> None:
        """Crash after so many steps, if it crashes at steps."""
        self._steps_left = min(self._steps_left, steps)

    def kill(self) -> None:
        """End as SIGKILL does."""
        self.over, self._world.process_since = True, None
        self._world.killed_at = self._world.killed_at or self._world.clock.now()
        self.ari.cut()
        self.task.cancel()


class FaultyStore:
    """Implements one of the stores for one process; a step may be slow, fail, or be done and its answer lost."""

    def __init__(
        self, world: World, process: Process, store: MemoryStore | MemoryAcdStore | MemoryActs | MemoryParties
    ) -> None:
        self._world, self._process, self._store, self._rng = world, process, store, world.rng

    def __getattr__(self, name: str) -> Callable[..., Any]:
        step = getattr(self._store, name)

        async def taken(*args: Any, **options: Any) -> Any:
            plan, stormy = self._world.plan, self._world.stormy
            await self._delay(stormy and name != "claim", name)
            await self._process.may_crash("before a step")
            if self._world.store_away or (stormy and self._rng.random() < plan.store_refuses):
                self._world.saw("store refused")
                raise ConnectionError("not done")
            if self._process.over:
                raise ConnectionError("the process has crashed")
            if name == "dial" and stormy and self._rng.random() < plan.store_breaks:
                self._world.saw("store broken")
                raise Mistake
            open_offers = len(self._world.acd.offers)
            result = await step(*args, **options)
            self._observe(name, args, result, new_offer=len(self._world.acd.offers) > open_offers)
            await self._delay(stormy and name == "claim", name)
            await self._process.may_crash("after a step")
            if stormy and self._rng.random() < plan.store_answer_lost:
                self._world.saw("store answer lost")
                raise ConnectionError("done, and no answer")
            return result

        return taken

    def _observe(self, name: str, args: tuple[Any, ...], result: Any, *, new_offer: bool) -> None:
        world = self._world
        if name == world.plan.crash_after and world.plan.acts_s and world.rng.random() < world.plan.crash_in_act:
            self._process.crash_soon(world.rng.randint(1, world.plan.crash_within))
        if name == "arrive" and result is not None:
            world.channels[result.call_id], world.arrived_at[result.call_id] = result.channel, result.opened_at
        elif name in {"offer", "offer_all"}:
            self._observe_offer(args[0], args[1], result, new_offer=new_offer)
        elif name == "end" and result:
            world.ends[args[0].call_id] += 1
        elif name == "reserve" and result is not None:
            check_not_on_the_phone(world, result)
        elif name == "claim":
            check_claim(world, args[0].campaign_id, len(cast("Claims", result).calls))
        elif name == "join" and isinstance(result, CallerRow) and result.hops:
            world.saw("caller sent on")

    def _observe_offer(
        self, call: InboundCall, asked: AgentId | Sequence[AgentId], result: Any, *, new_offer: bool
    ) -> None:
        agents: list[Agent] = result if isinstance(result, list) else [] if result is None else [result]
        for agent in agents if new_offer else ():
            check_offer(self._world, call, agent)
            check_not_on_the_phone(self._world, agent)
        if not agents:
            see_refusal(self._world, call, *(asked if isinstance(asked, Sequence) else (asked,)))

    async def _delay(self, stormy: bool, name: str) -> None:
        share = self._world.plan.slow_claims if name in {"claim", "dial"} else self._world.plan.store_slow
        if stormy and self._rng.random() < share:
            self._world.saw("store slow")
            await asyncio.sleep(self._rng.uniform(0.5, 12))
        else:
            await asyncio.sleep(0)


class CheckedAri(SimulatedAri):
    """The connection of one process, which checks each originate."""

    def __init__(self, world: World, process: Process) -> None:
        super().__init__(world.simulated, world.rng, faults=world.faults)
        self._world, self._process = world, process

    async def request(
        self, method: str, uri: str, query: Mapping[str, str] | None = None, body: object = None
    ) -> Reply:
        if self._process.over:
            raise SwitchUnreachable("the process has crashed")
        if (method, uri) == ("POST", "channels"):
            check_originate(self._world, cast("Mapping[str, object]", body))
        self.faults = self._world.faults
        try:
            await self._process.may_crash("before a request")  # awaits nothing unless the process crashes here
            reply = await super().request(method, uri, query, body)
            await self._process.may_crash("after a request")
        except ConnectionError:
            raise SwitchUnreachable("the process has crashed") from None
        return reply
