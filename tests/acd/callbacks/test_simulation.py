"""Callbacks over an hour of callers, agents and processes that end at any moment, for several seeds.

Invariants: no callback is lost, none is dialled more often than it was committed, nobody is served before somebody who
comes earlier and may have the same agent. Each planted bug is found.
"""

import asyncio
import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.callback_scene import dialled_to, promised
from tests.support.caller_scene import RULES, started
from tests.support.dialer_scene import Scene
from tongdai.acd.callbacks.dialer import CallbackDialer
from tongdai.acd.callbacks.pending import PendingCallbacks
from tongdai.agents.model import AgentState
from tongdai.callbacks.model import MAX_TRIES, Callback, CallbackState
from tongdai.calls.inbound.model import InboundCall
from tongdai.ids import AgentId
from tongdai.queues.model import CallbackMode, QueueRules
from tongdai.switch.simulated.callees import Plan, Response
from tongdai.testing import virtual_time
from tongdai.testing.memory_store.acd import MemoryAcdStore

SEEDS = range(1, 5)
CALLBACKS, CALLERS = 12, 20
SETTLED = timedelta(seconds=5)
"""So long after its start, or the arrival of a caller, a process has matched whom it can."""


class Watched(MemoryAcdStore):
    """Checks at each offer that nobody comes before who may have the agent."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.violations: list[str] = []
        self.settled_at: datetime | None = None
        """When the present process is settled; None: order is not checked."""

    def _check(self, place: datetime, what: str) -> None:
        now = self._clock.now()
        if self.settled_at is None or now < self.settled_at:
            return
        if any(agent.state is AgentState.IDLE for agent in self._store.agents.values()):
            return  # two were matched at once, and the later one's agent is reserved first
        for row in self.waiting.values():
            if row.state == "waiting" and row.arrived_at < place and now - row.joined_at > SETTLED:
                self.violations.append(f"{what} before caller {row.call_id}")
        for one in self.callbacks.values():
            due = one.state is CallbackState.PENDING and now - one.due_at > SETTLED and one.expires_at > now
            if due and one.arrived_at < place and not self._busy(one):
                self.violations.append(f"{what} before callback {one.callback_id}")

    def _busy(self, one: Callback) -> bool:
        return any(call.phone.lstrip("+") == one.phone.lstrip("+") for call in self.live.values())

    async def dial(self, callback: Callback, agent_id: AgentId | None, at: datetime) -> Any:
        begun = await super().dial(callback, agent_id, at)
        if begun is not None:
            self._check(callback.arrived_at, f"callback {callback.callback_id} is dialled")
        return begun

    async def offer(self, call: InboundCall, agent_id: AgentId, at: datetime) -> Any:
        row = self.waiting.get(call.call_id)
        reserved = await super().offer(call, agent_id, at)
        if reserved is not None and row is not None and row.state == "waiting":
            self._check(row.arrived_at, f"caller {call.call_id} is offered")
        return reserved


def answers(_number: str, _now: datetime, rng: random.Random) -> Plan:
    """Half of the customers answer, each try anew."""
    if rng.random() < 0.5:
        return Plan(Response.ANSWERED, rng.uniform(1, 20), rng.uniform(5, 90))
    return Plan(rng.choice((Response.NO_ANSWER, Response.BUSY, Response.CONGESTION)), 2)


def violations(seed: int, rules: QueueRules = RULES, *, restarts: bool = True) -> list[str]:
    """The violations of an hour and a half."""
    rng = random.Random(seed)
    found: list[str] = []

    async def main() -> None:
        s = Scene(rng, answers)
        s.acd = acd = Watched(s.store, s.clock)
        await started(s, rules)
        s.agents(2, wrap_up_s=5)
        await s.until(lambda: all(state is AgentState.IDLE for state in s.states()))
        ends_at = s.clock.now() + timedelta(minutes=40)
        acts = ["callback"] * CALLBACKS + ["caller"] * CALLERS + ["restart"] * (8 if restarts else 0)
        rng.shuffle(acts)
        for number, act in enumerate(acts, 1):
            await asyncio.sleep(rng.expovariate(len(acts) / 2400))
            if act == "callback":
                promised(s, number, ago_s=rng.uniform(0, 60), expires_at=ends_at + timedelta(hours=1))
            elif act == "caller":
                s.simulated.call_in("02873001234", f"8491{number:07d}", waits_s=None, talk_s=rng.uniform(5, 90))
            else:
                acd.settled_at = None
                await s.stop()
                await asyncio.sleep(rng.uniform(0, 10))
                s.start()
                acd.settled_at = s.clock.now() + 2 * SETTLED
            if acd.settled_at is None:
                acd.settled_at = s.clock.now() + 2 * SETTLED
        await asyncio.sleep(3000)
        found.extend(acd.violations)
        found.extend(_at_the_end(s))
        for task in s.tasks:
            task.cancel()
        await asyncio.gather(*s.tasks, return_exceptions=True)
        found.extend(s.simulated.ledger.violations)

    virtual_time.run(main(), rng)
    return found


def _at_the_end(s: Scene) -> list[str]:
    wrong = [f"callback {one.callback_id} is lost: {one.state}, {one.tries} tries" for one in s.acd.callbacks.values()
             if one.state not in {CallbackState.DONE, CallbackState.FAILED}]  # fmt: skip
    for one in s.acd.callbacks.values():
        dialled = len(dialled_to(s, int(one.phone[5:])))
        if dialled > one.tries or one.tries > MAX_TRIES:
            wrong.append(f"callback {one.callback_id} was dialled {dialled} times at {one.tries} tries")
    if s.acd.live or s.acd.waiting:
        wrong.append("somebody is left")
    if any(offer.outcome is None for offer in s.acd.offers):
        wrong.append("an offer is left open")
    return wrong


@pytest.mark.parametrize("mode", list(CallbackMode))
@pytest.mark.parametrize("seed", SEEDS)
def test_no_callback_is_lost_or_dialled_twice_and_the_order_is_kept(seed: int, mode: CallbackMode) -> None:
    rules = replace(RULES, callback_mode=mode)
    wrong = violations(seed, rules)
    if mode is CallbackMode.CUSTOMER_FIRST:  # an agent who is the reason of a call may take a later caller meanwhile
        wrong = [one for one in wrong if "before" not in one]
    assert wrong == []


def found(what: str, *, restarts: bool = True) -> bool:
    return any(what in wrong for seed in SEEDS for wrong in violations(seed, restarts=restarts))


def test_place_that_is_lost_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    add = PendingCallbacks.add

    def as_new(self: PendingCallbacks, callback: Callback, rules: QueueRules) -> None:
        add(self, replace(callback, arrived_at=self._clock.now()), rules)

    monkeypatch.setattr(PendingCallbacks, "add", as_new)
    assert found("before callback", restarts=False)


def test_customer_who_is_dialled_again_after_a_restart_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    reconcile = CallbackDialer.reconcile

    async def again(self: CallbackDialer, snapshot: Any, listed: Any) -> None:
        await reconcile(self, snapshot, listed)
        for call, _ in snapshot.in_store:
            if call.channel not in snapshot.before and call.channel in self.calls:
                await self._originate(replace_channel(self.calls[call.channel]), "trunk")

    def replace_channel(customer: Any) -> Any:
        return type(customer)(replace(customer.call, channel=f"{customer.call.channel}-again"), None)

    monkeypatch.setattr(CallbackDialer, "reconcile", again)
    assert found("in channel")


def test_callback_that_is_lost_with_its_process_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def forgetful(_self: CallbackDialer, _snapshot: Any, _listed: Any) -> None:
        return None

    monkeypatch.setattr(CallbackDialer, "reconcile", forgetful)
    assert found("is lost")
