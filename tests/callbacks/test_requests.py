"""`/callbacks`: customers who are to be called by an agent of a queue."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support import callbacks
from tests.support.api import Tenant, refused
from tongdai.callbacks import store
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, QueueId

CALLBACKS = "/v1/callbacks"
LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
INVALID, MISSING = (400, "INVALID_INPUT"), (404, "NOT_FOUND")
UNKNOWN = "5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11"


@pytest.fixture
async def queue_id(tenant: Tenant) -> QueueId:
    return await tenant.queue("Sales", callinNumber="02873001234")


@pytest.fixture
async def agent_id(tenant: Tenant, queue_id: QueueId) -> AgentId:
    sent = {"agentName": "A", "endpoint": "a", "queueId": queue_id}
    return (await tenant.done("POST", "/v1/agents", json=sent))["agentId"]


async def created(tenant: Tenant, queue_id: QueueId, **fields: Any) -> str:
    sent = {"queueId": queue_id, "phoneNumber": "0901234567"} | fields
    return (await tenant.done("POST", CALLBACKS, json=sent))["callbackId"]


async def listed(tenant: Tenant, query: str = "") -> list[dict[str, Any]]:
    return (await tenant.done("GET", f"{CALLBACKS}{query}"))["data"]


def instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


async def test_number_is_called_at_a_time_by_an_agent(tenant: Tenant, queue_id: QueueId, agent_id: AgentId) -> None:
    note = "Hỏi về hợp đồng"
    callback_id = await created(tenant, queue_id, dueAt=instant(LATER), agentId=agent_id, patienceSec=600, note=note)
    (row,) = await listed(tenant)
    assert row.pop("createdAt") < row["dueAt"]
    message = row["message"]
    assert message.startswith("It is to be called at ")
    assert row == {
        "callbackId": callback_id,
        "queueId": queue_id,
        "phoneNumber": "0901234567",
        "source": "api",
        "state": "pending",
        "arrivedAt": instant(LATER),
        "dueAt": instant(LATER),
        "expiresAt": instant(LATER + timedelta(hours=4)),
        "agentId": agent_id,
        "agentUntil": instant(LATER + timedelta(minutes=10)),
        "tries": 0,
        "fromCall": None,
        "callId": None,
        "note": note,
        "endedAt": None,
        "reason": "not_due",
        "message": message,
        "until": instant(LATER),
    }


async def test_callbacks_are_listed_by_queue_state_agent_and_time(
    tenant: Tenant, queue_id: QueueId, agent_id: AgentId
) -> None:
    first = await created(tenant, queue_id, dueAt=instant(LATER), agentId=agent_id)
    other = await created(tenant, await tenant.queue("Care"), dueAt=instant(LATER + timedelta(hours=1)))
    ids = {query: [row["callbackId"] for row in await listed(tenant, query)] for query in (
        "", f"?queueId={queue_id}", "?state=pending", "?state=done", f"?agentId={agent_id}",
        f"?from={instant(LATER + timedelta(minutes=1))}", f"?to={instant(LATER + timedelta(minutes=1))}",
    )}  # fmt: skip
    assert list(ids.values()) == [[other, first], [first], [other, first], [], [first], [other], [first]]
    assert [row["callbackId"] for row in await listed(tenant, "?size=1")] == [other]


@pytest.mark.parametrize(
    ("fields", "error", "what"),
    [
        ({"phoneNumber": "abc"}, INVALID, "phoneNumber"),
        ({"queueId": 999999}, MISSING, "Inbound queue not found"),
        ({"agentId": 999999}, MISSING, "Agent not found"),
        ({"dueAt": "2026-01-01T00:00:00Z"}, INVALID, "dueAt must not be in the past"),
        ({"dueAt": "9999-12-31T00:00:00Z"}, INVALID, "dueAt"),
        ({"patienceSec": 0}, INVALID, "patienceSec"),
    ],
)
async def test_what_cannot_be_scheduled_is_refused(
    tenant: Tenant, queue_id: QueueId, fields: dict[str, Any], error: tuple[int, str], what: str
) -> None:
    sent = {"queueId": queue_id, "phoneNumber": "0901234567"} | fields
    response = await tenant.call("POST", CALLBACKS, json=sent)
    assert what in refused(response, *error)
    assert await listed(tenant) == []


async def test_number_is_called_back_once_for_a_queue(tenant: Tenant, queue_id: QueueId) -> None:
    callback_id = await created(tenant, queue_id, dueAt=instant(LATER))
    sent = {"queueId": queue_id, "phoneNumber": "+84901234567"}
    response = await tenant.call("POST", CALLBACKS, json=sent)
    assert "already" in refused(response, 400, "INVALID_STATE")
    await tenant.done("DELETE", f"{CALLBACKS}/{callback_id}")
    assert await created(tenant, queue_id) != callback_id


async def test_change_to_an_unknown_agent_changes_nothing(tenant: Tenant, queue_id: QueueId) -> None:
    callback_id = await created(tenant, queue_id, dueAt=instant(LATER))
    before = await listed(tenant)
    sent = {"dueAt": instant(LATER + timedelta(days=1)), "agentId": 999999}
    refused(await tenant.call("PATCH", f"{CALLBACKS}/{callback_id}", json=sent), *MISSING)
    assert await listed(tenant) == before


async def test_time_and_agent_of_a_pending_callback_are_changed(
    tenant: Tenant, queue_id: QueueId, agent_id: AgentId
) -> None:
    callback_id = await created(tenant, queue_id, dueAt=instant(LATER))
    path, moved = f"{CALLBACKS}/{callback_id}", LATER + timedelta(hours=3)
    await tenant.done("PATCH", path, json={"agentId": agent_id})
    await tenant.done("PATCH", path, json={"dueAt": instant(moved)})
    (row,) = await listed(tenant)
    assert (row["dueAt"], row["arrivedAt"], row["expiresAt"]) == (
        instant(moved),
        instant(moved),
        instant(moved + timedelta(hours=4)),
    )
    assert (row["agentId"], row["agentUntil"]) == (agent_id, instant(moved + timedelta(minutes=15)))
    await tenant.done("PATCH", path, json={"agentId": None})
    (row,) = await listed(tenant)
    assert (row["agentId"], row["agentUntil"]) == (None, None)
    for sent in ({}, {"patienceSec": 5}, {"dueAt": "2026-01-01T00:00:00Z"}):
        refused(await tenant.call("PATCH", path, json=sent), *INVALID)
    refused(await tenant.call("PATCH", path, json={"agentId": 999999}), *MISSING)


async def test_callback_is_cancelled_once_and_for_good(tenant: Tenant, queue_id: QueueId) -> None:
    path = f"{CALLBACKS}/{await created(tenant, queue_id, dueAt=instant(LATER))}"
    for _ in range(2):
        assert (await tenant.done("DELETE", path))["error_message"] == "Callback cancelled"
    (row,) = await listed(tenant, "?state=cancelled")
    assert row["endedAt"] is not None
    refused(await tenant.call("PATCH", path, json={"dueAt": instant(LATER)}), 400, "INVALID_STATE")


async def test_callback_that_is_being_called_is_not_changed(
    tenant: Tenant, conn: Connection, queue_id: QueueId
) -> None:
    callback = await callbacks.asked(conn, tenant.tenant_id, queue_id)
    assert await store.begin_try(conn, callback, callback.callback_id)
    path = f"{CALLBACKS}/{callback.callback_id}"
    refused(await tenant.call("PATCH", path, json={"dueAt": instant(LATER)}), 400, "INVALID_STATE")
    refused(await tenant.call("DELETE", path), 400, "INVALID_STATE")


async def test_callbacks_of_other_tenants_are_not_found(
    tenant: Tenant, other_tenant: Tenant, queue_id: QueueId
) -> None:
    path = f"{CALLBACKS}/{await created(tenant, queue_id, dueAt=instant(LATER))}"
    assert await listed(other_tenant) == []
    for which in (path, f"{CALLBACKS}/{UNKNOWN}", f"{CALLBACKS}/1"):
        assert refused(await other_tenant.call("DELETE", which), *MISSING) == "Callback not found"
        assert (
            refused(await other_tenant.call("PATCH", which, json={"agentId": None}), *MISSING) == "Callback not found"
        )
