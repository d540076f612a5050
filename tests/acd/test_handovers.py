"""Agents transfer, consult and confer at random, and supervisors take over, while processes crash: the rows say what
the switch did. Each planted bug is found within a few seeds."""

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from tests.support.dialer_simulation.plan import HANDED_OVER, Plan
from tests.support.dialer_simulation.planted_stores import OffersAgentsWhoHaveCalls
from tests.support.dialer_simulation.simulation import simulate
from tests.support.parties import MemoryParties
from tongdai.acd.caller import core, forwarding
from tongdai.acd.caller.store import CallerRow
from tongdai.calls.inbound.model import InboundCall, InboundEnding
from tongdai.calls.segments import Kind
from tongdai.ids import AgentId, QueueId
from tongdai.testing.memory_store.acd import MemoryAcdStore
from tongdai.testing.memory_store.segments import MemorySegments

SEEDS, MORE_SEEDS = range(1, 5), range(5, 25)
"""The latter only if a situation has not occurred before, or a planted bug is not found yet."""
LASTING = replace(HANDED_OVER, minutes=3, crash_s=0, crash_at_step=False)
STORMY = Plan(minutes=3, acts_s=1.5)
SOMETIMES = (
    "transfer done", "transfer refused", "consult done", "consult refused", "consult_complete done",
    "consult_cancel done", "conference done", "take_over done", "barge done", "hold done", "resume done", "mute done",
    "transfer unknown", "consult unknown",
    "segment talk of an agent", "segment talk of nobody", "segment hold of an agent", "segment consult of an agent",
    "segment conference of an agent",
    "crashed before a step", "crashed after a step", "crashed before a request", "crashed after a request",
    "caller adopted", "call adopted", "orphaned channel hung up", "bridge left over destroyed",
)  # fmt: skip
"""Situations that must occur at least once over the seeds."""


def test_rows_say_what_the_switch_did_whenever_processes_crash() -> None:
    met: Counter[str] = Counter()
    for seed in (*SEEDS, *MORE_SEEDS):
        if seed in MORE_SEEDS and all(met[situation] for situation in SOMETIMES):
            break
        world = simulate(seed, HANDED_OVER)
        assert not world.violations, f"seed {seed}: {world.violations[:5]}"
        met += world.counts
    assert [situation for situation in SOMETIMES if not met[situation]] == []


def test_nothing_of_a_talk_is_left_under_all_faults() -> None:
    assert simulate(SEEDS[0], STORMY).violations == []


def found(what: str, plan: Plan = LASTING, make_acd: type[MemoryAcdStore] = MemoryAcdStore) -> bool:
    """Whether one of the seeds has a violation with that text."""
    seeds = (*SEEDS, *MORE_SEEDS)
    return any(what in wrong for seed in seeds for wrong in simulate(seed, plan, make_acd=make_acd).violations)


def test_transfer_that_a_crash_leaves_half_done_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (core, forwarding):
        monkeypatch.setattr(module, "apart", lambda _: ())
    crash_in_transfers = replace(HANDED_OVER, minutes=3, crash_after="transfer", crash_within=4, crash_in_act=1)
    assert found("s by the switch", crash_in_transfers)


def test_hold_that_counts_as_talk_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    change = MemorySegments.change

    def without_holds(self: MemorySegments, call_id: UUID, kind: Kind, *rest: Any) -> None:
        change(self, call_id, Kind.TALK if kind is Kind.HOLD else kind, *rest)

    monkeypatch.setattr(MemorySegments, "change", without_holds)
    assert found("s by the switch")


class ForgetsWhoWasTransferred(MemoryAcdStore):
    """Ends calls that were transferred without an outcome."""

    async def transfer(self, call: InboundCall, queue_id: QueueId, hops: int, at: datetime) -> CallerRow | None:
        self.left_out = {*getattr(self, "left_out", ()), call.call_id}
        return await super().transfer(call, queue_id, hops, at)

    async def end(self, call: InboundCall, ending: InboundEnding) -> bool:
        ended = await super().end(call, ending)
        if call.call_id in getattr(self, "left_out", ()):
            self.over.pop(call.call_id, None)
        return ended


def test_caller_who_is_lost_by_a_transfer_is_found() -> None:
    assert found("has no outcome", make_acd=ForgetsWhoWasTransferred)


def test_agent_who_is_in_two_talks_is_found() -> None:
    """A phone that rings has a channel for each."""
    ring = replace(LASTING, agents=3, ringing_agents=6)
    assert found("is in two talks at once", ring, OffersAgentsWhoHaveCalls)


def test_party_who_is_left_when_the_call_is_over_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def keep(_: MemoryParties, __: Any) -> None: ...

    monkeypatch.setattr(MemoryParties, "forget", keep)
    assert found("is left, ")


def test_conference_that_goes_on_beside_the_talk_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_: MemorySegments, __: UUID, ___: AgentId, ____: datetime) -> None: ...

    monkeypatch.setattr(MemorySegments, "end_conference", never)
    assert found("has two segments at once")
