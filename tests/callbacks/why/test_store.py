"""`GET /callbacks` says why a callback is pending, of what the database has."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support import callbacks
from tests.support.api import Tenant
from tests.support.callbacks import PHONE, asked
from tongdai.callbacks import store
from tongdai.callbacks.why import store as why
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, QueueId, TenantId
from tongdai.queues.hours import store as hours
from tongdai.switches import store as switches
from tongdai.switches.model import DEFAULT, Heartbeat, Kind

UP = Heartbeat(Kind.SIMULATED, True, "simulated", "tongdai", "here", 0, 0)


@pytest.fixture
async def queue_id(tenant: Tenant) -> QueueId:
    return await tenant.queue("Sales")


@pytest.fixture
async def agent_id(tenant: Tenant, queue_id: QueueId) -> AgentId:
    sent = {"agentName": "A", "endpoint": "a", "queueId": queue_id, "mode": "ring"}
    return (await tenant.done("POST", "/v1/agents", json=sent))["agentId"]


@pytest.fixture
async def any_hour(conn: Connection, tenant: Tenant) -> None:
    await callbacks.any_hour(conn, tenant.tenant_id)
    await switches.beat(conn, DEFAULT, UP)


async def reason(tenant: Tenant) -> dict[str, Any]:
    (row,) = (await tenant.done("GET", "/v1/callbacks"))["data"]
    return row


@pytest.mark.usefixtures("any_hour")
async def test_reason_follows_what_changes(
    tenant: Tenant, conn: Connection, queue_id: QueueId, agent_id: AgentId
) -> None:
    await asked(conn, tenant.tenant_id, queue_id)
    assert (await reason(tenant))["reason"] == "no_agents_signed_in"
    await tenant.done("POST", f"/v1/agents/{agent_id}/sign-in")
    assert (await reason(tenant))["reason"] is None
    await tenant.done("POST", f"/v1/agents/{agent_id}/pause", json={"reason": "lunch"})
    assert (await reason(tenant))["message"] == "No agent of the queue is free."
    await tenant.done("PUT", f"/v1/queues/inbound/{queue_id}/closed", json={"note": "Flood"})
    assert (await reason(tenant))["reason"] == "queue_closed"
    made = await tenant.done("POST", "/v1/do-not-call", json={"name": "These"})
    await tenant.done("POST", f"/v1/do-not-call/{made['dncListId']}/numbers", json={"phoneNumber": PHONE})
    assert (await reason(tenant))["reason"] == "do_not_call"


@pytest.mark.usefixtures("any_hour")
async def test_who_came_earlier_comes_first(
    tenant: Tenant, conn: Connection, queue_id: QueueId, agent_id: AgentId
) -> None:
    await tenant.done("POST", f"/v1/agents/{agent_id}/sign-in")
    later = await asked(conn, tenant.tenant_id, queue_id)
    before = {"phone": "+84901234568", "arrived_at": later.arrived_at - timedelta(seconds=1)}
    earlier = await asked(conn, tenant.tenant_id, queue_id, **before)
    found = await why.pending(conn, tenant.tenant_id, [earlier, later])
    assert [found[one.callback_id].reason for one in (earlier, later)] == [None, "callers_first"]


async def test_calling_hours_and_tries_are_reported_with_their_end(
    tenant: Tenant, conn: Connection, queue_id: QueueId
) -> None:
    at = (await hours.now(conn)).replace(microsecond=0) + timedelta(minutes=4)
    await asked(conn, tenant.tenant_id, queue_id, due_at=at)
    assert (await reason(tenant))["reason"] == "not_due"
    await conn.execute("update callback set tries = 2 where tenant_id = $1", tenant.tenant_id)
    found = await reason(tenant)
    assert (found["reason"], found["until"]) == ("next_try", at.isoformat().replace("+00:00", "Z"))
    assert found["message"].startswith("Try 2 of 3 reached nobody; the next one is at ")
    await conn.execute("update callback set due_at = now() where tenant_id = $1", tenant.tenant_id)
    day = f"{at + timedelta(days=2):%a}".lower()
    other_day = {"callingWindows": [{"days": [day], "from": "08:00", "to": "17:00"}]}
    await tenant.done("PUT", "/v1/tenants/me/calling-hours", json=other_day)
    found = await reason(tenant)
    assert found["reason"] == "outside_calling_hours"
    assert found["until"] is not None


async def test_those_that_are_over_have_no_reason(tenant: Tenant, conn: Connection, queue_id: QueueId) -> None:
    callback = await asked(conn, tenant.tenant_id, queue_id)
    await tenant.done("DELETE", f"/v1/callbacks/{callback.callback_id}")
    found = await reason(tenant)
    assert (found["state"], found["reason"], found["message"], found["until"]) == ("cancelled", None, None, None)


async def test_another_tenants_callbacks_and_agents_do_not_count(
    tenant: Tenant, other_tenant: Tenant, conn: Connection, queue_id: QueueId
) -> None:
    theirs = await asked(conn, other_tenant.tenant_id, await other_tenant.queue("Sales"))
    assert await why.pending(conn, tenant.tenant_id, [theirs]) == {}
    await asked(conn, tenant.tenant_id, queue_id)
    assert len(await store.due_of_tenant(conn, TenantId(tenant.tenant_id))) <= 1
