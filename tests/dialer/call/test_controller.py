"""The call controller alone, with an in-memory store and a switch that records requests."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.dialer_scene import OPTIONS
from tongdai.agents.model import Agent, AgentState
from tongdai.call_outcome import Outcome
from tongdai.calls.model import Call, CallState, ClaimConditions, Ending
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.values import MachineDetection, Mode
from tongdai.clock import Clock
from tongdai.dialer.call import core, model
from tongdai.dialer.call.controller import CallController
from tongdai.dialer.options import LEASE
from tongdai.ids import AgentId, CampaignId, QueueId, TenantId
from tongdai.switch.events import DETECTED, ChannelDestroyed, ChannelStateChange, Dial, Event, StasisStart
from tongdai.switch.interface import Reply, SwitchUnreachable
from tongdai.switch.per_channel_queue import PerChannelQueue
from tongdai.testing import virtual_time
from tongdai.testing.memory_store.store import MemoryStore

QUEUE = QueueId(7)
MESSAGE = CallSettings(audio_file="offer")
AGENTS = CallSettings(mode=Mode.PROGRESSIVE, queue_id=QUEUE)


class RecordingAri:
    """Implements `Ari`: records each request, and answers it 200 or as `answers` say."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.answers: dict[str, Reply | Exception] = {}
        """By the beginning of the request."""
        self.asked: Callable[[str], None] = lambda _: None

    @property
    def up(self) -> bool:
        return True

    async def request(
        self, method: str, uri: str, query: Mapping[str, str] | None = None, body: object = None
    ) -> Reply:
        request = f"{method} {uri}"
        self.requests.append(request)
        self.asked(request)
        await asyncio.sleep(0)
        answer = next((answer for begin, answer in self.answers.items() if request.startswith(begin)), Reply(200, {}))
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def events(self) -> AsyncIterator[Event]:
        for event in ():
            yield event

    async def run(self) -> None:
        await asyncio.Event().wait()


class RecordingStore(MemoryStore):
    """Records the steps of calls that are written. The methods in `failing` raise these errors first."""

    def __init__(self, clock: Clock, rng: random.Random) -> None:
        super().__init__(clock, rng)
        self.recorded: list[str] = []
        self.failing: dict[str, list[Exception]] = {}

    def _record(self, method: str) -> None:
        if self.failing.get(method):
            raise self.failing[method].pop(0)
        self.recorded.append(method)

    async def rang(self, call: Call, at: datetime) -> bool:
        self._record("rang")
        return await super().rang(call, at)

    async def answered(self, call: Call, at: datetime, lease: timedelta) -> bool:
        self._record("answered")
        return await super().answered(call, at, lease)

    async def connected(self, call: Call, at: datetime, agent_id: AgentId | None) -> bool:
        self._record("connected")
        return await super().connected(call, at, agent_id)

    async def end(self, call: Call, ending: Ending) -> bool:
        self._record("end")
        return await super().end(call, ending)


class Scene:
    """A controller, its store and switch, and one campaign."""

    def __init__(self, settings: CallSettings) -> None:
        rng, self.clock = random.Random(1), virtual_time.LoopClock()
        self.store, self.ari, self.queue = RecordingStore(self.clock, rng), RecordingAri(), PerChannelQueue()
        self.controller = CallController(self.store, self.ari, self.clock, OPTIONS, self.queue, self._step)
        self.stepped: list[Event | model.Signal] = []
        """The arguments of each call of `core.step`."""
        self.settings = settings
        self.store.add_campaign(1, settings)

    def _step(self, call: model.CallProgress, event: Event | model.Signal, now: datetime) -> core.Step:
        self.stepped.append(event)
        return core.step(call, event, now)

    async def call(self) -> Call:
        """Claim and dial a call."""
        number = len(self.store.contacts) + 1
        self.store.add_contact(number, 1, f"+8490{number:07d}")
        open_until = {"": self.clock.now() + timedelta(hours=1)}
        (call,) = (await self.store.claim(ClaimConditions(TenantId(1), CampaignId(1), open_until, LEASE), 1)).calls
        self.controller.open(call, self.settings)
        assert await self.store.dial([call], LEASE) == {call.call_id: None}
        self.controller.post(str(call.call_id), model.Dialled())
        return call

    async def answered(self) -> tuple[Call, str]:
        call = await self.call()
        channel_id = str(call.call_id)
        await self.send(ChannelStateChange(channel_id, "Up", self.clock.now()))
        await self.send(StasisStart(channel_id, ("call",), self.clock.now()))
        return call, channel_id

    async def send(self, event: ChannelStateChange | StasisStart | ChannelDestroyed) -> None:
        self.controller.post(event.channel_id, event)
        await self.settled()

    async def settled(self) -> None:
        while self.queue._jobs:
            await asyncio.sleep(0.001)

    def state(self, call: Call) -> CallState:
        return self.store.active[call.call_id].state

    async def agent(self) -> Agent:
        """An idle agent."""
        agent_id = self.store.add_agent(len(self.store.agents) + 1, "agent", QUEUE)
        self.store.sign_in(agent_id)
        (called,) = await self.store.agents_to_call()
        assert await self.store.agent_answered(called)
        return self.store.agents[agent_id]


