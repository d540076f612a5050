"""A live call that talks with an agent."""

from dataclasses import dataclass
from uuid import UUID

import pytest

from tests.support.agents import Floor
from tests.support.api import Tenant
from tests.support.calls import NOW, a_call
from tongdai.agents import store as agents
from tongdai.db.pool import Connection, Pool
from tongdai.ids import AgentId, CampaignId, QueueId, TenantId

OPEN_TALK = """
insert into open_segment (tenant_id, call_id, kind, started_at, queue_id, agent_id) values ($1, $2, 'talk', $3, $4, $5)
"""


@dataclass(frozen=True)
class LiveTalk:
    tenant_id: TenantId
    call_id: UUID
    agent_id: AgentId
    queue_id: QueueId


@pytest.fixture
async def floor(tenant: Tenant, pool: Pool) -> Floor:
    return Floor(tenant, pool, await tenant.queue("Sales"))


@pytest.fixture
async def campaign_id(tenant: Tenant) -> CampaignId:
    return await tenant.campaign()


@pytest.fixture
async def live(floor: Floor, conn: Connection, campaign_id: CampaignId) -> LiveTalk:
    """Connected at NOW."""
    agent_id = await floor.idle()
    made = await a_call(
        conn, floor.tenant_id, campaign_id, state="answered", answered_s=0, connected_s=0, agent_id=agent_id
    )
    call_id = UUID(str(made))
    assert await agents.reserve_for(conn, floor.tenant_id, agent_id, call_id)
    assert await agents.talking(conn, floor.tenant_id, [call_id])
    await conn.execute(OPEN_TALK, floor.tenant_id, call_id, NOW, floor.queue_id, agent_id)
    return LiveTalk(floor.tenant_id, call_id, agent_id, floor.queue_id)
