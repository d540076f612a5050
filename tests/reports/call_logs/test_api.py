"""The vendor's `POST /reports/call-logs`."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.api import Tenant, refused
from tests.support.callers import ended
from tests.support.calls import NOW, a_call
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, QueueId

LOGS = "/v1/reports/call-logs"
PHONE = "+84912345678"
DOCUMENTED = {
    "phoneNumber": "0912345678",
    "callStartTime": "2026-03-10T00:00:00+07:00",
    "callEndtime": "2026-03-10T23:59:59+07:00",
    "callType": 0,
    "page": 1,
    "limit": 50,
}


@pytest.fixture
async def queue_id(tenant: Tenant) -> QueueId:
    return await tenant.queue("Sales")


async def logs(tenant: Tenant, **sent: Any) -> Any:
    return await tenant.done("POST", LOGS, json=sent)


async def test_filter_is_the_documented_one(tenant: Tenant, conn: Connection, queue_id: QueueId) -> None:
    call_id = await ended(conn, tenant.tenant_id, queue_id, began=NOW, waited_s=10, agent_id=AgentId(7), phone=PHONE)
    await ended(conn, tenant.tenant_id, queue_id, began=NOW, waited_s=10)
    found = await logs(tenant, **DOCUMENTED)
    assert (found["success"], found["totalRecord"]) == ("1", 1)
    (one,) = found["data"]
    assert one.items() >= {
        "callId": str(call_id), "callType": 0, "caller": "0912345678", "called": "02873001234",
        "callStatus": "answered", "callStartTime": "2026-03-10T02:00:00Z", "callEndtime": "2026-03-10T02:02:10Z",
        "duration": 130.0, "talkTime": 120.0, "queueId": queue_id, "campaignId": None,
    }.items()  # fmt: skip


async def test_number_matches_either_side(tenant: Tenant, conn: Connection, queue_id: QueueId) -> None:
    await ended(conn, tenant.tenant_id, queue_id, began=NOW, waited_s=10, phone=PHONE)
    campaign_id = await tenant.campaign()
    await a_call(conn, tenant.tenant_id, campaign_id, phone=PHONE, opened_at=NOW + timedelta(seconds=1))
    found = await logs(tenant, phoneNumber="+84 912 345 678")
    assert [(one["callType"], one["caller"], one["called"]) for one in found["data"]] == [
        (1, "", "0912345678"),
        (0, "0912345678", "02873001234"),
    ]
    assert (await logs(tenant, phoneNumber="02873001234"))["totalRecord"] == 1
    assert (await logs(tenant, callType=1))["totalRecord"] == 1
    assert (await logs(tenant, phoneNumber="0909000000"))["data"] == []


async def test_caller_has_the_name_of_the_contact_that_was_called_last(
    tenant: Tenant, conn: Connection, queue_id: QueueId
) -> None:
    campaign_id = await tenant.campaign()
    contact = await tenant.done(
        "POST", f"/v1/campaigns/{campaign_id}/contacts", json={"phoneNumber": "0912345678", "name": "Nguyen Van A"}
    )
    await a_call(conn, tenant.tenant_id, campaign_id, contact["contactId"], PHONE, opened_at=NOW - timedelta(days=1))
    await ended(conn, tenant.tenant_id, queue_id, began=NOW, waited_s=10, phone=PHONE)
    found = await logs(tenant, phoneNumber="0912345678")
    assert [one["customerName"] for one in found["data"]] == ["Nguyen Van A"] * 2
    assert len({one["customerId"] for one in found["data"]}) == 1


async def test_pages_begin_with_one(tenant: Tenant, conn: Connection, queue_id: QueueId) -> None:
    for second in range(5):
        await ended(conn, tenant.tenant_id, queue_id, began=NOW + timedelta(seconds=second), waited_s=1)
    pages = [await logs(tenant, page=page, limit=2) for page in (1, 2, 3, 4)]
    assert [len(page["data"]) for page in pages] == [2, 2, 1, 0]
    assert {page["totalRecord"] for page in pages} == {5}
    began = [one["callStartTime"] for page in pages for one in page["data"]]
    assert began == sorted(began, reverse=True)
    assert len((await logs(tenant))["data"]) == 5


async def test_end_of_the_period_is_part_of_it_to_the_second(
    tenant: Tenant, conn: Connection, queue_id: QueueId
) -> None:
    await ended(conn, tenant.tenant_id, queue_id, began=NOW + timedelta(milliseconds=900), waited_s=1)
    assert (await logs(tenant, callEndtime="2026-03-10T09:00:00+07:00"))["totalRecord"] == 1
    assert (await logs(tenant, callEndtime="2026-03-10T08:59:59+07:00"))["totalRecord"] == 0
    assert (await logs(tenant, callStartTime="2026-03-10T09:00:01+07:00"))["totalRecord"] == 0


@pytest.mark.parametrize(
    ("sent", "names"),
    [
        ({"callEndTime": "2026-03-10T09:00:00+07:00"}, "callEndTime"),
        ({"callEndtime": "2026-03-10T09:00:00"}, "callEndtime"),
        ({"callStartTime": "yesterday"}, "callStartTime"),
        ({"callType": 2}, "callType"),
        ({"callType": "0"}, "callType"),
        ({"page": 0}, "page"),
        ({"limit": 1001}, "limit"),
        ({"phoneNumber": "x"}, "phoneNumber"),
    ],
)
async def test_what_is_refused(tenant: Tenant, sent: dict[str, Any], names: str) -> None:
    assert names in refused(await tenant.call("POST", LOGS, json=sent), 400, "INVALID_INPUT")
