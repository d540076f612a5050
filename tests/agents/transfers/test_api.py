"""`/calls/{callId}/transfer`, with a leader of the switch that ends each act."""

from collections.abc import Mapping

import pytest

from tests.calls.acts.conftest import LiveTalk, campaign_id, floor, live
from tests.support.act_leader import leader
from tests.support.agents import Floor
from tests.support.api import Tenant, refused
from tongdai.calls.acts.model import Kind
from tongdai.db.pool import Connection, Pool

PAUSE = "update agent set state = 'paused', pause_reason = 'break' where tenant_id = $1 and agent_id = $2"
__all__ = ["campaign_id", "floor", "live"]


async def sent(tenant: Tenant, pool: Pool, live: LiveTalk, body: Mapping[str, object]) -> Mapping[str, object]:
    """The arguments of the act that a request asks for."""
    async with leader(pool, live.tenant_id) as begun:
        done = await tenant.done("POST", f"/v1/calls/{live.call_id}/transfer", json=body)
    assert done["error_message"] == "Call is transferred"
    (act,) = begun
    assert act.kind is Kind.TRANSFER
    return act.arguments


async def test_transfer_to_a_queue(tenant: Tenant, pool: Pool, live: LiveTalk) -> None:
    care = await tenant.queue("Care")
    assert await sent(tenant, pool, live, {"queueId": care}) == {"queueId": care}


async def test_transfer_to_a_number_in_any_form(tenant: Tenant, pool: Pool, live: LiveTalk) -> None:
    assert await sent(tenant, pool, live, {"number": "098 765 43 21"}) == {"number": "+84987654321"}


async def test_transfer_to_an_agent_goes_to_their_queue(
    tenant: Tenant, pool: Pool, live: LiveTalk, floor: Floor
) -> None:
    bob = await floor.idle()
    assert await sent(tenant, pool, live, {"agentId": bob}) == {"queueId": floor.queue_id, "agentId": bob}


async def test_agent_who_is_not_there_is_not_transferred_to(
    tenant: Tenant, live: LiveTalk, floor: Floor, conn: Connection
) -> None:
    bob = await floor.idle()
    await conn.execute(PAUSE, live.tenant_id, bob)
    response = await tenant.post(f"/v1/calls/{live.call_id}/transfer", {"agentId": bob})
    assert refused(response, 400, "INVALID_STATE") == "The agent is paused, and cannot be transferred to"


@pytest.mark.parametrize("body", [{}, {"queueId": 1, "number": "0901234567"}, {"queueId": 1, "agentId": 2}])
async def test_exactly_one_target_is_given(tenant: Tenant, live: LiveTalk, body: dict[str, object]) -> None:
    response = await tenant.post(f"/v1/calls/{live.call_id}/transfer", body)
    assert "Give one of queueId, agentId and number" in refused(response, 400, "INVALID_INPUT")


@pytest.mark.parametrize("body", [{"queueId": 0}, {"agentId": -1}, {"number": "12"}, {"number": "x"}])
async def test_bad_target_is_refused_by_name(tenant: Tenant, live: LiveTalk, body: dict[str, object]) -> None:
    response = await tenant.post(f"/v1/calls/{live.call_id}/transfer", body)
    assert next(iter(body)) in refused(response, 400, "INVALID_INPUT")


@pytest.mark.parametrize(
    ("body", "message"),
    [({"queueId": 999999999}, "Inbound queue not found"), ({"agentId": 999999999}, "Agent not found")],
)
async def test_target_of_nobody_or_of_another_tenant_is_not_found(
    tenant: Tenant, live: LiveTalk, body: dict[str, object], message: str
) -> None:
    response = await tenant.post(f"/v1/calls/{live.call_id}/transfer", body)
    assert refused(response, 404, "NOT_FOUND") == message
