"""The dialer with a simulated switch and an in-memory store, in virtual time."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from tongdai.agents.model import AgentState
from tongdai.calls.live.pacing_inputs import Load
from tongdai.calls.model import ClaimConditions, Claims, Outcome, Verdict
from tongdai.campaigns.model import RunningCampaign, Status
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.values import RETRIES, MachineDetection, Mode
from tongdai.dialer.options import CLAIM_LEASE, LEASE
from tongdai.dialer.originator import BATCH
from tongdai.dialer.worker import RECONCILE_S, Dialer, SwitchTaken
from tongdai.switch.simulated import asterisk
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.switch.simulated.callees import Callee, Ending, always, phone, uniform
from tongdai.switch.simulated.client import Faults, SimulatedAri
from tongdai.testing import virtual_time
from tongdai.testing.memory_store import IN_CALL, PENDING, MemoryStore

QUEUE = 7
ASKED = {"now", "running", "dial", "claim", "end", "answered", "rang", "overdue", "connected"}
ANSWERS = always(Ending.ANSWERED, after_s=5, talk_s=60)
AGENTS = CallSettings(mode=Mode.PROGRESSIVE, queue_id=QUEUE, max_calls=50, calls_per_second=50)


class Scene:
    """A switch, records, and a dialer that can be stopped and started."""

    def __init__(self, rng: random.Random, callee: Callee, store: type[MemoryStore] = MemoryStore) -> None:
        self.rng, self.clock = rng, virtual_time.LoopClock()
        self.board = SimulatedAsterisk(
            rng, self.clock, callee, phones={f"a{n}": phone(uniform(1, 2)) for n in range(9)}
        )
        self.store = store(self.clock, rng)
        self.tasks: list[asyncio.Task[None]] = []

    def start(self, faults: Faults | None = None, **options: Any) -> None:
        self.ari = SimulatedAri(self.board, self.rng, faults=faults)
        given = {"app": "tongdai", "trunk": "trunk", "caller_id": "0241234567"} | options
        self.dialer = Dialer(self.store, self.ari, self.clock, self.rng, **given)
        self.switch = asyncio.create_task(self.ari.run())
        self.task = asyncio.create_task(self.dialer.run())
        self.tasks += [self.switch, self.task]

    async def stop(self) -> None:
        """Stop the dialer as SIGTERM does."""
        for task in (self.task, self.switch):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def campaign(self, contacts: int, settings: CallSettings | None = None) -> int:
        campaign_id = len(self.store.campaigns) + 1
        self.store.add_campaign(campaign_id, settings or CallSettings())
        for _ in range(contacts):
            number = len(self.store.contacts) + 1
            self.store.add_contact(number, campaign_id, f"+8490{number:07d}")
        return campaign_id

    def agents(self, count: int, wrap_up_s: int = 10) -> list[Any]:
        made = [self.store.add_agent(n + 1, f"a{n}", QUEUE, wrap_up_s) for n in range(count)]
        for agent_id in made:
            self.store.sign_in(agent_id)
        return made

    def outcomes(self) -> list[Outcome]:
        return [ended.ending.outcome for ended in self.store.over.values()]

    def calls(self) -> list[Any]:
        return [call for call in self.board.ledger.calls if not call.agent]

    def states(self) -> list[AgentState]:
        return [agent.state for agent in self.store.agents.values()]

    async def until(self, condition: Callable[[], object], within_s: float = 120) -> None:
        async with asyncio.timeout(within_s):
            while not condition():
                await asyncio.sleep(0.05)


@pytest.fixture
def decided(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every detection has a verdict."""
    monkeypatch.setattr(asterisk, "UNSURE", 0.0)


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    with capture_logs() as lines:
        yield lines


def play(
    scene: Callable[[Scene], Coroutine[Any, Any, None]],
    callee: Callee = ANSWERS,
    store: type[MemoryStore] = MemoryStore,
) -> None:
    rng = random.Random(1)

    async def main() -> None:
        stage = Scene(rng, callee, store)
        await scene(stage)
        for task in stage.tasks:
            task.cancel()
        await asyncio.gather(*stage.tasks, return_exceptions=True)
        assert not stage.board.ledger.violations

    virtual_time.run(main(), rng)


