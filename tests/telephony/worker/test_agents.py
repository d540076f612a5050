"""Agents and their phones in a running dialer."""

import asyncio
from datetime import timedelta
from uuid import UUID

from tests.support.dialer_scene import AGENTS, Scene, between, play
from tests.support.switch import channels_of
from tongdai.agents.model import Agent, AgentState, OfflineReason
from tongdai.call_outcome import Outcome
from tongdai.calls.model import Call
from tongdai.dialer.options import LEASE
from tongdai.ids import QueueId
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.telephony.worker import RECONCILE_S
from tongdai.testing.memory_store.store import MemoryStore


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
        assert channels_of(s.simulated) == []

    play(scene)


def test_agent_whose_phone_hangs_up_when_they_are_reserved_is_replaced() -> None:
    class LosesTheReserved(MemoryStore):
        simulated: SimulatedAsterisk
        lost = False

        async def reserve(self, call: Call, queue_id: QueueId) -> Agent | None:
            agent = await super().reserve(call, queue_id)
            if agent is not None and not self.lost:
                self.lost = True
                self.simulated._hung_up_by_callee(self.simulated._channels[str(agent.channel_id)])
                await asyncio.sleep(0.1)
            return agent

    async def scene(s: Scene) -> None:
        store = s.store
        assert isinstance(store, LosesTheReserved)
        store.simulated = s.simulated
        s.agents(2)
        s.start()
        await s.until(lambda: s.states() == [AgentState.IDLE] * 2)
        s.campaign(1, AGENTS)
        await s.until(lambda: s.store.over)
        (call,) = s.calls()
        assert between(call.answered_at, call.ended_at) == timedelta(seconds=60)
        assert sorted(s.states()) == [AgentState.OFFLINE, AgentState.WRAP_UP]

    play(scene, store=LosesTheReserved)


def test_talk_whose_agent_left_ends_although_the_answer_of_the_store_was_lost() -> None:
    class AnswerLost(MemoryStore):
        async def agent_gone(self, channel_id: UUID, why: OfflineReason) -> UUID | None:
            await super().agent_gone(channel_id, why)
            raise ConnectionError("done, and no answer")

    async def scene(s: Scene) -> None:
        s.agents(1)
        s.start()
        s.campaign(1, AGENTS)
        await s.until(lambda: s.states() == [AgentState.TALKING])
        (phone_call,) = (call for call in s.simulated._channels.values() if call.call.agent)
        s.simulated._hung_up_by_callee(phone_call)
        await s.until(lambda: s.store.over, within_s=RECONCILE_S + 1)
        assert s.outcomes() == [Outcome.ANSWERED]

    play(scene, store=AnswerLost)


def test_agent_who_signs_in_while_calls_are_reconciled_stays_signed_in() -> None:
    async def scene(s: Scene) -> None:
        (agent,) = s.agents(1)
        s.start()
        phones = s.dialer._phones
        await s.until(lambda: phones._agents)
        phones.reconcile([], {})  # by what the store and the switch said right before
        await s.until(lambda: s.states() == [AgentState.IDLE], within_s=5)
        await asyncio.sleep(60)
        assert s.states() == [AgentState.IDLE]
        assert phones.owns(str(s.store.agents[agent].channel_id))

    play(scene)


def test_state_of_agents_who_have_left_is_deleted() -> None:
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


def test_talk_continues_while_the_connection_is_cut_and_its_end_is_detected() -> None:
    async def scene(s: Scene) -> None:
        s.agents(1)
        s.start()
        s.campaign(1, AGENTS)
        await s.until(lambda: s.states() == [AgentState.TALKING])
        s.simulated.cut(for_s=90)
        await asyncio.sleep(80)
        (call,) = s.calls()
        assert between(call.answered_at, call.ended_at) == timedelta(seconds=60)
        await s.until(lambda: s.store.over, within_s=10 + LEASE.total_seconds())
        assert s.outcomes() == [Outcome.ANSWERED]

    play(scene)
