"""The dialer's store: each method is one transaction, idempotent, and safe to retry.

Implemented by `PostgresStore`, and by `tongdai.testing.memory_store` in memory; a test compares the two. A call that
does not fit the state of a row changes nothing, so each may be repeated when its result was lost. Raises `UNAVAILABLE`
of `tongdai.db.unavailable` when the database is unavailable; whether it was done is not known then.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from tongdai.agents.model import Agent, OfflineReason
from tongdai.agents.phones import Phone
from tongdai.call_outcome import Outcome
from tongdai.calls.live.pacing_inputs import Load, Recent
from tongdai.calls.model import Call, ClaimConditions, Claims, Ending
from tongdai.campaigns.model import PauseReason, RunningCampaign
from tongdai.campaigns.settings.model import CallSettings
from tongdai.ids import AgentId, CampaignId, QueueId, TenantId


class DialerStore(Protocol):
    async def now(self) -> datetime:
        """The time by the clock that leases, windows and due times are compared with."""
        ...

    # Campaigns

    async def running(self) -> list[RunningCampaign]:
        """Running campaigns of all tenants; the originator decides in which order they are dialled."""
        ...

    async def settings(self, tenant_id: TenantId, campaign_id: CampaignId) -> CallSettings | None:
        """The settings of a campaign, whether it runs or not."""
        ...

    async def waiting_zones(self, tenant_id: TenantId, campaign_id: CampaignId) -> list[str]:
        """The time zones, as contacts have them, of which a contact is pending and due."""
        ...

    async def sounds_asked(self) -> list[str]:
        """Sounds of the switch that somebody asked for, and that were not checked since."""
        ...

    async def record_sounds(self, found: Mapping[str, bool | None], at: datetime) -> None:
        """Record whether the switch has sounds (None: it could not tell), by a check that began `at` that time."""
        ...

    async def load(self, campaign: RunningCampaign) -> Load: ...

    async def recent(self, campaign: RunningCampaign) -> Recent: ...

    # Calls

    async def claim(self, conditions: ClaimConditions, limit: int) -> Claims:
        """Look at up to `limit` due contacts, oldest due first, and open a call for each that may be called now; none
        while dialing is held."""
        ...

    async def claim_accepted(self, conditions: ClaimConditions, limit: int) -> list[Call]:
        """Open calls for contacts whose preview an idle agent accepted; the agent is reserved, the preview deleted."""
        ...

    async def dial(self, calls: Sequence[Call], lease: timedelta) -> dict[UUID, Outcome | None]:
        """claimed → dialing, immediately before the originate request. None: originate. An outcome: end the call with
        it, CANCELLED while dialing is held; the call stays claimed until then. A missing call is no longer claimed, or
        its lease has expired: leave it alone."""
        ...

    async def rang(self, call: Call, at: datetime) -> bool: ...

    async def answered(self, call: Call, at: datetime, lease: timedelta) -> bool: ...

    async def connected(self, call: Call, at: datetime, agent_id: AgentId | None) -> bool:
        """The callee hears the audio file (None), or the agent reserved for the call: reserved → talking."""
        ...

    async def end(self, call: Call, ending: Ending) -> bool:
        """End the call; its contact is pending again or processed by the campaign's retry rules, its agent free. False:
        it had ended before, and nothing changed."""
        ...

    async def pause(self, call: Call, reason: PauseReason, calls: int) -> bool:
        """Pause the campaign of a call for what `calls` calls in a row showed. False: it does not run."""
        ...

    async def extend(self, calls: Sequence[Call], lease: timedelta) -> None:
        """Renew the leases of calls whose channel was listed."""
        ...

    async def active_calls(self) -> list[Call]:
        """Calls of all tenants that have not ended."""
        ...

    async def overdue(self) -> list[Call]:
        """Live calls whose lease has expired."""
        ...

    async def ended(self, call_ids: Sequence[UUID]) -> list[UUID]:
        """The ids, of these, of calls that have ended."""
        ...

    # Agents

    async def agents_to_call(self) -> list[Agent]:
        """Agents who signed in; each gets a `channel_id`, and is returned once."""
        ...

    async def agents_to_hang_up(self) -> list[Agent]:
        """Agents who signed out, until their channel is gone."""
        ...

    async def agents_present(self) -> list[Agent]:
        """Agents who have a channel."""
        ...

    async def agent_answered(self, agent: Agent) -> bool:
        """calling → idle. False: the agent signed out meanwhile, or has another channel."""
        ...

    async def agent_gone(self, channel_id: UUID, why: OfflineReason) -> UUID | None:
        """Any state → offline, as the phone's channel is gone; for that reason, unless the agent signed out. The call
        that the agent was reserved for or talked to, if any."""
        ...

    async def reserve(self, call: Call, queue_id: QueueId) -> Agent | None:
        """The agent reserved for the call already, or else the queue's agent who is idle longest. None: there is none,
        or the call has ended."""
        ...

    async def wrap_ups_over(self) -> int:
        """wrap_up → idle for agents whose wrap-up time is over; returns their number."""
        ...

    async def phones(self) -> list[Phone]:
        """The phones of agents who are signed in, and of those that are busy elsewhere."""
        ...

    async def phones_reachable(self, endpoints: Sequence[str]) -> int:
        """The switch can reach the phones; returns the number of agents who can take calls since."""
        ...

    async def phones_unreachable(self, endpoints: Sequence[str]) -> int:
        """The switch cannot reach the phones: their agents get no calls. Returns 0."""
        ...

    async def phones_busy_elsewhere(self, endpoints: Sequence[str]) -> int:
        """The phones are in calls that are not ours: their agents get no calls. Returns 0."""
        ...

    async def phones_free_elsewhere(self, endpoints: Sequence[str]) -> int:
        """They are not any more; the number of agents who can take calls since."""
        ...
