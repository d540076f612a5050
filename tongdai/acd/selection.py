"""Selects one of several idle agents for a caller, by the selector of the queue. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from tongdai.agents.model import IdleAgent, Mode
from tongdai.ids import AgentId
from tongdai.queues.model import QueueRules, Selector, SkillRule


class Rng(Protocol):
    def randrange(self, stop: int, /) -> int: ...


def has(agent: IdleAgent, skills: Iterable[SkillRule]) -> bool:
    return all(agent.skills.get(rule.skill, 0) >= rule.level for rule in skills)


def selected(agents: Sequence[IdleAgent], rules: QueueRules, last: AgentId | None, rng: Rng) -> IdleAgent:
    """The agent, of several who may serve a caller of a queue, by its selector. `last` is the agent matched last."""

    def longest_idle(agent: IdleAgent) -> tuple[datetime, AgentId]:
        return agent.idle_since, agent.agent_id

    match rules.selector:
        case Selector.LONGEST_IDLE | Selector.RING_ALL:
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


RUNG_AT_ONCE = 10
"""The most phones that ring for one caller."""


def rung_at_once(agents: Sequence[IdleAgent], rules: QueueRules) -> list[IdleAgent]:
    """The agents whose phones ring for a caller at once, the longest idle first; nobody by a selector of one agent, and
    while no idle agent's phone rings for calls."""
    if rules.selector is not Selector.RING_ALL:
        return []
    ringing = [agent for agent in agents if agent.mode is Mode.RING]
    return sorted(ringing, key=lambda agent: (agent.idle_since, agent.agent_id))[:RUNG_AT_ONCE]
