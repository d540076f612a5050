"""Changes that requests make to campaigns, contacts, do-not-call lists and agents."""

from dataclasses import replace
from datetime import datetime

from tongdai.agents.model import Agent, AgentState, OfflineReason
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

    def add_agent(self, agent_id: int, endpoint: str, queue_id: int, wrap_up_s: int = 10) -> AgentId:
        made = AgentId(agent_id)
        self.agents[made] = Agent(
            tenant_id=self.tenant_id,
            agent_id=made,
            name=endpoint,
            endpoint=endpoint,
            queue_id=QueueId(queue_id),
            wrap_up_s=wrap_up_s,
            state=AgentState.OFFLINE,
            state_since=self._clock.now(),
            channel_id=None,
            call_id=None,
            sign_out_pending=False,
            offline_reason=None,
            created_at=self._clock.now(),
        )
        return made

    def sign_in(self, agent_id: AgentId) -> bool:
        return self._move_agent(agent_id, {AgentState.OFFLINE}, AgentState.CALLING)

    def ready(self, agent_id: AgentId) -> bool:
        return self._move_agent(agent_id, {AgentState.WRAP_UP}, AgentState.IDLE)

    def sign_out(self, agent_id: AgentId) -> bool:
        agent = self.agents[agent_id]
        if agent.state in {AgentState.OFFLINE, AgentState.HANGING_UP}:
            return False
        self.accepted.pop(agent_id, None)
        if agent.state in {AgentState.RESERVED, AgentState.TALKING}:
            self.agents[agent_id] = replace(agent, sign_out_pending=True)
        elif agent.channel_id is None:
            self._set_agent(agent, AgentState.OFFLINE, offline_reason=OfflineReason.SIGNED_OUT)
        else:
            self._set_agent(agent, AgentState.HANGING_UP)
        return True

    def accept(self, agent_id: AgentId, contact_id: ContactId) -> bool:
        """Have a contact called for an agent who has looked at it."""
        contact = self.contacts[contact_id]
        free = self.agents[agent_id].state is AgentState.IDLE and agent_id not in self.accepted
        if not free or contact.deleted or contact.process_status != PENDING or contact_id in self.accepted.values():
            return False
        self.accepted[agent_id] = contact_id
        return True

    def _move_agent(self, agent_id: AgentId, source: set[AgentState], target: AgentState) -> bool:
        if self.agents[agent_id].state not in source:
            return False
        self._set_agent(self.agents[agent_id], target)
        return True
