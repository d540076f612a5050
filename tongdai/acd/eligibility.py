"""Which idle agents may serve a caller who waits: the rules of the matcher, and of what is said about it. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from tongdai.acd.selection import has
from tongdai.agents.model import AgentKey, IdleAgent
from tongdai.ids import AgentId, QueueId, TenantId
from tongdai.queues.model import QueueRules, SkillRule

QueueKey = tuple[TenantId, QueueId]


class Place(NamedTuple):
    """The place of a caller in the order of service."""

    served_from: datetime
    """The arrival less the head start."""
    arrived_at: datetime
    call_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingCaller:
    tenant_id: TenantId
    call_id: UUID
    queue_id: QueueId
    arrived_at: datetime
    """The arrival at the first queue: overflow and menus keep it."""
    preferred: AgentId | None = None
    """The agent whom the caller waits for until `preferred_until`."""
    preferred_until: datetime | None = None
    rings_all: bool = True
    """False: one agent is selected, also where the selector rings several phones at once."""

    @property
    def queue(self) -> QueueKey:
        return self.tenant_id, self.queue_id


class Need(NamedTuple):
    """The agents of the queue whom a caller may be offered to."""

    preferred: AgentKey | None = None
    """This one alone, whatever the skills; None: everybody with the skills."""
    skills: Sequence[SkillRule] = ()


class Obstacle(StrEnum):
    """Why an idle agent may not serve a caller, in the order in which it is found."""

    OTHER_QUEUE = "other_queue"
    """The agent does not serve the queue."""
    NOT_PREFERRED = "not_preferred"
    """The caller waits for another agent."""
    SKILL_MISSING = "skill_missing"
    WITHHELD = "withheld"
    """A callee of a campaign waits for the agents of a queue that the agent serves."""
    EXCLUDED = "excluded"
    """The agent does not get this caller for a while."""


def place_of(caller: WaitingCaller, rules: QueueRules) -> Place:
    return Place(caller.arrived_at - timedelta(seconds=rules.head_start_s), caller.arrived_at, caller.call_id)


def need_of(caller: WaitingCaller, rules: QueueRules, now: datetime) -> tuple[Need, datetime | None]:
    """The need of a caller of a queue now, and until when; None: as long as they wait."""
    if caller.preferred is not None and caller.preferred_until is not None and now < caller.preferred_until:
        return Need(preferred=(caller.tenant_id, caller.preferred)), caller.preferred_until
    if not rules.skills:
        return Need(), None
    if rules.skills_for_s is None:
        return Need(skills=rules.skills), None
    until = caller.arrived_at + timedelta(seconds=rules.skills_for_s)
    return (Need(skills=rules.skills), until) if now < until else (Need(), None)


def obstacle(
    agent: IdleAgent,
    queue: QueueKey,
    need: Need,
    now: datetime,
    *,
    withheld: Collection[QueueKey] = (),
    excluded: Mapping[AgentKey, datetime] | None = None,
) -> Obstacle | None:
    """Why an idle agent may not serve a caller of a queue; None: the agent may.

    `withheld`: the queues for which a callee of a campaign waits. `excluded`: the agents who do not get the caller, and
    until when.
    """
    if not serves(agent, queue):
        return Obstacle.OTHER_QUEUE
    if need.preferred is not None and need.preferred != agent.key:
        return Obstacle.NOT_PREFERRED
    if need.skills and not has(agent, need.skills):
        return Obstacle.SKILL_MISSING
    if any(serves(agent, kept) for kept in withheld):
        return Obstacle.WITHHELD
    if excluded and excluded.get(agent.key, now) > now:
        return Obstacle.EXCLUDED
    return None


def serves(agent: IdleAgent, queue: QueueKey) -> bool:
    tenant_id, queue_id = queue
    return agent.tenant_id == tenant_id and queue_id in agent.queues
