"""The state of the store in memory, and what all of its parts do with it."""

from bisect import bisect_left, insort
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from tongdai.acd.caller.store import CallerRow
from tongdai.agents.model import TRANSITIONS as AGENT_TRANSITIONS
from tongdai.agents.model import Agent, AgentState, Mode, NextState, OfflineReason, Roles, free_state
from tongdai.calls.model import (
    Call,
)
from tongdai.clock import Clock
from tongdai.ids import AgentId, CampaignId, ContactId, QueueId, TenantId
from tongdai.states import moved
from tongdai.testing.memory_store.model import (
    Ended,
    Listed,
    MemoryCampaign,
    MemoryContact,
)
from tongdai.testing.memory_store.segments import MemorySegments


class MemoryState:
    """Campaigns, contacts, agents and calls of one tenant."""

    def __init__(self, clock: Clock, rng: Random, tenant_id: int = 1, tenant_zone: str = "UTC") -> None:
        self.tenant_id, self.tenant_zone = TenantId(tenant_id), tenant_zone
        self.campaigns: dict[CampaignId, MemoryCampaign] = {}
        self.contacts: dict[ContactId, MemoryContact] = {}
        self.agents: dict[AgentId, Agent] = {}
        self.browsers: set[str] = set()
        """The endpoints of agents whose phone is in a browser."""
        self.asleep: set[str] = set()
        """Endpoints of `browsers` whose page does not answer."""
        self.roles: dict[AgentId, Roles] = {}
        self.listed: dict[str, list[Listed]] = {}
        self.accepted: dict[AgentId, ContactId] = {}
        self.over: dict[UUID, Ended] = {}
        self.callers: dict[UUID, CallerRow] = {}
        """The callers in queues, by call id; MemoryAcdStore writes them."""
        self.asked_sounds: list[str] = []
        self.sounds: dict[str, bool | None] = {}
        """Whether the switch has the sounds that were checked; None: it could not tell."""
        self.segments = MemorySegments()
        self.held = False
        """Whether dialing is held."""
        self._clock, self._rng = clock, rng
        self.active: dict[UUID, Call] = {}
        self.transferred: set[UUID] = set()
        """The calls that the ACD has."""
        self._by_number: dict[str, list[datetime]] = {}
        """When each number was dialled."""
        self._histories: dict[ContactId, list[Ended]] = {}
        self._busy: set[str] = set()
        self._talks: dict[AgentId, list[tuple[datetime, int]]] = {}
        """When each talk of an agent ended, and its seconds."""

    async def now(self) -> datetime:
        return self._clock.now()

    def _set_agent(self, agent: Agent, state: AgentState, **changes: object) -> Agent:
        moved(AGENT_TRANSITIONS, agent.state, state)
        changes = {"offline_reason": None} | changes
        changed = replace(agent, state=state, state_since=self._clock.now(), **changes)  # type: ignore[arg-type]
        self.agents[agent.agent_id] = changed
        return changed

    def _set_free(self, agent: Agent, **changes: object) -> Agent:
        """Free an agent; store.FREE is the same in PostgreSQL."""
        nailed_up = agent.mode is Mode.NAILED_UP
        state = free_state(agent.next_state, reachable=agent.phone_reachable, connected=nailed_up)
        offline = {"offline_reason": OfflineReason.SIGNED_OUT} if state is AgentState.OFFLINE else {}
        kept = {
            "call_id": None,
            "channel_id": agent.channel_id if nailed_up else None,
            "next_state": None,
            "pause_reason": agent.pause_reason if state is AgentState.PAUSED else None,
            "wrap_up_until": None,
        }
        return self._set_agent(agent, state, **(kept | offline | changes))

    def _freed(self, agent: Agent) -> Agent:
        """The end of the agent's call; as store.FREED does."""
        self._count_talk(agent)
        if agent.state is not AgentState.TALKING or agent.next_state is NextState.OFFLINE:
            return self._set_free(agent)
        return self._set_agent(
            agent,
            AgentState.WRAP_UP,
            call_id=None,
            channel_id=agent.channel_id if agent.mode is Mode.NAILED_UP else None,
            wrap_up_until=self._clock.now() + timedelta(seconds=agent.wrap_up_s),
        )

    def _count_talk(self, agent: Agent) -> None:
        if agent.state is AgentState.TALKING:
            now = self._clock.now()
            self._talks.setdefault(agent.agent_id, []).append((now, round((now - agent.state_since).total_seconds())))

    def talks_on(self, agent_id: AgentId, day: datetime) -> list[int]:
        """The seconds of each talk of the agent that ended on that day, by the tenant's clock."""
        zone = ZoneInfo(self.tenant_zone)
        date = day.astimezone(zone).date()
        return [s for ended_at, s in self._talks.get(agent_id, ()) if ended_at.astimezone(zone).date() == date]

    def _takes_calls_of(self, agent: Agent, queue_id: QueueId | None) -> bool:
        return any(queue.queue_id == queue_id for queue in self.roles[agent.agent_id].queues)

    def _agent_of(self, call_id: UUID) -> Agent | None:
        return next((agent for agent in self.agents.values() if agent.call_id == call_id), None)

    def _enqueue(self, contact: MemoryContact) -> None:
        due = self.campaigns[contact.campaign_id].due.setdefault(contact.zone, [])
        insort(due, (contact.due_at, contact.contact_id))

    def _dequeue(self, contact: MemoryContact) -> None:
        due = self.campaigns[contact.campaign_id].due[contact.zone]
        del due[bisect_left(due, (contact.due_at, contact.contact_id))]
