"""Planted bugs of the ACD: the simulation finds each of them within a few seeds."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.dialer_simulation.plan import Plan
from tests.support.dialer_simulation.planted_stores import OffersAgentsWhoHaveCalls
from tests.support.dialer_simulation.simulation import simulate
from tongdai.acd import routing
from tongdai.acd.caller import core
from tongdai.acd.caller.model import BridgeWithAgent, CallerProgress, HangUpAgent, RecordOfferEnd, Stage
from tongdai.acd.caller.signals import AgentAnswered
from tongdai.acd.controlled import ControlledCaller
from tongdai.acd.controller import AcdController
from tongdai.acd.eligibility import Place, WaitingCaller
from tongdai.acd.waiting_room import WaitingRoom
from tongdai.agents.model import Agent
from tongdai.queues.model import QueueRules
from tongdai.telephony.phone_watch import PhoneWatch
from tongdai.testing.memory_store.acd import MemoryAcdStore
from tongdai.testing.memory_store.store import MemoryStore

SEEDS = range(1, 9)
HARMLESS = Plan(
    minutes=10, crash_s=0, stop_s=0, take_over_s=0, cut_s=0, restart_s=0, away_s=0, pause_s=0, faults_s=0, hold_s=0,
    crash_at_step=False, store_refuses=0, store_answer_lost=0, store_slow=0, store_breaks=0, slow_claims=0,
    stormy=False,
)  # fmt: skip
RESTARTED = replace(HARMLESS, crash_s=60)
BUSY = replace(HARMLESS, callers_per_hour=1200)


def found(
    what: str,
    plan: Plan = HARMLESS,
    make_store: type[MemoryStore] = MemoryStore,
    make_acd: type[MemoryAcdStore] = MemoryAcdStore,
) -> bool:
    """Whether one of the seeds has a violation with that text."""
    return any(what in wrong for seed in SEEDS for wrong in simulate(seed, plan, make_store, make_acd).violations)


@pytest.mark.parametrize("plan", [HARMLESS, RESTARTED, BUSY], ids=["harmless", "restarted", "busy"])
def test_without_a_bug_nothing_is_found(plan: Plan) -> None:
    assert simulate(SEEDS[0], plan).violations == []


def test_caller_who_is_not_matched_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    wait = WaitingRoom.wait

    def forgetful(self: WaitingRoom, caller: ControlledCaller, rules: QueueRules, *without: Any) -> None:
        if caller.call.call_id.int % 3:
            wait(self, caller, rules, *without)

    monkeypatch.setattr(WaitingRoom, "wait", forgetful)
    assert found("waits beside idle agent")


def test_caller_who_is_lost_over_a_restart_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    adopt = AcdController.adopt

    def forgetful(self: AcdController, active: Any) -> None:
        if active.call.call_id.int % 3:
            adopt(self, active)

    monkeypatch.setattr(AcdController, "adopt", forgetful)
    assert found("waits beside idle agent", RESTARTED)


def test_agent_who_is_offered_to_two_callers_is_found() -> None:
    assert found("is offered to two callers", make_acd=OffersAgentsWhoHaveCalls)


def test_place_that_is_lost_over_a_restart_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    adopt = AcdController.adopt

    def as_new(self: AcdController, active: Any) -> None:
        adopt(self, active)
        caller = self.callers[active.call.channel]
        caller.arrived_at = self._clock.now() - timedelta(seconds=active.call.call_id.int % 7)

    monkeypatch.setattr(AcdController, "adopt", as_new)
    assert found("before", RESTARTED)


def test_place_that_is_lost_on_the_way_to_another_queue_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    wait = WaitingRoom.wait

    def as_new(self: WaitingRoom, caller: ControlledCaller, *rest: Any) -> None:
        if caller.progress.hops and caller.joined_at is not None:
            caller.arrived_at = caller.joined_at
        wait(self, caller, *rest)

    monkeypatch.setattr(WaitingRoom, "wait", as_new)
    assert found("before", BUSY)


def test_starvation_by_callers_of_a_vip_queue_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def always_before(caller: WaitingCaller, rules: QueueRules) -> Place:
        head_start = timedelta(days=1) if rules.head_start_s else timedelta(0)
        return Place(caller.arrived_at - head_start, caller.arrived_at, caller.call_id)

    monkeypatch.setattr(routing, "place_of", always_before)
    assert found("before", BUSY)


class MakesPausedAgentsIdle(MemoryStore):
    def _set_free(self, agent: Agent, **changes: object) -> Agent:
        return super()._set_free(replace(agent, next_state=None), **changes)


def test_paused_agent_who_becomes_idle_after_a_call_is_found() -> None:
    assert found("and was paused", make_store=MakesPausedAgentsIdle)


def test_agent_who_is_offered_calls_in_a_call_of_their_own_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def blind(_: PhoneWatch, *__: Any, **___: Any) -> tuple[()]:
        return ()

    monkeypatch.setattr(PhoneWatch, "_compare", blind)
    assert found("gets a call in a call of their own")


def test_phone_that_stays_busy_after_its_call_is_found() -> None:
    class NeverFrees(MemoryStore):
        async def phones_free_elsewhere(self, endpoints: Any) -> int:
            del endpoints
            return 0

    assert found("busy elsewhere without a call", make_store=NeverFrees)


class PacesWithoutCallers(MemoryStore):
    async def load(self, campaign: Any) -> Any:
        return replace(await super().load(campaign), callers=0)


def test_pacing_that_spends_the_agents_of_callers_is_found() -> None:
    assert found("dialled for an agent whom a caller waits for", make_store=PacesWithoutCallers)


def test_second_answer_that_is_bridged_too_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    step = core.step

    def greedy(call: CallerProgress, event: Any) -> core.Step:
        if call.stage is Stage.TALKING and isinstance(event, AgentAnswered) and event.channel in call.ringing:
            return call, (BridgeWithAgent(event.channel),)
        after, commands = step(call, event)
        if call.rung and after.agent_up:
            after = replace(after, rung=tuple(one for one in call.rung if one.channel != after.agent_channel))
            commands = tuple(one for one in commands if not isinstance(one, HangUpAgent | RecordOfferEnd))
        return after, commands

    monkeypatch.setattr(core, "step", greedy)
    assert found("bridged with 2 agents", BUSY)
