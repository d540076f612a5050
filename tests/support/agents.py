"""A tenant's queue, the agents at it, and campaigns that they call for."""

import itertools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.support.api import Tenant
from tests.support.contacts import put_due
from tongdai.agents import store
from tongdai.agents.model import Agent, AgentState
from tongdai.db.pool import Pool
from tongdai.ids import AgentId, CampaignId, ContactId, QueueId, TenantId


@dataclass
class Floor:
    """A queue of a tenant, with methods that add agents in each state, campaigns and contacts."""

    tenant: Tenant
    pool: Pool
    queue_id: QueueId
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def tenant_id(self) -> TenantId:
        return self.tenant.tenant_id

    async def agent(self, **fields: object) -> AgentId:
        """A new agent, offline."""
        body = {"agentName": "An agent", "endpoint": f"agent-{next(self._numbers)}", "queueId": self.queue_id} | fields
        return (await self.tenant.done("POST", "/v1/agents", json=body))["agentId"]

    async def idle(self, **fields: object) -> AgentId:
        """A new agent, signed in and with their phone answered."""
        agent_id = await self.agent(**fields)
        await self.sign_in(agent_id)
        return agent_id

    async def sign_in(self, agent_id: AgentId) -> None:
        await self.tenant.done("POST", f"/v1/agents/{agent_id}/sign-in")
        async with self.pool.acquire() as conn:
            channels = {agent.agent_id: agent.channel_id for agent in await store.to_call(conn)}
            channel_id = channels[agent_id]
            assert channel_id is not None
            assert await store.answered(conn, self.tenant_id, agent_id, channel_id)

    async def talking(self, **fields: object) -> tuple[AgentId, uuid.UUID]:
        """A new agent, who talks in that call."""
        agent_id, call_id = await self.idle(**fields), uuid.uuid4()
        async with self.pool.acquire() as conn:
            assert await store.reserve_for(conn, self.tenant_id, agent_id, call_id)
            assert await store.talking(conn, self.tenant_id, [call_id])
        return agent_id, call_id

    async def find(self, agent_id: AgentId) -> Agent:
        async with self.pool.acquire() as conn:
            found = await store.find(conn, self.tenant_id, agent_id)
        assert found is not None
        return found

    async def channel_of(self, agent_id: AgentId) -> uuid.UUID:
        """The channel of the agent's phone, which must have one."""
        channel_id = (await self.find(agent_id)).channel_id
        assert channel_id is not None
        return channel_id

    async def state(self, agent_id: AgentId) -> AgentState:
        return (await self.find(agent_id)).state

    async def campaign(self, **settings: object) -> CampaignId:
        """A running campaign in mode preview, with the agents of this floor."""
        body = {"campaignName": "A campaign", "dialingMode": "preview", "queueId": self.queue_id} | settings
        campaign_id = (await self.tenant.done("POST", "/v1/campaigns", json=body))["campaignId"]
        await self.tenant.done("POST", f"/v1/campaigns/{campaign_id}/start")
        return campaign_id

    async def contacts(self, campaign_id: CampaignId, count: int, **fields: object) -> list[ContactId]:
        """Add contacts, the first due longest, a second apart."""
        made: list[ContactId] = []
        for _ in range(count):
            number = f"090{next(self._numbers):07d}"
            made.append((await self.tenant.contact(campaign_id, number, **fields))["contactId"])
        for place, contact_id in enumerate(reversed(made)):
            await self.due(contact_id, -60.0 - place)
        return made

    async def due(self, contact_id: ContactId, in_s: float) -> None:
        async with self.pool.acquire() as conn:
            due_at = await conn.fetchval("select now() + make_interval(secs => $1)", in_s)
            await put_due(conn, self.tenant_id, contact_id, due_at)

    async def due_in_s(self, contact_id: ContactId) -> float:
        return await self.pool.fetchval(
            "select extract(epoch from due_at - now())::float8 from contact_due "
            "where tenant_id = $1 and contact_id = $2",
            self.tenant_id, contact_id,
        )  # fmt: skip

    async def earlier(self, table: str, column: str, seconds: float) -> None:
        """Move an instant of all rows of this tenant into the past."""
        await self.pool.execute(
            f"update {table} set {column} = {column} - make_interval(secs => $2) where tenant_id = $1",
            self.tenant_id, seconds,
        )  # fmt: skip
