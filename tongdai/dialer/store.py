"""What the dialer asks of the records: each method is one transaction, told once and true from then on.

`PostgresRecords` is one, `tongdai.testing.memory_store` another; a test holds them against each other. What does not
fit the state that a record is in changes nothing, so that each may be asked again after an answer that was lost.
Raises `UNREACHABLE` of `tongdai.db.pool` when the records are away; whether it was done is not known then.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from tongdai.agents.model import Agent
from tongdai.calls.live.pacing_inputs import Load, Recent
from tongdai.calls.model import Call, Claims, Ending, Outcome, Terms
from tongdai.campaigns.model import RunningCampaign
from tongdai.campaigns.settings.model import CallSettings
from tongdai.ids import AgentId, CampaignId, QueueId, TenantId


class Records(Protocol):
    async def now(self) -> datetime:
        """By the clock that leases, windows and due times are measured with."""
        ...

    # Campaigns

    async def running(self) -> list[RunningCampaign]:
        """Of all tenants, the highest priority first."""
        ...

    async def settings(self, tenant_id: TenantId, campaign_id: CampaignId) -> CallSettings | None:
        """Of a campaign, whether it runs or not."""
        ...

    async def waiting_zones(self, tenant_id: TenantId, campaign_id: CampaignId) -> list[str]:
        """The time zones, as contacts have them, of which a contact is pending and due."""
        ...

    async def load(self, campaign: RunningCampaign) -> Load: ...

    async def recent(self, campaign: RunningCampaign) -> Recent: ...

    # Calls

    async def claim(self, terms: Terms, limit: int) -> Claims:
        """Look at up to `limit` due contacts, oldest due first, and open a call for each that may be called now."""
        ...

    async def claim_accepted(self, terms: Terms, limit: int) -> list[Call]:
        """Open calls for contacts whose preview an agent accepted who is idle; he is reserved, the preview gone."""
        ...

    async def dial(self, calls: Sequence[Call], lease: timedelta) -> dict[UUID, Outcome | None]:
        """Right before the switch is asked: claimed → dialing. None: go. Otherwise why not, and it stays claimed: end
        it so. One that is missing is not claimed any more, or its lease is past: leave it alone."""
        ...

    async def rang(self, call: Call, at: datetime) -> bool: ...

    async def answered(self, call: Call, at: datetime, lease: timedelta) -> bool: ...

    async def connected(self, call: Call, at: datetime, agent_id: AgentId | None) -> bool:
        """Who answered hears the audio file (None), or the agent who is reserved for the call: he talks."""
        ...

    async def end(self, call: Call, ending: Ending) -> bool:
        """The call is ended, its contact pending again or processed as the campaign's retry rules say, its agent
        free. False: it had ended, and nothing was changed."""
        ...

    async def extend(self, calls: Sequence[Call], lease: timedelta) -> None:
        """There is a sign of life of them."""
        ...

    async def live(self) -> list[Call]:
        """Those of all tenants that have not ended."""
        ...

    async def overdue(self) -> list[Call]:
        """Of these, those whose lease is past."""
        ...

    async def ended(self, call_ids: Sequence[UUID]) -> list[UUID]:
        """Which of these ids are of calls that have ended."""
        ...

    # Agents

    async def agents_to_call(self) -> list[Agent]:
        """Who signed in; each has a `channel_id` from now on, and is told once."""
        ...

    async def agents_to_hang_up(self) -> list[Agent]:
        """Who signed out; until the channel is gone."""
        ...

    async def agents_present(self) -> list[Agent]:
        """All who have a channel."""
        ...

    async def agent_answered(self, agent: Agent) -> bool:
        """calling → idle. False: he signed out meanwhile, or it is an old channel."""
        ...

    async def agent_gone(self, channel_id: UUID) -> UUID | None:
        """Any state → offline: the call of his phone is over. Returns the call that he was reserved for or talked
        to."""
        ...

    async def reserve(self, call: Call, queue_id: QueueId) -> Agent | None:
        """The agent who is reserved for the call already, or else the queue's who is idle longest. None: nobody is,
        or the call has ended."""
        ...

    async def wrap_ups_over(self) -> int:
        """wrap_up → idle of those whose time for it is over; how many."""
        ...
