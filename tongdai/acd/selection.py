"""Selects one of several idle agents for a caller, by the selector of the queue. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from tongdai.ids import AgentId, QueueId, TenantId
from tongdai.queues.model import QueueRules, Selector, SkillRule

AgentKey = tuple[TenantId, AgentId]


class Rng(Protocol):
    def randrange(self, stop: int, /) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleAgent:
    tenant_id: TenantId
    agent_id: AgentId
    idle_since: datetime
    queues: Mapping[QueueId, int]
    """The queues that the agent serves, and the agent's position in each."""
    skills: Mapping[str, int] = field(default_factory=dict[str, int])
    """The agent's level in each skill."""
    calls_today: int = 0
    talk_s_today: float = 0.0

    @property
    def key(self) -> AgentKey:
        return self.tenant_id, self.agent_id

    def has(self, skills: Iterable[SkillRule]) -> bool:
        return all(self.skills.get(rule.skill, 0) >= rule.level for rule in skills)


def selected(agents: Sequence[IdleAgent], rules: QueueRules, last: AgentId | None, rng: Rng) -> IdleAgent:
    """The agent, of several who may serve a caller of a queue, by its selector. `last` is the agent matched last."""

    def longest_idle(agent: IdleAgent) -> tuple[datetime, AgentId]:
        return agent.idle_since, agent.agent_id

    match rules.selector:
        case Selector.LONGEST_IDLE:
            return min(agents, key=longest_idle)
        case Selector.FEWEST_CALLS:
            return min(agents, key=lambda agent: (agent.calls_today, *longest_idle(agent)))
        case Selector.LEAST_TALK:
            return min(agents, key=lambda agent: (agent.talk_s_today, *longest_idle(agent)))
        case Selector.ROUND_ROBIN:
            return min(agents, key=lambda agent: (last is not None and agent.agent_id <= last, agent.agent_id))
        case Selector.LINEAR:
            return min(agents, key=lambda agent: (agent.queues[rules.queue_id], agent.agent_id))
        case Selector.RANDOM:
            in_order = sorted(agents, key=lambda agent: agent.agent_id)
            return in_order[rng.randrange(len(in_order))]