def play(scene: Callable[[Scene], Coroutine[Any, Any, None]], settings: CallSettings = MESSAGE) -> None:
    async def main() -> None:
        await scene(Scene(settings))

    virtual_time.run(main(), random.Random(1))


def test_every_event_is_stepped_once() -> None:
    async def scene(s: Scene) -> None:
        call = await s.call()
        channel_id, now = str(call.call_id), s.clock.now()
        ringing, up = Dial(channel_id, "RINGING", now), ChannelStateChange(channel_id, "Up", now)
        started, destroyed = (
            StasisStart(channel_id, ("call",), now),
            ChannelDestroyed(channel_id, 16, None, now),
        )
        for event in (ringing, ringing, up, started, destroyed, destroyed):
            s.controller.post(channel_id, event)
        await s.settled()
        events = [event for event in s.stepped if not isinstance(event, model.Signal)]
        assert events == [ringing, ringing, up, started, destroyed], "once each; none after the end"

    play(scene)


def test_event_that_changes_nothing_costs_no_job() -> None:
    async def scene(s: Scene) -> None:
        call = await s.call()
        s.controller.post(str(call.call_id), Dial(str(call.call_id), "", s.clock.now()))
        assert not s.queue.busy(str(call.call_id))

    play(scene)


def test_answer_is_committed_before_the_switch_is_asked_to_play() -> None:
    async def scene(s: Scene) -> None:
        states: list[CallState] = []
        s.ari.asked = lambda _: states.append(next(iter(s.store.active.values())).state)
        _, channel_id = await s.answered()
        assert states == [CallState.ANSWERED]
        assert s.ari.requests == [f"POST channels/{channel_id}/play/{channel_id}-message"]
        assert s.store.recorded == ["answered", "connected"]

    play(scene)


def test_end_is_recorded_once_and_the_call_forgotten() -> None:
    async def scene(s: Scene) -> None:
        call, channel_id = await s.answered()
        for _ in range(2):
            await s.send(ChannelDestroyed(channel_id, 16, None, s.clock.now()))
        assert s.store.recorded.count("end") == 1
        assert not s.controller.owns(channel_id)
        assert s.controller.ended == {channel_id}
        assert s.store.over[call.call_id].ending == Ending(Outcome.ANSWERED, 16)

    play(scene)


def test_agent_is_reserved_bridged_and_recorded_in_that_order() -> None:
    async def scene(s: Scene) -> None:
        agent = await s.agent()
        call, channel_id = await s.answered()
        assert s.ari.requests == [f"POST bridges/{channel_id}", f"POST bridges/{channel_id}/addChannel"]
        assert s.store.recorded == ["answered", "connected"]
        assert s.store.active[call.call_id].agent_id == agent.agent_id
        assert s.store.agents[agent.agent_id].state is AgentState.TALKING

    play(scene, AGENTS)


@pytest.mark.parametrize("seed", range(5))
def test_call_answered_first_gets_the_agent_who_becomes_free(seed: int) -> None:
    async def scene(s: Scene) -> None:
        first, _ = await s.answered()
        await asyncio.sleep(0.01)
        second, _ = await s.answered()
        offering = asyncio.create_task(s.controller.offer_agents())
        await s.agent()
        s.controller.agent_became_free()
        await asyncio.sleep(0.1)
        offering.cancel()
        assert s.store.active[first.call_id].connected_at is not None
        assert s.store.active[second.call_id].connected_at is None

    async def main() -> None:
        await scene(Scene(AGENTS))

    virtual_time.run(main(), random.Random(seed))


def test_call_without_an_agent_is_abandoned_two_seconds_after_the_answer() -> None:
    async def scene(s: Scene) -> None:
        call, channel_id = await s.answered()
        await asyncio.sleep(1.9)
        assert s.ari.requests == []
        await asyncio.sleep(0.2)
        assert s.ari.requests == [f"DELETE channels/{channel_id}"]
        await s.send(ChannelDestroyed(channel_id, 16, None, s.clock.now()))
        assert s.store.over[call.call_id].ending.outcome is Outcome.ABANDONED

    play(scene, AGENTS)


