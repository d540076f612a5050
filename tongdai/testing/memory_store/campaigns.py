"""Reads of the dialer about campaigns, and the pause of one."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from tongdai.agents.model import Agent, AgentState, Mode, is_available
from tongdai.call_outcome import Outcome
from tongdai.calls.live.pacing_inputs import Load, Recent
from tongdai.calls.model import (
    Call,
    CallState,
    LiveAnswers,
)
from tongdai.campaigns.model import PauseReason, RunningCampaign, Status
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.values import Mode as DialingMode
from tongdai.ids import CampaignId, QueueId, TenantId
from tongdai.testing.memory_store.model import (
    RECENT,
    rang_s,
)
from tongdai.testing.memory_store.state import MemoryState


class MemoryCampaigns(MemoryState):
    async def running(self) -> list[RunningCampaign]:
        return [
            RunningCampaign(self.tenant_id, campaign.campaign_id, "", self.tenant_zone, campaign.settings)
            for campaign in sorted(self.campaigns.values(), key=lambda one: one.campaign_id)
            if campaign.status is Status.RUNNING
        ]

    async def settings(self, tenant_id: TenantId, campaign_id: CampaignId) -> CallSettings | None:
        campaign = self.campaigns.get(campaign_id)
        return None if campaign is None or tenant_id != self.tenant_id else campaign.settings

    async def waiting_zones(self, tenant_id: TenantId, campaign_id: CampaignId) -> list[str]:
        due, now = self.campaigns[campaign_id].due, self._clock.now()
        return sorted(zone for zone, waiting in due.items() if waiting and waiting[0][0] <= now)

    async def sounds_asked(self) -> list[str]:
        asked, self.asked_sounds = self.asked_sounds, []
        return asked

    async def record_sounds(self, found: Mapping[str, bool | None], at: datetime) -> None:
        self.sounds |= found

    async def load(self, campaign: RunningCampaign) -> Load:
        queue_id = campaign.settings.queue_id
        agents = [
            agent
            for agent in self.agents.values()
            if agent.mode is Mode.NAILED_UP and self._takes_calls_of(agent, queue_id)
        ]
        here = [agent.wrap_up_s for agent in agents if agent.state is not AgentState.OFFLINE]
        taken = {agent.call_id for agent in self.agents.values()}
        wanting = [call for call in self._wanting(queue_id) if call.agent_id is None]
        answered = [call for call in wanting if call.state is CallState.ANSWERED]
        return Load(
            now=self._clock.now(),
            active_calls=len(self.campaigns[campaign.campaign_id].active),
            ringing_since=tuple(a.dialled_at or a.opened_at for a in wanting if a.state is not CallState.ANSWERED),
            waiting=sum(a.connected_at is None and a.call_id not in taken for a in answered),
            callers=sum(row.queue_id in self._sharing(queue_id) for row in self.callers.values()),
            agents_free=sum(is_available(agent) for agent in agents),
            talking_since=_since(agents, AgentState.TALKING),
            wrap_up_since=_since(agents, AgentState.WRAP_UP),
            wrap_up_s=sum(here) / len(here) if here else 0.0,
        )

    def _wanting(self, queue_id: QueueId | None) -> list[Call]:
        """Live calls that want an agent of that queue or of one that shares agents with it, or have one."""
        pool = self._sharing(queue_id)
        return [
            call
            for campaign in self.campaigns.values()
            if campaign.settings.queue_id in pool
            if campaign.settings.mode is not DialingMode.AGENTLESS
            for call in campaign.active.values()
        ]

    def _sharing(self, queue_id: QueueId | None) -> set[QueueId]:
        """The queue, and those that share agents with it."""
        pool = set[QueueId]() if queue_id is None else {queue_id}
        for roles in self.roles.values():
            queues = {queue.queue_id for queue in roles.queues}
            if queue_id in queues:
                pool |= queues
        return pool

    async def recent(self, campaign: RunningCampaign) -> Recent:
        found = self.campaigns[campaign.campaign_id]
        known = self._clock.now() - timedelta(seconds=campaign.settings.ring_timeout_s)
        answered, unanswered = Counter[int](), Counter[int]()
        for dialled_at, live, after_s in found.rings:
            if known - RECENT < dialled_at <= known:
                (answered if live else unanswered)[after_s] += 1
        for call in found.active.values():
            if call.answered_at and call.dialled_at and call.dialled_at <= known:
                answered[rang_s(call.dialled_at, call.answered_at)] += 1
        abandoned, talks = found.outcomes[Outcome.ABANDONED], found.outcomes[Outcome.ANSWERED]
        shares = LiveAnswers(talks + abandoned, abandoned)
        mean_s = found.talk_s / talks if talks else 0.0
        return Recent(_histogram(answered), _histogram(unanswered), shares, shares, mean_s)

    async def pause(self, call: Call, reason: PauseReason, calls: int) -> bool:
        campaign = self.campaigns[call.campaign_id]
        if campaign.status is not Status.RUNNING:
            return False
        campaign.status, campaign.pause_reason = Status.PAUSED, reason
        return True


def _since(agents: list[Agent], state: AgentState) -> tuple[datetime, ...]:
    return tuple(agent.state_since for agent in agents if agent.state is state and agent.next_state is None)


def _histogram(counts: Counter[int]) -> tuple[int, ...]:
    return tuple(counts[after_s] for after_s in range(max(counts, default=-1) + 1))