def test_message_is_played_and_contact_is_processed() -> None:
    async def scene(s: Scene) -> None:
        s.campaign(3, CallSettings(audio_file="offer"))
        s.start()
        await s.until(lambda: len(s.store.over) == 3)
        assert s.outcomes() == [Outcome.ANSWERED] * 3
        for call in s.calls():
            assert call.played_at == pytest.approx(call.answered_at, abs=timedelta(seconds=0.1))
            assert call.hung_up_by_us
            assert (call.caller_id, call.app_args) == ("0241234567", ("call",))
        assert {c.call_status for c in s.store.contacts.values()} == {"answered"}

    play(scene)


def test_who_answers_talks_to_the_agent_who_is_idle_longest() -> None:
    async def scene(s: Scene) -> None:
        first, second = s.agents(2)
        s.start()
        await s.until(lambda: s.states() == [AgentState.IDLE] * 2)
        oldest = min(s.store.agents.values(), key=lambda agent: agent.state_since).agent_id
        s.campaign(1, AGENTS)
        await s.until(lambda: AgentState.TALKING in s.states())
        assert s.store.agents[oldest].state is AgentState.TALKING
        (call,) = s.calls()
        assert call.bridged_at == pytest.approx(call.answered_at, abs=timedelta(seconds=0.1))
        await s.until(lambda: s.store.over)
        assert s.store.agents[oldest].state is AgentState.WRAP_UP
        assert not s.board._bridges or not any(s.board._bridges.values())
        await asyncio.sleep(12)
        assert s.states() == [AgentState.IDLE] * 2
        assert {first, second} == set(s.store.agents)

    play(scene)


@pytest.mark.parametrize("sorry", [None, "sorry"])
def test_answer_that_finds_no_agent_in_two_seconds_is_abandoned(sorry: str | None) -> None:
    async def scene(s: Scene) -> None:
        (agent,) = s.agents(1)
        s.start()
        await s.until(lambda: s.states() == [AgentState.IDLE])
        s.campaign(1, replace(AGENTS, abandon_file=sorry))
        await s.until(s.calls)
        s.store.sign_out(agent)
        await s.until(lambda: s.store.over)
        (call,) = s.calls()
        lasted_s = (call.ended_at - call.answered_at).total_seconds()
        assert s.outcomes() == [Outcome.ABANDONED]
        assert lasted_s == pytest.approx(2 if sorry is None else 7, abs=0.2)
        assert (call.played_at is not None) == (sorry is not None)

    play(scene)


def test_agent_who_becomes_free_within_two_seconds_gets_who_waits() -> None:
    async def scene(s: Scene) -> None:
        (agent,) = s.agents(1, wrap_up_s=3600)
        s.start()
        await s.until(lambda: s.states() == [AgentState.IDLE])
        s.campaign(1, AGENTS)
        await s.until(s.calls)
        s.store.agents[agent] = replace(s.store.agents[agent], state=AgentState.WRAP_UP)
        await s.until(lambda: s.calls()[0].answered_at)
        await asyncio.sleep(1.5)
        s.store.ready(agent)
        await asyncio.sleep(0.4)
        assert s.states() == [AgentState.TALKING]

    play(scene)


def test_agent_who_leaves_while_talking_is_offline_after_the_talk() -> None:
    async def scene(s: Scene) -> None:
        (agent,) = s.agents(1)
        s.start()
        s.campaign(1, AGENTS)
        await s.until(lambda: s.states() == [AgentState.TALKING])
        s.store.sign_out(agent)
        await asyncio.sleep(10)
        assert s.states() == [AgentState.TALKING]
        await s.until(lambda: s.states() == [AgentState.OFFLINE])
        assert s.outcomes() == [Outcome.ANSWERED]
        assert s.board.busy_channels == 0

    play(scene)


