"""Calls of a running dialer: messages, agents, abandoned calls, previews and refusals."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.dialer_scene import AGENTS, Scene, between, play
from tongdai.agents.model import AgentState
from tongdai.call_outcome import Outcome
from tongdai.calls.model import Failure
from tongdai.campaigns.model import PauseReason, Status
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.values import Mode, RetryRule
from tongdai.ids import ContactId
from tongdai.switch.simulated.callees import Response, always
from tongdai.switch.simulated.client import Faults
from tongdai.testing.memory_store.model import PENDING


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


MISSING = CallSettings(audio_file="nonesuch", max_calls=1, retries={"failed": RetryRule(timedelta(hours=1), 5)})


def test_campaign_whose_sound_is_missing_pauses_itself_and_its_contacts_are_called_again() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.sounds = {"sound:offer": 5.0}
        campaign_id = s.campaign(20, MISSING)
        s.start()
        await s.until(lambda: s.store.campaigns[campaign_id].status is Status.PAUSED)
        await asyncio.sleep(30)
        assert s.store.campaigns[campaign_id].pause_reason is PauseReason.SOUND_NOT_PLAYED
        assert s.outcomes() == [Outcome.FAILED] * 3
        for ended in s.store.over.values():
            assert ended.ending.failure is Failure.SOUND_NOT_PLAYED
            assert (ended.call.connected_at, ended.next_attempt_at) == (None, ended.at + timedelta(hours=1))
        s.simulated.sounds["sound:nonesuch"] = 5.0
        s.store.move(campaign_id, Status.RUNNING)
        await asyncio.sleep(1)
        await s.until(lambda: len(s.store.over) == 20, within_s=600)
        assert s.outcomes()[3:] == [Outcome.ANSWERED] * 17
        await asyncio.sleep(3600)
        await s.until(lambda: len(s.store.over) == 23)
        assert {c.call_status for c in s.store.contacts.values()} == {"answered"}

    play(scene)


def test_campaign_that_is_resumed_with_its_sound_still_missing_has_as_many_calls_again() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.sounds = {}
        campaign_id = s.campaign(20, MISSING)
        s.start()
        await s.until(lambda: s.store.campaigns[campaign_id].status is Status.PAUSED)
        await asyncio.sleep(5)
        s.store.move(campaign_id, Status.RUNNING)
        await s.until(lambda: s.store.campaigns[campaign_id].status is Status.PAUSED)
        assert len(s.store.over) == 6

    play(scene)


@pytest.mark.parametrize("talk_s", [0.3, 2.0])
def test_people_who_hang_up_during_the_message_do_not_pause_the_campaign(talk_s: float) -> None:
    async def scene(s: Scene) -> None:
        campaign_id = s.campaign(8, replace(MISSING, audio_file="offer"))
        s.start()
        await s.until(lambda: len(s.store.over) == 8)
        assert s.outcomes() == [Outcome.ANSWERED] * 8
        assert s.store.campaigns[campaign_id].status is Status.RUNNING

    play(scene, always(Response.ANSWERED, after_s=1, talk_s=talk_s))


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
        assert not s.simulated._bridges or not any(s.simulated._bridges.values())
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
