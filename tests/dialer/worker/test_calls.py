"""Calls of a running dialer: messages, agents, abandoned calls, previews and refusals."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.dialer_scene import AGENTS, Scene, between, play
from tongdai.agents.model import AgentState
from tongdai.calls.model import Outcome
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.values import Mode
from tongdai.ids import ContactId
from tongdai.switch.simulated.client import Faults
from tongdai.testing.memory_store import PENDING


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


def test_callee_talks_to_the_agent_who_is_idle_longest() -> None:
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
        lasted_s = between(call.answered_at, call.ended_at).total_seconds()
        assert s.outcomes() == [Outcome.ABANDONED]
        assert lasted_s == pytest.approx(2 if sorry is None else 7, abs=0.2)
        assert (call.played_at is not None) == (sorry is not None)

    play(scene)


def test_agent_who_becomes_free_within_two_seconds_gets_the_waiting_call() -> None:
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


def test_numbers_on_a_do_not_call_list_do_not_delay_the_next_contact() -> None:
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


def test_trunk_with_dial_string_syntax_is_not_dialled() -> None:
    async def scene(s: Scene) -> None:
        s.campaign(1, CallSettings(trunk="trunk&PJSIP/1900"))
        s.start()
        await s.until(lambda: s.store.over)
        assert s.outcomes() == [Outcome.FAILED]
        assert not s.calls()

    play(scene)


def test_calls_that_the_switch_refuses_fail_and_are_retried_by_the_rules() -> None:
    async def scene(s: Scene) -> None:
        s.start()
        await s.until(lambda: s.ari.up)
        s.ari.faults = Faults(error=1.0)
        s.campaign(3)
        await s.until(lambda: len(s.store.over) >= 3)
        assert set(s.outcomes()) == {Outcome.FAILED}
        assert all(c.process_status == PENDING for c in s.store.contacts.values())
        assert all(between(ended.at, ended.next_attempt_at) == timedelta(minutes=2) for ended in s.store.over.values())

    play(scene)


def test_previewed_contact_is_called_for_the_agent_who_accepted_it() -> None:
    async def scene(s: Scene) -> None:
        first, second = s.agents(2)
        s.start()
        await s.until(lambda: s.states() == [AgentState.IDLE] * 2)
        s.campaign(3, replace(AGENTS, mode=Mode.PREVIEW))
        await asyncio.sleep(5)
        assert not s.calls()
        assert s.store.accept(second, ContactId(2))
        await s.until(lambda: s.store.agents[second].state is AgentState.TALKING)
        assert [call.to for call in s.calls()] == ["84900000002"]
        assert s.store.agents[first].state is AgentState.IDLE

    play(scene)
