"""Requests for previews, and what the store has of them."""

from typing import Any

from tests.support.agents import Floor
from tests.support.api import refused
from tongdai.agents.previews import store as previews
from tongdai.agents.previews.store import AcceptedPreview
from tongdai.ids import AgentId, CampaignId, ContactId


def preview(agent_id: AgentId) -> str:
    """The path of an agent's preview."""
    return f"/v1/agents/{agent_id}/preview"


async def offered(floor: Floor, agent_id: AgentId, campaign_id: CampaignId) -> dict[str, Any] | None:
    """Have a contact offered to the agent; the offer."""
    return (await floor.tenant.done("POST", preview(agent_id), json={"campaignId": campaign_id}))["offer"]


async def present_offer(floor: Floor, agent_id: AgentId, campaign_id: CampaignId) -> dict[str, Any]:
    offer = await offered(floor, agent_id, campaign_id)
    assert offer is not None
    return offer


async def offered_id(floor: Floor, agent_id: AgentId, campaign_id: CampaignId) -> ContactId | None:
    offer = await offered(floor, agent_id, campaign_id)
    return None if offer is None else offer["contactId"]


async def refusal(floor: Floor, method: str, path: str, **options: object) -> str:
    return refused(await floor.tenant.call(method, path, **options), 400, "INVALID_STATE")


async def accepted(floor: Floor, campaign_id: CampaignId) -> list[AcceptedPreview]:
    """The accepted previews of a campaign of the tenant."""
    async with floor.pool.acquire() as conn:
        return await previews.accepted(conn, floor.tenant_id, campaign_id)