@pytest.mark.parametrize("status", [Status.PAUSED, Status.STOPPED])
def test_pause_and_stop_act_within_a_second_and_live_calls_finish(status: Status) -> None:
    async def scene(s: Scene) -> None:
        campaign = s.campaign(500, CallSettings(max_calls=400, calls_per_second=20))
        s.start()
        await s.until(lambda: len(s.calls()) > 40)
        s.store.move(campaign, status)
        await asyncio.sleep(1)
        placed = len(s.calls())
        await asyncio.sleep(100)
        assert len(s.calls()) == placed
        assert len(s.store.over) == placed
        assert set(s.outcomes()) == {Outcome.ANSWERED}

    play(scene)


def test_process_that_is_stopped_hands_back_claims_and_leaves_calls_to_the_next() -> None:
    class Slow(MemoryStore):
        async def dial(self, *args: Any) -> Any:
            await asyncio.sleep(0.3)
            return await super().dial(*args)

    async def scene(s: Scene) -> None:
        s.campaign(20, CallSettings(max_calls=20, calls_per_second=5, audio_file="offer"))
        s.start()
        await s.until(lambda: len(s.calls()) >= 10)
        await s.until(lambda: any(a.state == "claimed" for a in s.store._live.values()))
        await s.stop()
        assert not [a for a in s.store._live.values() if a.dialled_at is None]
        assert Outcome.CANCELLED in s.outcomes()
        up = set(s.store._live)
        assert up
        s.start()
        await s.until(lambda: len([c for c in s.store.contacts.values() if c.call_status]) == 20)
        assert {s.store.over[call_id].ending.outcome for call_id in up} == {Outcome.ANSWERED}

    play(scene, store=Slow)


def test_process_whose_switch_is_taken_ends_and_dials_no_more() -> None:
    async def scene(s: Scene) -> None:
        s.campaign(2000, CallSettings(max_calls=400, calls_per_second=10))
        s.start()
        await s.until(lambda: len(s.calls()) > 20)
        before = s.task
        asked = len(s.calls())
        other = SimulatedAri(s.board, s.rng)
        s.tasks.append(asyncio.create_task(other.run()))
        with pytest.raises(SwitchTaken):
            await before
        assert len(s.calls()) <= asked + 10
        asked = len(s.calls())
        await asyncio.sleep(60)
        assert len(s.calls()) == asked

    play(scene)


def test_calls_of_a_process_that_crashed_are_attended_to_within_a_lease() -> None:
    async def scene(s: Scene) -> None:
        s.campaign(40, CallSettings(max_calls=40, calls_per_second=10, audio_file="offer"))
        s.start()
        await s.until(lambda: len(s.calls()) == 40)
        s.ari.cut()
        s.task.cancel()
        s.switch.cancel()
        s.board.restart()
        s.store.move(1, Status.PAUSED)
        s.start()
        await asyncio.sleep(LEASE.total_seconds() + 5)
        assert not s.store._live
        assert not [c for c in s.store.contacts.values() if c.process_status == IN_CALL]
        assert set(s.outcomes()) <= {Outcome.LOST, Outcome.ANSWERED, Outcome.CANCELLED}
        assert Outcome.LOST in s.outcomes()

    play(scene)


def test_without_the_database_nothing_is_dialled_and_what_happened_is_written_later() -> None:
    class Away(MemoryStore):
        away = False

        def __getattribute__(self, name: str) -> Any:
            if name in ASKED and object.__getattribute__(self, "away"):
                raise ConnectionError(name)
            return super().__getattribute__(name)

    async def scene(s: Scene) -> None:
        s.campaign(300, CallSettings(max_calls=300, calls_per_second=5))
        s.start()
        await s.until(lambda: len(s.calls()) >= 20)
        s.store.away = True
        await asyncio.sleep(30)
        placed, ended = len(s.calls()), sum(call.ended_at is not None for call in s.calls())
        assert placed <= 25
        assert ended == placed
        assert len(s.store.over) < placed
        s.store.away = False
        await asyncio.sleep(3)
        assert len(s.store.over) >= placed
        await s.until(lambda: len(s.calls()) > placed)
        assert set(s.outcomes()) <= {Outcome.ANSWERED, Outcome.CANCELLED}

    play(scene, store=Away)


