"""Calls with machine detection in a running dialer."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from tests.support.dialer_scene import AGENTS, Scene, between, play
from tongdai.agents.model import AgentState
from tongdai.call_outcome import Outcome
from tongdai.calls.model import Detection, Verdict
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.values import RETRIES, MachineDetection, Mode
from tongdai.switch.simulated.callees import Response, always
from tongdai.testing.memory_store.model import Ended


@pytest.fixture
def logs() -> Iterator[list[EventDict]]:
    with capture_logs() as lines:
        yield lines


DETECTS = replace(AGENTS, machine_detection=MachineDetection.HANG_UP)
LONG_GREETING = always(Response.ANSWERED, after_s=5, talk_s=60, machine=True)


def detection_of(ended: Ended) -> Detection:
    assert ended.ending.detection is not None
    return ended.ending.detection


@pytest.mark.parametrize("settings", [replace(DETECTS, mode=Mode.AGENTLESS, audio_file="offer"), DETECTS])
def test_machine_is_hung_up_and_called_again_by_its_rule(settings: CallSettings) -> None:
    async def scene(s: Scene) -> None:
        s.simulated.unsure = 0.0
        s.agents(1)
        s.start()
        await s.until(lambda: s.states() == [AgentState.IDLE])
        s.campaign(1, settings)
        await s.until(lambda: s.store.over)
        (ended,), (call,) = s.store.over.values(), s.calls()
        assert s.outcomes() == [Outcome.MACHINE]
        assert between(ended.at, ended.next_attempt_at) == RETRIES["machine"].after
        assert (detection_of(ended).verdict, call.verdict) == (Verdict.MACHINE, "MACHINE")
        assert 1000 <= detection_of(ended).took_ms <= 2000
        assert call.hung_up_by_us
        assert (call.played_at, call.bridged_at) == (None, None)
        assert s.states() == [AgentState.IDLE]

    play(scene, LONG_GREETING)


def test_person_has_an_agent_within_two_seconds_of_the_answer_detection_included() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.unsure = 0.0
        s.agents(1)
        s.start()
        await s.until(lambda: s.states() == [AgentState.IDLE])
        s.campaign(1, DETECTS)
        await s.until(lambda: s.store.over)
        (ended,), (call,) = s.store.over.values(), s.calls()
        assert (ended.ending.outcome, detection_of(ended).verdict) == (Outcome.ANSWERED, Verdict.HUMAN)
        assert timedelta(seconds=1) < between(call.answered_at, call.bridged_at) < timedelta(seconds=2)

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
        assert between(call.answered_at, call.ended_at) == pytest.approx(
            timedelta(seconds=2), abs=timedelta(seconds=0.2)
        )

    play(scene)


def test_calls_continue_without_detection_where_the_switch_has_none(logs: list[EventDict]) -> None:
    async def scene(s: Scene) -> None:
        s.simulated.amd = False
        s.campaign(3, replace(DETECTS, mode=Mode.AGENTLESS, audio_file="offer"))
        s.start()
        await s.until(lambda: len(s.store.over) == 3)
        assert s.outcomes() == [Outcome.ANSWERED] * 3
        assert {detection_of(ended).verdict for ended in s.store.over.values()} == {Verdict.UNAVAILABLE}
        for call in s.calls():
            assert between(call.answered_at, call.played_at) < timedelta(seconds=0.1)

    play(scene, LONG_GREETING)
    warnings = [line for line in logs if line["event"] == "machine detection unavailable"]
    assert [line["reason"] for line in warnings] == ["module app_amd.so is not loaded"], "once"
