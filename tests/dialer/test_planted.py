"""Planted bugs: the simulation finds each of them within a few seeds."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from tests.support.dialer_simulation.plan import Plan
from tests.support.dialer_simulation.simulation import simulate
from tongdai.agents.model import Agent
from tongdai.call_outcome import Outcome
from tongdai.calls.model import Call, CallState
from tongdai.campaigns.model import RunningCampaign
from tongdai.dialer import originator, sounds
from tongdai.dialer.call import controller, core, model
from tongdai.dialer.options import DIAL_BATCH, LEASE
from tongdai.ids import ContactId
from tongdai.switch.interface import SwitchUnreachable
from tongdai.telephony import reconcile
from tongdai.testing.memory_store.model import PENDING
from tongdai.testing.memory_store.store import MemoryStore

SEEDS = range(1, 13)


def found(what: str, make_store: type[MemoryStore] = MemoryStore, plan: Plan | None = None) -> bool:
    """Whether one of the seeds has a violation with that text."""
    return any(what in wrong for seed in SEEDS for wrong in simulate(seed, plan, make_store).violations)


class DeletesWithoutCheck(MemoryStore):
    def delete_contact(self, contact_id: ContactId) -> bool:
        contact = self.contacts[contact_id]
        if not contact.deleted and contact.process_status == PENDING:
            return super().delete_contact(contact_id)
        contact.deleted = True
        return True


def test_deleting_a_contact_without_asking_whether_it_is_in_a_call_is_found() -> None:
    assert found("dialled after it was deleted", DeletesWithoutCheck)


def test_putting_back_what_was_being_dialled_when_the_process_crashed_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    adopt = reconcile.Reconciler._adopt

    async def requeue(self: reconcile.Reconciler, live: Sequence[Call], agents: Sequence[Agent]) -> None:
        kept: list[Call] = []
        for call in live:
            known = str(call.call_id) in self._controller.calls
            if call.state is CallState.DIALING and not known:
                await self._store.end(call, model.CANCELLED)
            else:
                kept.append(call)
        await adopt(self, kept, agents)

    monkeypatch.setattr(reconcile.Reconciler, "_adopt", requeue)
    assert found("ended as cancelled, and was dialled")


def test_taking_calls_for_lost_before_their_lease_is_past_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (controller, originator, reconcile):
        monkeypatch.setattr(module, "LEASE", timedelta(seconds=2))
    assert found("its call had ended as lost")


def test_asking_again_for_a_call_whose_request_was_not_answered_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    originate = originator.commands.originate

    async def again(*args: Any, **options: Any) -> object:
        try:
            return await originate(*args, **options)
        except SwitchUnreachable:
            return await originate(*args, **options)

    monkeypatch.setattr(originator.commands, "originate", again)
    assert found("is asked for a second time")


def test_leaving_the_rest_of_a_claim_alone_when_a_batch_fails_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def forgetful(self: originator.Originator, campaign: RunningCampaign, calls: Sequence[Call]) -> None:
        for first in range(0, len(calls), DIAL_BATCH):
            some = calls[first : first + DIAL_BATCH]
            verdicts = await self._store.dial(some, LEASE)
            for call in some:
                self._begin(campaign.settings, call, verdicts, self._clock.monotonic())

    async def leave(*_: object) -> None: ...

    monkeypatch.setattr(originator.Originator, "_dial", forgetful)
    monkeypatch.setattr(reconcile.Reconciler, "_cancel_claims", leave)
    lasting = Plan(crash_s=0, stop_s=0, take_over_s=0, crash_at_step=False)
    assert found("past its lease", plan=lasting)


def test_taking_a_call_for_answered_that_played_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "_was_heard", lambda *_: True)
    calm = Plan(
        minutes=5, crash_s=0, stop_s=0, take_over_s=0, cut_s=0, restart_s=0, away_s=0, faults_s=0, crash_at_step=False,
        store_refuses=0, store_answer_lost=0, stormy=False,
    )  # fmt: skip
    assert found("and the person heard nothing", plan=calm)


CALM = Plan(
    minutes=5, crash_s=0, stop_s=0, take_over_s=0, cut_s=0, restart_s=0, away_s=0, faults_s=0, crash_at_step=False,
    store_refuses=0, store_answer_lost=0, store_slow=0, stormy=False, check_sounds=True,
)  # fmt: skip


def test_dialling_without_looking_whether_the_sound_is_missing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert simulate(SEEDS[0], CALM).violations == []
    monkeypatch.setattr(sounds.Sounds, "lacks", lambda *_: False)
    assert found("dialled while its sound is missing", plan=CALM)


class AsksTheListsAtTheClaimOnly(MemoryStore):
    def _refusal(self, call: Call) -> Outcome | None:
        refused = super()._refusal(call)
        return None if refused is Outcome.DNC else refused


def test_asking_the_do_not_call_lists_at_the_claim_only_is_found() -> None:
    assert found("after it was put on a do-not-call list", AsksTheListsAtTheClaimOnly)


class AsksWhetherDialingIsHeldAtTheClaimOnly(MemoryStore):
    def _refusal(self, call: Call) -> Outcome | None:
        held, self.held = self.held, False
        refused = super()._refusal(call)
        self.held = held
        return refused


def test_asking_whether_dialing_is_held_at_the_claim_only_is_found() -> None:
    often = Plan(minutes=10, hold_s=30, slow_claims=0.3, list_s=0)
    assert found("after dialing was held", AsksWhetherDialingIsHeldAtTheClaimOnly, often)