def test_switch_takes_no_more_calls_than_the_server_allows_and_the_highest_priority_first() -> None:
    async def scene(s: Scene) -> None:
        s.campaign(100, CallSettings(max_calls=100, calls_per_second=50))
        s.campaign(100, CallSettings(max_calls=100, calls_per_second=50, priority=5))
        s.start(max_calls=30)
        await s.until(lambda: len(s.calls()) >= 30)
        assert {s.store.contacts[a.contact_id].campaign_id for a in s.store._live.values()} == {2}
        for _ in range(100):
            await asyncio.sleep(0.2)
            assert s.board.busy_channels <= 30

    play(scene)


@pytest.mark.parametrize("error", [ConnectionError("no answer"), LookupError("a mistake")])
@pytest.mark.parametrize("done", [False, True])
def test_claims_whose_dialling_failed_are_all_pending_again_and_dialled_later(error: Exception, done: bool) -> None:
    class FailsOnce(MemoryStore):
        failed = False

        async def dial(self, calls: Any, lease: timedelta) -> Any:
            if self.failed:
                return await super().dial(calls, lease)
            self.failed = True
            if done:
                await super().dial(calls, lease)
            raise error

    async def scene(s: Scene) -> None:
        s.campaign(150, CallSettings(max_calls=400, calls_per_second=200))
        s.start()
        await s.until(lambda: len(s.store.over) == 150, within_s=5)
        assert set(s.outcomes()) == {Outcome.CANCELLED}
        assert not s.calls()
        await s.until(lambda: len(s.calls()) == 150, within_s=5)
        await s.until(lambda: len(s.store.over) == 300)
        assert {c.call_status for c in s.store.contacts.values()} == {"answered"}

    play(scene, store=FailsOnce)


def test_batch_that_was_dialled_stays_so_when_the_next_one_fails() -> None:
    class FailsAtTheSecond(MemoryStore):
        dials = 0

        async def dial(self, calls: Any, lease: timedelta) -> Any:
            self.dials += 1
            if self.dials == 2:
                raise LookupError("a mistake")
            return await super().dial(calls, lease)

    async def scene(s: Scene) -> None:
        s.campaign(150, CallSettings(max_calls=400, calls_per_second=200))
        s.start()
        await s.until(s.calls)
        await s.until(lambda: len(s.store.over) == 150 - BATCH, within_s=2)
        assert set(s.outcomes()) == {Outcome.CANCELLED}
        await s.until(lambda: len(s.calls()) == 150, within_s=5)

    play(scene, store=FailsAtTheSecond)


def test_claim_that_its_process_does_not_come_to_dial_is_taken_back_and_not_dialled_then() -> None:
    class Hangs(MemoryStore):
        dials = 0

        async def dial(self, calls: Any, lease: timedelta) -> Any:
            self.dials += 1
            if self.dials == 1:
                await asyncio.sleep(60)
            return await super().dial(calls, lease)

    async def scene(s: Scene) -> None:
        s.campaign(1)
        s.start()
        await s.until(lambda: s.store._live)
        await asyncio.sleep(CLAIM_LEASE.total_seconds() + 5)
        assert s.outcomes() == [Outcome.CANCELLED]
        await s.until(s.calls)
        await s.until(lambda: len(s.store.over) == 2)
        assert s.outcomes() == [Outcome.CANCELLED, Outcome.ANSWERED]

    play(scene, store=Hangs)


def test_process_that_stops_writes_what_it_knows_although_its_last_claim_failed() -> None:
    class Fails(MemoryStore):
        away = False

        async def claim(self, conditions: Any, limit: int) -> Any:
            if conditions.campaign_id == 2:
                raise LookupError("a mistake")
            return await super().claim(conditions, limit)

        async def end(self, *args: Any) -> Any:
            if self.away:
                raise ConnectionError("not done")
            return await super().end(*args)

    async def scene(s: Scene) -> None:
        s.campaign(1)
        s.campaign(1)
        s.store.away = True
        s.start()
        await s.until(lambda: s.calls() and s.calls()[0].ended_at)
        await asyncio.sleep(2)
        s.store.away = False
        await s.stop()
        assert s.outcomes() == [Outcome.ANSWERED]

    play(scene, store=Fails)


