"""Agents and their phones."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from tongdai.agents.model import Agent, AgentState, OfflineReason
from tongdai.calls.model import (
    Call,
)
from tongdai.ids import QueueId
from tongdai.testing.memory_store.state import MemoryState


class MemoryAgents(MemoryState):
    async def agents_to_call(self) -> list[Agent]:
        called = [
            replace(agent, channel_id=UUID(int=self._rng.getrandbits(128), version=4))
            for agent in self.agents.values()
            if agent.state is AgentState.CALLING and agent.channel_id is None
        ]
        self.agents |= {agent.agent_id: agent for agent in called}
        return called

    async def agents_to_hang_up(self) -> list[Agent]:
        return [agent for agent in self.agents.values() if agent.state is AgentState.HANGING_UP]

    async def agents_present(self) -> list[Agent]:
        return [agent for agent in self.agents.values() if agent.channel_id is not None]

    async def agent_answered(self, agent: Agent) -> bool:
        found = self.agents[agent.agent_id]
        if found.state is not AgentState.CALLING or found.channel_id != agent.channel_id:
            return False
        self._set_agent(found, AgentState.IDLE)
        return True

    async def agent_gone(self, channel_id: UUID, why: OfflineReason) -> UUID | None:
        for agent in self.agents.values():
            if agent.channel_id == channel_id:
                signed_out = agent.sign_out_pending or agent.state is AgentState.HANGING_UP
                self._set_agent(
                    agent,
                    AgentState.OFFLINE,
                    channel_id=None,
                    call_id=None,
                    sign_out_pending=False,
                    offline_reason=OfflineReason.SIGNED_OUT if signed_out else why,
                )
                self.accepted.pop(agent.agent_id, None)
                return agent.call_id
        return None

    async def reserve(self, call: Call, queue_id: QueueId) -> Agent | None:
        if call.call_id not in self.active:
            return None
        taken = self._agent_of(call.call_id)
        if taken is not None:
            return taken
        idle = [a for a in self.agents.values() if a.state is AgentState.IDLE and a.queue_id == queue_id]
        if not idle:
            return None
        longest = min(idle, key=lambda agent: (agent.state_since, agent.agent_id))
        return self._set_agent(longest, AgentState.RESERVED, call_id=call.call_id)

    async def wrap_ups_over(self) -> int:
        now = self._clock.now()
        over = [
            agent
            for agent in self.agents.values()
            if agent.state is AgentState.WRAP_UP and agent.state_since + timedelta(seconds=agent.wrap_up_s) <= now
        ]
        for agent in over:
            self._set_agent(agent, AgentState.IDLE)
        return len(over)
