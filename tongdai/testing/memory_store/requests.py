"""Changes that requests make to campaigns, contacts, do-not-call lists and agents."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from tongdai.agents.model import (
    IN_CALL,
    Agent,
    AgentState,
    Membership,
    Mode,
    NextState,
    OfflineReason,
    Roles,
    Skill,
    free_state,
    with_own,
)
from tongdai.campaigns.model import Status
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.rules import in_force
from tongdai.campaigns.settings.windows import ALWAYS
from tongdai.ids import AgentId, CampaignId, ContactId, QueueId
from tongdai.testing.memory_store.model import (
    PENDING,
    Listed,
    MemoryCampaign,
    MemoryContact,
)
from tongdai.testing.memory_store.state import MemoryState

OFFLINE = AgentState.OFFLINE


class MemoryRequests(MemoryState):
    def add_campaign(self, campaign_id: int, settings: CallSettings, status: Status = Status.RUNNING) -> CampaignId:
        made = CampaignId(campaign_id)
        # The tenant calls at any hour, as those of `factories` do.
        self.campaigns[made] = MemoryCampaign(made, in_force(settings, ALWAYS), status)
        return made

    def add_contact(self, contact_id: int, campaign_id: int, phone: str, zone: str = "") -> ContactId:
        made = MemoryContact(ContactId(contact_id), CampaignId(campaign_id), phone, zone, self._clock.now())
        self.contacts[made.contact_id] = made
        self._enqueue(made)
        return made.contact_id

    def delete_contact(self, contact_id: ContactId) -> bool:
        """False when it is not pending (any more)."""
        contact = self.contacts[contact_id]
        if contact.deleted or contact.process_status != PENDING:
            return False
        self._dequeue(contact)
        contact.deleted = True
        self.accepted = {agent: shown for agent, shown in self.accepted.items() if shown != contact_id}
        return True

    def move(self, campaign_id: CampaignId, status: Status) -> None:
        self.campaigns[campaign_id].status, self.campaigns[campaign_id].pause_reason = status, None

    def do_not_call(self, phone: str, campaign_id: CampaignId | None = None, until: datetime | None = None) -> None:
        self.listed.setdefault(phone, []).append(Listed(campaign_id, until))

    def add_agent(
        self,
        agent_id: int,
        endpoint: str,
        queue_id: int,
        wrap_up_s: int = 10,
        *,
        mode: Mode = Mode.NAILED_UP,
        queues: Sequence[Membership] = (),
        skills: Sequence[Skill] = (),
    ) -> AgentId:
        made = AgentId(agent_id)
        self.agents[made] = Agent(
            tenant_id=self.tenant_id,
            agent_id=made,
            name=endpoint,
            endpoint=endpoint,
            queue_id=QueueId(queue_id),
            mode=mode,
            wrap_up_s=wrap_up_s,
            state=AgentState.OFFLINE,
            state_since=self._clock.now(),
            channel_id=None,
            call_id=None,
            offline_reason=None,
            created_at=self._clock.now(),
        )
        self.roles[made] = Roles(queues=tuple(with_own(queues, QueueId(queue_id))), skills=tuple(skills))
        return made

    def sign_in(self, agent_id: AgentId) -> bool:
        agent = self.agents[agent_id]
        if agent.state is not AgentState.OFFLINE:
            return False
        free = free_state(None, reachable=agent.phone_reachable, connected=False)
        self._set_agent(agent, AgentState.CALLING if agent.mode is Mode.NAILED_UP else free, missed=0)
        return True

    def ready(self, agent_id: AgentId, *, forced: bool = False) -> bool:
        agent = self.agents[agent_id]
        if agent.state is AgentState.UNREACHABLE and forced:
            agent = replace(agent, phone_reachable=True)
        elif agent.state not in {AgentState.WRAP_UP, AgentState.PAUSED}:
            return False
        self._set_free(replace(agent, next_state=None, missed=0))
        return True

    def sign_out(self, agent_id: AgentId) -> bool:
        agent = self.agents[agent_id]
        if agent.state in {AgentState.OFFLINE, AgentState.HANGING_UP}:
            return False
        self.accepted.pop(agent_id, None)
        if agent.state in IN_CALL:
            self.agents[agent_id] = replace(agent, next_state=NextState.OFFLINE, pause_reason=None)
        else:
            self._go(agent, OFFLINE if agent.channel_id is None else AgentState.HANGING_UP)
        return True

    def pause_agent(self, agent_id: AgentId, reason: str) -> bool:
        agent = self.agents[agent_id]
        if agent.state in {AgentState.OFFLINE, AgentState.HANGING_UP}:
            return False
        self.accepted.pop(agent_id, None)
        if agent.state in {AgentState.CALLING, *IN_CALL}:
            self.agents[agent_id] = replace(agent, next_state=NextState.PAUSED, pause_reason=reason)
        elif agent.state is AgentState.PAUSED:
            self.agents[agent_id] = replace(agent, pause_reason=reason)
        else:
            self._go(agent, AgentState.PAUSED, pause_reason=reason)
        return True

    def set_next_state(self, agent_id: AgentId, next_state: NextState | None, reason: str | None) -> bool:
        agent = self.agents[agent_id]
        if agent.state not in {AgentState.CALLING, *IN_CALL, AgentState.WRAP_UP}:
            return False
        self.agents[agent_id] = replace(agent, next_state=next_state, pause_reason=reason)
        return True

    def release(self, agent_id: AgentId) -> bool:
        agent = self.agents[agent_id]
        if agent.state is AgentState.OFFLINE:
            return False
        self.accepted.pop(agent_id, None)
        self._count_talk(agent)
        connected = agent.mode is Mode.NAILED_UP and agent.channel_id is not None
        if connected and agent.state is not AgentState.HANGING_UP:
            self._go(agent, AgentState.HANGING_UP)
        else:
            self._go(agent, OFFLINE, channel_id=None)
        return True

    def _go(self, agent: Agent, state: AgentState, **changes: object) -> None:
        """Move an agent by request: nothing of what was to come next remains."""
        nothing = {"call_id": None, "next_state": None, "pause_reason": None, "wrap_up_until": None}
        reason = OfflineReason.SIGNED_OUT if state is OFFLINE else None
        self._set_agent(agent, state, **(nothing | {"offline_reason": reason} | changes))

    def accept(self, agent_id: AgentId, contact_id: ContactId) -> bool:
        """Have a contact called for an agent who has looked at it."""
        contact = self.contacts[contact_id]
        agent = self.agents[agent_id]
        connected = agent.mode is Mode.NAILED_UP
        free = agent.state is AgentState.IDLE and connected and agent_id not in self.accepted
        if not free or contact.deleted or contact.process_status != PENDING or contact_id in self.accepted.values():
            return False
        self.accepted[agent_id] = contact_id
        return True
