"""Agents and their phones: what the statements of `tongdai.agents` do."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from tongdai.agents.model import (
    AUTO_PAUSE_AFTER,
    AUTO_PAUSE_REASON,
    Agent,
    AgentState,
    IdleAgent,
    Mode,
    NextState,
    OfflineReason,
    is_available,
)
from tongdai.agents.phones import TRY_AGAIN_AFTER, Phone
from tongdai.call_outcome import OfferOutcome
from tongdai.calls.model import (
    Call,
)
from tongdai.ids import AgentId, QueueId
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
        return [
            agent for agent in self.agents.values() if agent.mode is Mode.NAILED_UP and agent.channel_id is not None
        ]

    async def agent_answered(self, agent: Agent) -> bool:
        found = self.agents[agent.agent_id]
        if found.state is not AgentState.CALLING or found.channel_id != agent.channel_id:
            return False
        self._set_free(replace(found, phone_reachable=True, missed=0))
        return True

    async def agent_gone(self, channel_id: UUID, why: OfflineReason) -> UUID | None:
        for agent in self.agents.values():
            if agent.channel_id == channel_id and agent.mode is Mode.NAILED_UP:
                signed_out = agent.next_state is NextState.OFFLINE or agent.state is AgentState.HANGING_UP
                self._count_talk(agent)
                self._set_agent(
                    agent,
                    AgentState.OFFLINE,
                    channel_id=None,
                    call_id=None,
                    next_state=None,
                    pause_reason=None,
                    wrap_up_until=None,
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
        idle = [
            agent
            for agent in self.agents.values()
            if is_available(agent) and agent.mode is Mode.NAILED_UP and self._takes_calls_of(agent, queue_id)
        ]
        if not idle:
            return None
        longest = min(idle, key=lambda agent: (agent.state_since, agent.agent_id))
        return self._set_agent(longest, AgentState.RESERVED, call_id=call.call_id)

    async def reserve_agent(
        self, agent_id: AgentId, call_id: UUID, state: AgentState = AgentState.RESERVED
    ) -> Agent | None:
        agent = self.agents[agent_id]
        rings = state is AgentState.ALERTING
        if not is_available(agent) or (agent.mode is Mode.RING) != rings:
            return None
        channel_id = UUID(int=self._rng.getrandbits(128), version=4) if rings else agent.channel_id
        return self._set_agent(agent, state, call_id=call_id, channel_id=channel_id)

    async def released(
        self,
        agent_id: AgentId,
        call_id: UUID,
        outcome: OfferOutcome,
        auto_pause_after: int | None = AUTO_PAUSE_AFTER,
    ) -> Agent | None:
        agent = self.agents[agent_id]
        if agent.call_id != call_id or agent.state not in {AgentState.RESERVED, AgentState.ALERTING}:
            return None
        if outcome is OfferOutcome.UNREACHABLE:
            agent = replace(agent, phone_reachable=False)
        if outcome is OfferOutcome.NO_ANSWER:
            agent = replace(agent, missed=agent.missed + 1)
            often = auto_pause_after is not None and agent.missed >= auto_pause_after
            if often and agent.next_state is None:
                agent = replace(agent, next_state=NextState.PAUSED, pause_reason=AUTO_PAUSE_REASON)
        return self._set_free(agent)

    async def caller_connected(self, call_id: UUID) -> list[Agent]:
        """reserved, alerting → talking, with a caller."""
        states = {AgentState.RESERVED, AgentState.ALERTING}
        found = [agent for agent in self.agents.values() if agent.call_id == call_id and agent.state in states]
        return [self._set_agent(agent, AgentState.TALKING, missed=0) for agent in found]

    async def caller_left(self, call_id: UUID) -> list[Agent]:
        """Free the agents of a caller's call."""
        return [self._freed(agent) for agent in list(self.agents.values()) if agent.call_id == call_id]

    async def idle(self) -> list[IdleAgent]:
        now = self._clock.now()
        available = [agent for agent in self.agents.values() if is_available(agent)]
        return [
            IdleAgent(
                tenant_id=agent.tenant_id,
                agent_id=agent.agent_id,
                endpoint=agent.endpoint,
                mode=agent.mode,
                channel_id=agent.channel_id,
                idle_since=agent.state_since,
                queues={queue.queue_id: queue.position for queue in self.roles[agent.agent_id].queues},
                skills={skill.skill: skill.level for skill in self.roles[agent.agent_id].skills},
                calls_today=len(talks := self.talks_on(agent.agent_id, now)),
                talk_s_today=sum(talks),
            )
            for agent in sorted(available, key=lambda agent: (agent.state_since, agent.agent_id))
        ]

    async def phone_reachable(self, endpoint: str, *, reachable: bool) -> int:
        """The switch's report of a phone; the number of agents who can take calls since."""
        source, target = AgentState.UNREACHABLE, AgentState.IDLE
        if not reachable:
            source, target = target, source
        available = 0
        for agent in list(self.agents.values()):
            if agent.endpoint == endpoint and agent.phone_reachable != reachable:
                changed = replace(agent, phone_reachable=reachable)
                self.agents[agent.agent_id] = changed
                if agent.state is source:
                    changed = self._set_agent(changed, target)
                available += is_available(changed)
        return available

    def try_phones_again(self) -> int:
        since = self._clock.now() - TRY_AGAIN_AFTER
        found = [
            agent
            for agent in self.agents.values()
            if agent.state is AgentState.UNREACHABLE and agent.mode is Mode.RING and agent.state_since < since
        ]
        for agent in found:
            self._set_agent(replace(agent, phone_reachable=True), AgentState.IDLE)
        return len(found)

    async def phones(self) -> list[Phone]:
        return [
            Phone(
                endpoint=agent.endpoint,
                channel_id=agent.channel_id,
                busy_elsewhere=agent.busy_elsewhere,
                reachable=agent.phone_reachable,
                browser=agent.endpoint in self.browsers,
                page=agent.endpoint in self.browsers - self.asleep,
            )
            for agent in self.agents.values()
            if agent.state is not AgentState.OFFLINE or agent.busy_elsewhere
        ]

    async def phones_reachable(self, endpoints: Sequence[str]) -> int:
        return sum([await self.phone_reachable(endpoint, reachable=True) for endpoint in endpoints])

    async def phones_unreachable(self, endpoints: Sequence[str]) -> int:
        return sum([await self.phone_reachable(endpoint, reachable=False) for endpoint in endpoints])

    async def phones_busy_elsewhere(self, endpoints: Sequence[str]) -> int:
        return self._set_busy_elsewhere(endpoints, busy=True)

    async def phones_free_elsewhere(self, endpoints: Sequence[str]) -> int:
        return self._set_busy_elsewhere(endpoints, busy=False)

    def _set_busy_elsewhere(self, endpoints: Sequence[str], *, busy: bool) -> int:
        available = 0
        for agent in list(self.agents.values()):
            if agent.endpoint in endpoints and agent.busy_elsewhere != busy:
                self.agents[agent.agent_id] = replace(agent, busy_elsewhere=busy)
                available += is_available(self.agents[agent.agent_id])
        return available

    async def wrap_ups_over(self) -> int:
        now = self._clock.now()
        over = [
            agent for agent in self.agents.values() if agent.wrap_up_until is not None and agent.wrap_up_until <= now
        ]
        for agent in over:
            self._set_free(agent)
        return len(over)
