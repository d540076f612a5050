"""Pages of browsers of a store in memory: what `PostgresPages` does."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid4

from tests.support.acts import MemoryActs
from tongdai.agents.model import Agent, AgentState, LostPage
from tongdai.calls.acts.model import Act, Kind, Talk
from tongdai.ids import AgentId, TenantId


@dataclass
class MemoryPages:
    """Implements `PageStore`. An agent whose page is in `there` has a phone in a browser."""

    acts: MemoryActs
    there: dict[AgentId, int | None] = field(default_factory=dict[AgentId, int | None])
    """The page that has the account of each; None: it is gone."""
    called: dict[UUID, int] = field(default_factory=dict[UUID, int])
    """The pages at which channels were called."""
    since: dict[AgentId, datetime] = field(default_factory=dict[AgentId, datetime])

    def begin(self, agent_id: AgentId) -> None:
        """The agent's phone is in a browser."""
        channel_id = self.acts.calls.agents[agent_id].channel_id
        assert channel_id is not None
        self.there[agent_id] = self.called[channel_id] = 1

    def load(self, agent_id: AgentId) -> None:
        """Another page has the account."""
        self.there[agent_id] = max(self.called.values()) + 1

    async def lost(self) -> Sequence[LostPage]:
        now, agents = self.acts.clock.now(), self.acts.calls.agents
        found: list[LostPage] = []
        for agent_id, page in self.there.items():
            agent = agents[agent_id]
            if agent.channel_id is None or self.called.get(agent.channel_id) is None:
                continue
            at = self.called[agent.channel_id]
            new = agent_id not in self.since
            if new and at == page:
                continue
            if new:
                self.since[agent_id] = now
                state = AgentState.UNREACHABLE if agent.state is AgentState.IDLE else agent.state
                agents[agent_id] = agent = replace(agent, phone_reachable=False, state=state)
            lost_s = (now - self.since[agent_id]).total_seconds()
            found.append(LostPage(agent, self.since[agent_id], lost_s, page is not None, at == page and not new))
        return found

    async def awaited(self, channel_id: UUID) -> bool:
        return any(one.agent.channel_id == channel_id for one in await self.lost())

    async def call_anew(self, lost: LostPage) -> Agent | None:
        agent, page = self.acts.calls.agents[lost.agent.agent_id], self.there[lost.agent.agent_id]
        if page is None or agent.channel_id != lost.agent.channel_id or agent.agent_id not in self.since:
            return None
        anew = replace(agent, channel_id=uuid4())
        assert anew.channel_id is not None
        self.called[anew.channel_id] = page
        self.acts.calls.agents[agent.agent_id] = anew
        return anew

    async def back(self, agent: Agent) -> bool | None:
        found = self.acts.calls.agents[agent.agent_id]
        if found.channel_id != agent.channel_id or self.since.pop(agent.agent_id, None) is None:
            return None
        state = AgentState.IDLE if found.state is AgentState.UNREACHABLE else found.state
        self.acts.calls.agents[agent.agent_id] = replace(found, phone_reachable=True, state=state)
        return state is AgentState.IDLE

    async def give_up(self, agent: Agent) -> bool:
        assert agent.channel_id is not None
        self.called.pop(agent.channel_id)
        return self.since.pop(agent.agent_id, None) is not None

    async def talk_of(self, tenant_id: TenantId, call_id: UUID) -> Talk | None:
        return await self.acts.talk_of(tenant_id, call_id)

    async def hold(self, agent: Agent, call_id: UUID, at: datetime, until: datetime) -> bool:
        talk = await self.talk_of(agent.tenant_id, call_id)
        return talk is not None and await self.acts.hold(_of(agent, call_id), talk, at, until)

    async def held_since(self, agent: Agent, call_id: UUID, since: datetime) -> bool:
        held = [one for one in self.acts.calls.segments.open if (one.call_id, one.kind) == (call_id, Kind.HOLD)]
        return any(one.started_at >= since for one in held)

    async def resume(self, agent: Agent, call_id: UUID, at: datetime) -> bool:
        talk = await self.talk_of(agent.tenant_id, call_id)
        return talk is not None and await self.acts.resume(_of(agent, call_id), talk, at)

    async def mute(self, agent: Agent, call_id: UUID, channel: str) -> bool:
        return await self.acts.mute(_of(agent, call_id), channel)


def _of(agent: Agent, call_id: UUID) -> Act:
    return Act(agent.tenant_id, uuid4(), call_id, "", Kind.HOLD, {})