@pytest.mark.parametrize("verdict", ["HUMAN", "MACHINE"])
def test_detection_precedes_the_agent_and_its_verdict_decides(verdict: str) -> None:
    async def scene(s: Scene) -> None:
        agent = await s.agent()
        s.ari.answers["GET asterisk/modules"] = Reply(200, {"status": "Running"})
        _, channel_id = await s.answered()
        assert s.ari.requests[-1] == f"POST channels/{channel_id}/continue"
        assert s.store.agents[agent.agent_id].state is AgentState.IDLE
        await s.send(StasisStart(channel_id, (DETECTED, verdict, "X"), s.clock.now()))
        talking = s.store.agents[agent.agent_id].state is AgentState.TALKING
        assert talking == (verdict == "HUMAN")
        assert (f"DELETE channels/{channel_id}" in s.ari.requests) == (verdict == "MACHINE")

    play(scene, replace(AGENTS, machine_detection=MachineDetection.HANG_UP))


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"GET asterisk/modules": Reply(404, {})}, "module app_amd.so is not loaded"),
        (
            {
                "GET asterisk/modules": Reply(200, {"status": "Running"}),
                "POST channels": Reply(404, {}),
                "GET channels": Reply(200, {"id": "x", "name": "", "state": "Up"}),
            },
            "no extension s with label detect in context tongdai-amd",
        ),
    ],
)
def test_agent_is_reserved_at_once_where_machines_cannot_be_detected(answers: dict[str, Reply], reason: str) -> None:
    async def scene(s: Scene) -> None:
        agent = await s.agent()
        s.ari.answers = {**answers}
        call, _ = await s.answered()
        assert s.store.agents[agent.agent_id].state is AgentState.TALKING
        detection = s.controller.calls[str(call.call_id)].progress.detection
        assert detection is not None
        assert detection.cause == reason

    play(scene, replace(AGENTS, machine_detection=MachineDetection.HANG_UP))


def test_call_goes_to_an_agent_at_the_threshold_when_no_verdict_comes() -> None:
    async def scene(s: Scene) -> None:
        agent = await s.agent()
        s.ari.answers["GET asterisk/modules"] = Reply(200, {"status": "Running"})
        await s.answered()
        await asyncio.sleep(1.9)
        assert s.store.agents[agent.agent_id].state is AgentState.IDLE
        await asyncio.sleep(0.2)
        assert s.store.agents[agent.agent_id].state is AgentState.TALKING

    play(scene, replace(AGENTS, machine_detection=MachineDetection.HANG_UP))


def test_records_that_failed_are_written_later_in_their_order() -> None:
    async def scene(s: Scene) -> None:
        s.store.failing = {"answered": [ConnectionError(), ConnectionError()]}
        call, channel_id = await s.answered()
        assert s.ari.requests, "the callee hears the message nevertheless"
        await s.send(ChannelDestroyed(channel_id, 16, None, s.clock.now()))
        s.controller.flush()
        await s.settled()
        assert s.store.recorded == ["answered", "connected", "end"]
        assert s.store.over[call.call_id].ending.outcome is Outcome.ANSWERED

    play(scene)


def test_record_that_fails_is_retried_less_and_less_often() -> None:
    async def scene(s: Scene) -> None:
        s.store.failing = {"end": [LookupError("a mistake") for _ in range(3)]}
        call, channel_id = await s.answered()
        await s.send(ChannelDestroyed(channel_id, 16, None, s.clock.now()))
        tried_at = s.clock.monotonic()
        while s.controller.owns(channel_id):
            s.controller.flush()
            await s.settled()
            await asyncio.sleep(0.5)
        assert s.clock.monotonic() - tried_at == pytest.approx(2 + 4 + 8, abs=2)
        assert call.call_id in s.store.over

    play(scene)


def test_request_without_a_reply_is_made_again_when_the_channel_is_listed() -> None:
    async def scene(s: Scene) -> None:
        s.ari.answers["POST channels"] = SwitchUnreachable("no reply in time")
        call, channel_id = await s.answered()
        assert s.store.recorded == ["answered"]
        s.ari.answers = {"GET playbacks": Reply(404, {})}
        s.controller.post(channel_id, model.ChannelListed(up=True))
        await s.settled()
        assert s.ari.requests.count(f"POST channels/{channel_id}/play/{channel_id}-message") == 2
        assert s.store.active[call.call_id].connected_at is not None

    play(scene)


def test_call_is_opened_once() -> None:
    async def scene(s: Scene) -> None:
        call = await s.call()
        with pytest.raises(AssertionError, match="is controlled already"):
            s.controller.adopt(call, s.settings)

    play(scene)


def test_last_event_before_a_stop_is_recorded() -> None:
    """The job of the event has not begun when the queue is closed; `write` does it."""

    async def scene(s: Scene) -> None:
        call, channel_id = await s.answered()
        s.controller.post(channel_id, ChannelDestroyed(channel_id, 16, None, s.clock.now()))
        await s.queue.close()
        await s.controller.write(s.controller.calls[channel_id])
        assert s.store.over[call.call_id].ending.outcome is Outcome.ANSWERED

    play(scene)
