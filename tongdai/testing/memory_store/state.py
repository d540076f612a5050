"""The state of the store in memory, and what all of its parts do with it."""

from bisect import bisect_left, insort
from dataclasses import replace
from datetime import datetime
from random import Random
from uuid import UUID

from tongdai.agents.model import TRANSITIONS as AGENT_TRANSITIONS
from tongdai.agents.model import Agent, AgentState
from tongdai.calls.model import (
    Call,
)
from tongdai.clock import Clock
from tongdai.ids import AgentId, CampaignId, ContactId, TenantId
from tongdai.states import moved
from tongdai.testing.memory_store.model import (
    Ended,
    Listed,
    MemoryCampaign,
    MemoryContact,
)


class MemoryState:
    """Campaigns, contacts, agents and calls of one tenant."""

    def __init__(self, clock: Clock, rng: Random, tenant_id: int = 1, tenant_zone: str = "UTC") -> None:
        self.tenant_id, self.tenant_zone = TenantId(tenant_id), tenant_zone
        self.campaigns: dict[CampaignId, MemoryCampaign] = {}
        self.contacts: dict[ContactId, MemoryContact] = {}
        self.agents: dict[AgentId, Agent] = {}
        self.listed: dict[str, list[Listed]] = {}
        self.accepted: dict[AgentId, ContactId] = {}
        self.over: dict[UUID, Ended] = {}
        self.asked_sounds: list[str] = []
        self.sounds: dict[str, bool | None] = {}
        """Whether the switch has the sounds that were checked; None: it could not tell."""
        self.held = False
        """Whether dialing is held."""
        self._clock, self._rng = clock, rng
        self.active: dict[UUID, Call] = {}
        self._by_number: dict[str, list[datetime]] = {}
        """When each number was dialled."""
        self._histories: dict[ContactId, list[Ended]] = {}
        self._busy: set[str] = set()

    async def now(self) -> datetime:
        return self._clock.now()

    def _set_agent(self, agent: Agent, state: AgentState, **changes: object) -> Agent:
        moved(AGENT_TRANSITIONS, agent.state, state)
        changes = {"offline_reason": None} | changes
        changed = replace(agent, state=state, state_since=self._clock.now(), **changes)  # type: ignore[arg-type]
        self.agents[agent.agent_id] = changed
        return changed

    def _agent_of(self, call_id: UUID) -> Agent | None:
        return next((agent for agent in self.agents.values() if agent.call_id == call_id), None)

    def _enqueue(self, contact: MemoryContact) -> None:
        due = self.campaigns[contact.campaign_id].due.setdefault(contact.zone, [])
        insort(due, (contact.due_at, contact.contact_id))

    def _dequeue(self, contact: MemoryContact) -> None:
        due = self.campaigns[contact.campaign_id].due[contact.zone]
        del due[bisect_left(due, (contact.due_at, contact.contact_id))]
