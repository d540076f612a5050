"""Stores with a bug, which the simulation finds."""

from dataclasses import replace
from datetime import datetime

from tongdai.agents.model import IN_CALL, Agent, AgentState, IdleAgent
from tongdai.calls.inbound.model import InboundCall
from tongdai.ids import AgentId
from tongdai.testing.memory_store.acd import MemoryAcdStore


class OffersAgentsWhoHaveCalls(MemoryAcdStore):
    """Half of the agents are taken for idle while they have a call."""

    async def idle_agents(self) -> list[IdleAgent]:
        before = dict(self._store.agents)
        for agent_id, agent in before.items():
            if agent.state in IN_CALL and agent_id % 2:
                self._store.agents[agent_id] = replace(agent, state=AgentState.IDLE)
        found = await super().idle_agents()
        self._store.agents.update(before)
        return found

    async def offer(self, call: InboundCall, agent_id: AgentId, at: datetime) -> Agent | None:
        agent = self._store.agents[agent_id]
        if agent.state in IN_CALL and agent.call_id != call.call_id:
            self._store.agents[agent_id] = replace(agent, state=AgentState.IDLE)
        return await super().offer(call, agent_id, at)