def test_process_that_stops_while_a_claim_fails_hands_back_the_rest() -> None:
    class FailsSlowly(MemoryStore):
        async def claim(self, *args: Any) -> Any:
            await asyncio.sleep(0.3)
            raise LookupError("a mistake")

    async def scene(s: Scene) -> None:
        s.campaign(1)
        s.start()
        await s.until(lambda: s.dialer._originator._claiming)
        await s.stop()
        assert s.task.cancelled()

    play(scene, store=FailsSlowly)


def test_numbers_on_a_do_not_call_list_do_not_hold_up_the_one_behind_them() -> None:
    async def scene(s: Scene) -> None:
        s.agents(1)
        s.start()
        await s.until(lambda: s.states() == [AgentState.IDLE])
        s.campaign(301, AGENTS)
        for number in range(1, 301):
            s.store.do_not_call(f"+8490{number:07d}")
        await s.until(s.calls, within_s=10)
        assert [call.to for call in s.calls()] == ["84900000301"]

    play(scene)


def test_agent_whose_phone_goes_while_who_is_called_for_him_is_answered_is_replaced() -> None:
    class LosesTheReserved(MemoryStore):
        board: SimulatedAsterisk
        lost = False

        async def reserve(self, *args: Any) -> Any:
            agent = await super().reserve(*args)
            if agent is not None and not self.lost:
                self.lost = True
                self.board._hung_up_by_callee(self.board._channels[str(agent.channel_id)])
                await asyncio.sleep(0.1)
            return agent

    async def scene(s: Scene) -> None:
        s.store.board = s.board
        s.agents(2)
        s.start()
        await s.until(lambda: s.states() == [AgentState.IDLE] * 2)
        s.campaign(1, AGENTS)
        await s.until(lambda: s.store.over)
        (call,) = s.calls()
        assert call.ended_at - call.answered_at == timedelta(seconds=60)
        assert sorted(s.states()) == [AgentState.OFFLINE, AgentState.WRAP_UP]

    play(scene, store=LosesTheReserved)


def test_talk_whose_agent_left_ends_although_the_answer_of_the_store_was_lost() -> None:
    class AnswerLost(MemoryStore):
        async def agent_gone(self, channel_id: Any) -> Any:
            await super().agent_gone(channel_id)
            raise ConnectionError("done, and no answer")

    async def scene(s: Scene) -> None:
        s.agents(1)
        s.start()
        s.campaign(1, AGENTS)
        await s.until(lambda: s.states() == [AgentState.TALKING])
        (phone_call,) = (call for call in s.board._channels.values() if call.call.agent)
        s.board._hung_up_by_callee(phone_call)
        await s.until(lambda: s.store.over, within_s=RECONCILE_S + 1)
        assert s.outcomes() == [Outcome.ANSWERED]

    play(scene, store=AnswerLost)


def test_agent_who_signs_in_while_calls_are_reconciled_stays_signed_in() -> None:
    async def scene(s: Scene) -> None:
        (agent,) = s.agents(1)
        s.start()
        phones = s.dialer._phones
        await s.until(lambda: phones._agents)
        phones.reconcile([], {})  # as the records and the switch were right before
        await s.until(lambda: s.states() == [AgentState.IDLE], within_s=5)
        await asyncio.sleep(60)
        assert s.states() == [AgentState.IDLE]
        assert phones.owns(str(s.store.agents[agent].channel_id))

    play(scene)


def test_nothing_is_kept_of_agents_who_are_gone() -> None:
    async def scene(s: Scene) -> None:
        (agent,) = s.agents(1)
        s.start()
        phones = s.dialer._phones
        await s.until(lambda: s.states() == [AgentState.IDLE])
        phones._unlisted_since["left"] = phones._hung_up_at["left"] = 0.0
        phones._agents["left"] = s.store.agents[agent]
        await asyncio.sleep(RECONCILE_S + 1)
        assert set(phones._agents) == {str(s.store.agents[agent].channel_id)}
        s.store.sign_out(agent)
        await s.until(lambda: s.states() == [AgentState.OFFLINE])
        await asyncio.sleep(RECONCILE_S + 1)
        assert [phones._agents, phones._unlisted_since, phones._hung_up_at] == [{}, {}, {}]

    play(scene)


