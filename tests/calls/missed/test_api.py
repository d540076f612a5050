"""`/missed-calls`: callers whom nobody answered."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from tests.support import callers
from tests.support.api import Tenant, refused
from tests.support.calls import a_call
from tongdai.calls.missed.model import CLAIM_HOLDS
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, QueueId

MISSED = "/v1/missed-calls"
PHONE = "+84901234567"


@pytest.fixture
async def queue_id(tenant: Tenant) -> QueueId:
    return await tenant.queue("Sales")


async def missed(conn: Connection, tenant: Tenant, queue_id: QueueId, ago_s: float = 600, **fields: Any) -> UUID:
    began = callers.ago(ago_s)
    return await callers.ended(conn, tenant.tenant_id, queue_id, began=began, waited_s=20, **fields)


async def agent_of(tenant: Tenant, queue_id: QueueId, endpoint: str = "a") -> AgentId:
    sent = {"agentName": "A", "endpoint": endpoint, "queueId": queue_id}
    return (await tenant.done("POST", "/v1/agents", json=sent))["agentId"]


async def listed(tenant: Tenant, query: str = "") -> list[dict[str, Any]]:
    return (await tenant.done("GET", f"{MISSED}{query}"))["data"]


async def state_of(tenant: Tenant, call_id: UUID) -> str:
    return {row["callId"]: row["state"] for row in await listed(tenant)}[str(call_id)]


@pytest.mark.parametrize("outcome", ["abandoned", "overflow", "closed", "failed", "lost"])
async def test_caller_whom_nobody_answered_is_listed(
    tenant: Tenant, conn: Connection, queue_id: QueueId, outcome: str
) -> None:
    call_id = await missed(conn, tenant, queue_id, outcome=outcome, phone=PHONE)
    (row,) = await listed(tenant)
    assert row.pop("openedAt") < row.pop("endedAt")
    assert row == {
        "callId": str(call_id),
        "queueId": queue_id,
        "phoneNumber": "0901234567",
        "calledNumber": "+842873001234",
        "outcome": outcome,
        "waitSec": 20.0,
        "state": "open",
        "agentId": None,
        "claimedAt": None,
        "claimedUntil": None,
        "servedBy": None,
        "closedAt": None,
    }


async def test_answered_and_refused_callers_and_those_of_others_are_not(
    tenant: Tenant, other_tenant: Tenant, conn: Connection, queue_id: QueueId
) -> None:
    await missed(conn, tenant, queue_id, agent_id=await agent_of(tenant, queue_id))
    await missed(conn, tenant, queue_id, outcome="refused")
    await missed(conn, other_tenant, await other_tenant.queue())
    await callers.waiting(conn, tenant.tenant_id, queue_id, 5)
    await a_call(conn, tenant.tenant_id, await tenant.campaign(), outcome="abandoned", answered_s=1)
    assert await listed(tenant) == []


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("incoming", [True, False])
async def test_later_connection_of_the_number_serves_the_caller(
    tenant: Tenant, conn: Connection, queue_id: QueueId, incoming: bool, live: bool
) -> None:
    agent_id = await agent_of(tenant, queue_id)
    call_id = await missed(conn, tenant, queue_id, phone=PHONE)
    other = await missed(conn, tenant, queue_id)
    if incoming and live:
        later = str(await callers.talking(conn, tenant.tenant_id, queue_id, agent_id))
        await conn.execute("update call set phone = $2 where call_id = $1::uuid", later, PHONE)
    elif incoming:
        later = str(await missed(conn, tenant, queue_id, 300, phone=PHONE, agent_id=agent_id))
    else:
        later = await a_call(
            conn, tenant.tenant_id, await tenant.campaign(), phone=PHONE, opened_at=callers.ago(300),
            state="answered" if live else "ended", outcome=None if live else "answered", answered_s=1, connected_s=1,
        )  # fmt: skip
    found = {row["callId"]: (row["state"], row["servedBy"]) for row in await listed(tenant)}
    assert found == {str(call_id): ("served", later), str(other): ("open", None)}
    refused(await tenant.post(f"{MISSED}/{call_id}/claim", {"agentId": agent_id}), 400, "INVALID_STATE")


async def test_connections_before_it_and_of_withheld_numbers_serve_nobody(
    tenant: Tenant, conn: Connection, queue_id: QueueId
) -> None:
    agent_id = await agent_of(tenant, queue_id)
    await missed(conn, tenant, queue_id, 900, phone=PHONE, agent_id=agent_id)
    call_id = await missed(conn, tenant, queue_id, phone=PHONE)
    withheld = await missed(conn, tenant, queue_id, phone="")
    await missed(conn, tenant, queue_id, 300, phone="", agent_id=agent_id)
    await missed(conn, tenant, queue_id, 200, phone=PHONE)
    assert await state_of(tenant, call_id) == await state_of(tenant, withheld) == "open"


async def test_one_agent_claims_a_missed_call_until_it_is_given_back(
    tenant: Tenant, conn: Connection, queue_id: QueueId
) -> None:
    first, second = await agent_of(tenant, queue_id), await agent_of(tenant, queue_id, "b")
    call_id = await missed(conn, tenant, queue_id)
    path = f"{MISSED}/{call_id}"
    refused(await tenant.post(f"{path}/release"), 400, "INVALID_STATE")
    refused(await tenant.post(f"{path}/claim", {"agentId": 999999999}), 404, "NOT_FOUND")
    for _ in range(2):
        await tenant.done("POST", f"{path}/claim", json={"agentId": first})
    refused(await tenant.post(f"{path}/claim", {"agentId": second}), 400, "INVALID_STATE")
    (row,) = await listed(tenant)
    assert (row["state"], row["agentId"]) == ("claimed", first)
    assert row["claimedAt"] is not None
    await tenant.done("POST", f"{path}/release")
    assert await state_of(tenant, call_id) == "open"
    await tenant.done("POST", f"{path}/claim", json={"agentId": second})
    await tenant.done("POST", f"{path}/close")
    (row,) = await listed(tenant)
    assert (row["state"], row["agentId"]) == ("closed", second)
    for act, sent in (("claim", {"agentId": second}), ("release", None), ("close", None)):
        refused(await tenant.post(f"{path}/{act}", sent), 400, "INVALID_STATE")
    audited = await conn.fetch(
        "select action from audit where tenant_id = $1 and action like 'missed%' order by audit_id", tenant.tenant_id
    )
    assert [row["action"].partition(".")[2] for row in audited] == ["claim", "release", "claim", "close"]


async def test_claim_lapses_and_others_claim(tenant: Tenant, conn: Connection, queue_id: QueueId) -> None:
    first, second = await agent_of(tenant, queue_id), await agent_of(tenant, queue_id, "b")
    call_id = await missed(conn, tenant, queue_id)
    path = f"{MISSED}/{call_id}"
    await tenant.done("POST", f"{path}/claim", json={"agentId": first})
    (row,) = await listed(tenant, "?state=claimed")
    assert datetime.fromisoformat(row["claimedUntil"]) == datetime.fromisoformat(row["claimedAt"]) + CLAIM_HOLDS
    aged = "update call set seen_to_since = seen_to_since - $2::interval where call_id = $1"
    await conn.execute(aged, call_id, CLAIM_HOLDS)
    (row,) = await listed(tenant, "?state=open")
    assert (row["agentId"], row["claimedAt"], row["claimedUntil"]) == (None, None, None)
    refused(await tenant.post(f"{path}/release"), 400, "INVALID_STATE")
    await tenant.done("POST", f"{path}/claim", json={"agentId": second})
    (row,) = await listed(tenant)
    assert (row["state"], row["agentId"]) == ("claimed", second)
    await tenant.done("POST", f"{path}/close")
    await conn.execute("update call set closed_at = closed_at - $2::interval where call_id = $1", call_id, CLAIM_HOLDS)
    await conn.execute(aged, call_id, CLAIM_HOLDS)
    (row,) = await listed(tenant)
    assert (row["state"], row["agentId"], row["claimedUntil"]) == ("closed", second, None)


async def test_answered_call_is_no_missed_call(tenant: Tenant, conn: Connection, queue_id: QueueId) -> None:
    agent_id = await agent_of(tenant, queue_id)
    call_id = await missed(conn, tenant, queue_id, agent_id=agent_id)
    refused(await tenant.post(f"{MISSED}/{call_id}/claim", {"agentId": agent_id}), 404, "NOT_FOUND")
    refused(await tenant.post(f"{MISSED}/{call_id}/close"), 404, "NOT_FOUND")


async def test_missed_calls_are_filtered_and_read_to_their_end(
    tenant: Tenant, conn: Connection, queue_id: QueueId
) -> None:
    other = await tenant.queue("Support")
    calls = [str(await missed(conn, tenant, queue_id, 600 - n)) for n in range(5)][::-1]
    elsewhere = str(await missed(conn, tenant, other, 10))
    await tenant.done("POST", f"{MISSED}/{calls[0]}/close")

    async def ids(query: str) -> list[str]:
        return [row["callId"] for row in await listed(tenant, query)]

    assert await ids("") == [elsewhere, *calls]
    assert await ids(f"?queueId={queue_id}") == calls
    assert await ids(f"?queueId={queue_id}&state=open") == calls[1:]
    assert await ids("?state=closed") == calls[:1]
    assert await ids("?state=served") == []
    since = (await tenant.done("GET", MISSED))["data"][2]["openedAt"]
    assert await ids(f"?from={since}") == [elsewhere, *calls[:2]]
    assert await ids(f"?to={since}") == calls[2:]
    page = await tenant.done("GET", f"{MISSED}?page=1&size=4")
    assert (page["totalRecord"], [row["callId"] for row in page["data"]]) == (6, calls[3:])
    read: list[str] = []
    following: str | None = "*"
    while following is not None:
        part = await tenant.done("GET", f"{MISSED}?size=2&cursor={following}")
        read += [row["callId"] for row in part["data"]]
        following = part["nextCursor"]
    assert read == [elsewhere, *calls]


@pytest.mark.parametrize("query", ["state=gone", "state=", "queueId=0", "from=x", "to=2026-03-10", "size=0"])
async def test_bad_filters_are_refused(tenant: Tenant, query: str) -> None:
    refused(await tenant.get(f"{MISSED}?{query}"), 400, "INVALID_INPUT")