def test_answer_that_could_not_be_recorded_at_first_finds_an_agent_later() -> None:
    class FailsTwice(MemoryStore):
        failures = 0  # when the phone is picked up, and when the switch gives us the call

        async def answered(self, *args: Any) -> Any:
            self.failures += 1
            if self.failures <= 2:
                raise LookupError("a mistake")
            return await super().answered(*args)

    async def scene(s: Scene) -> None:
        s.agents(1)
        s.start()
        await s.until(lambda: s.states() == [AgentState.IDLE])
        s.campaign(1, AGENTS)
        await s.until(lambda: s.states() == [AgentState.TALKING], within_s=30)

    play(scene, store=FailsTwice)


def test_figures_of_campaigns_that_do_not_run_are_not_kept() -> None:
    async def scene(s: Scene) -> None:
        s.agents(1)
        campaign = s.campaign(1, replace(AGENTS, mode=Mode.PREDICTIVE))
        s.start()
        await s.until(lambda: s.dialer._originator._recent)
        s.store.move(campaign, Status.PAUSED)
        await asyncio.sleep(2)
        assert not s.dialer._originator._recent

    play(scene)


def test_campaign_that_fails_does_not_stop_another() -> None:
    class Broken(MemoryStore):
        async def load(self, campaign: RunningCampaign) -> Load:
            if campaign.campaign_id == 1:
                raise LookupError
            return await super().load(campaign)

    async def scene(s: Scene) -> None:
        s.campaign(5, CallSettings(priority=9))
        s.campaign(5)
        s.start()
        await s.until(lambda: len(s.store.over) == 5)
        assert {ended.call.campaign_id for ended in s.store.over.values()} == {2}

    play(scene, store=Broken)


@pytest.mark.slow
def test_campaign_whose_dialling_fails_for_ever_claims_ever_less_often_and_another_continues() -> None:
    class Broken(MemoryStore):
        claims = 0
        mended = False

        async def claim(self, conditions: ClaimConditions, limit: int) -> Claims:
            self.claims += conditions.campaign_id == 1
            return await super().claim(conditions, limit)

        async def dial(self, calls: Any, lease: timedelta) -> Any:
            if calls[0].campaign_id == 1 and not self.mended:
                raise LookupError("a mistake")
            return await super().dial(calls, lease)

    async def scene(s: Scene) -> None:
        store = s.store
        assert isinstance(store, Broken)
        s.campaign(5)
        s.campaign(5)
        s.start()
        await asyncio.sleep(600)
        assert [c.call_status for c in store.contacts.values()] == [None] * 5 + ["answered"] * 5
        assert 10 <= store.claims <= 20
        store.mended = True
        await s.until(lambda: len(s.calls()) == 10)

    play(scene, store=Broken)


def test_trunk_that_would_be_dialled_as_something_else_is_not_asked_for() -> None:
    async def scene(s: Scene) -> None:
        s.campaign(1, CallSettings(trunk="trunk&PJSIP/1900"))
        s.start()
        await s.until(lambda: s.store.over)
        assert s.outcomes() == [Outcome.FAILED]
        assert not s.calls()

    play(scene)


def test_switch_that_refuses_everything_ends_calls_and_they_are_tried_again_by_the_rules() -> None:
    async def scene(s: Scene) -> None:
        s.campaign(3)
        s.start(Faults(error=1.0))
        await s.until(lambda: len(s.store.over) >= 3)
        assert set(s.outcomes()) == {Outcome.FAILED}
        assert all(c.process_status == PENDING for c in s.store.contacts.values())
        assert all(ended.next_attempt_at - ended.at == timedelta(minutes=2) for ended in s.store.over.values())

    play(scene)


def test_talk_continues_while_the_connection_is_cut_and_its_end_is_found_out() -> None:
    async def scene(s: Scene) -> None:
        s.agents(1)
        s.start()
        s.campaign(1, AGENTS)
        await s.until(lambda: s.states() == [AgentState.TALKING])
        s.board.cut(for_s=90)
        await asyncio.sleep(80)
        (call,) = s.calls()
        assert call.ended_at - call.answered_at == timedelta(seconds=60)
        await s.until(lambda: s.store.over, within_s=10 + LEASE.total_seconds())
        assert s.outcomes() == [Outcome.ANSWERED]

    play(scene)


DETECTS = replace(AGENTS, machine_detection=MachineDetection.HANG_UP)
LONG_GREETING = always(Ending.ANSWERED, after_s=5, talk_s=60, machine=True)


@pytest.mark.parametrize("settings", [replace(DETECTS, mode=Mode.AGENTLESS, audio_file="offer"), DETECTS])
def test_machine_is_hung_up_and_called_again_by_its_rule(settings: CallSettings, decided: None) -> None:
    async def scene(s: Scene) -> None:
        s.agents(1)
        s.start()
        await s.until(lambda: s.states() == [AgentState.IDLE])
        s.campaign(1, settings)
        await s.until(lambda: s.store.over)
        (ended,), (call,) = s.store.over.values(), s.calls()
        assert s.outcomes() == [Outcome.MACHINE]
        assert ended.next_attempt_at - ended.at == RETRIES["machine"].after
        assert (ended.ending.detection.verdict, call.verdict) == (Verdict.MACHINE, "MACHINE")
        assert 1000 <= ended.ending.detection.took_ms <= 2000
        assert call.hung_up_by_us
        assert (call.played_at, call.bridged_at) == (None, None)
        assert s.states() == [AgentState.IDLE]

    play(scene, LONG_GREETING)


def test_person_has_an_agent_within_two_seconds_of_the_answer_detection_included(decided: None) -> None:
    async def scene(s: Scene) -> None:
        s.agents(1)
        s.start()
        await s.until(lambda: s.states() == [AgentState.IDLE])
        s.campaign(1, DETECTS)
        await s.until(lambda: s.store.over)
        (ended,), (call,) = s.store.over.values(), s.calls()
        assert (ended.ending.outcome, ended.ending.detection.verdict) == (Outcome.ANSWERED, Verdict.HUMAN)
        assert timedelta(seconds=1) < call.bridged_at - call.answered_at < timedelta(seconds=2)

    play(scene)


def test_person_without_an_agent_is_abandoned_two_seconds_after_the_answer_detection_included() -> None:
    async def scene(s: Scene) -> None:
        (agent,) = s.agents(1)
        s.start()
        await s.until(lambda: s.states() == [AgentState.IDLE])
        s.campaign(1, DETECTS)
        await s.until(s.calls)
        s.store.sign_out(agent)
        await s.until(lambda: s.store.over)
        (call,) = s.calls()
        assert s.outcomes() == [Outcome.ABANDONED]
        assert call.ended_at - call.answered_at == pytest.approx(timedelta(seconds=2), abs=timedelta(seconds=0.2))

    play(scene)


def test_calls_continue_without_detection_where_the_switch_has_none(logs: list[Any]) -> None:
    async def scene(s: Scene) -> None:
        s.board.amd = False
        s.campaign(3, replace(DETECTS, mode=Mode.AGENTLESS, audio_file="offer"))
        s.start()
        await s.until(lambda: len(s.store.over) == 3)
        assert s.outcomes() == [Outcome.ANSWERED] * 3
        assert {ended.ending.detection.verdict for ended in s.store.over.values()} == {Verdict.UNAVAILABLE}
        for call in s.calls():
            assert call.played_at - call.answered_at < timedelta(seconds=0.1)

    play(scene, LONG_GREETING)
    warnings = [line for line in logs if line["event"] == "machine detection unavailable"]
    assert [line["reason"] for line in warnings] == ["module app_amd.so is not loaded"], "once"


def test_previewed_contact_is_called_for_the_agent_who_accepted_it() -> None:
    async def scene(s: Scene) -> None:
        first, second = s.agents(2)
        s.start()
        await s.until(lambda: s.states() == [AgentState.IDLE] * 2)
        s.campaign(3, replace(AGENTS, mode=Mode.PREVIEW))
        await asyncio.sleep(5)
        assert not s.calls()
        assert s.store.accept(second, s.store.contacts[2].contact_id)
        await s.until(lambda: s.store.agents[second].state is AgentState.TALKING)
        assert [call.to for call in s.calls()] == ["84900000002"]
        assert s.store.agents[first].state is AgentState.IDLE

    play(scene)
