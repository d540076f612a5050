"""`/campaigns`: create, list, change, start, pause and stop."""

import asyncio
from datetime import UTC, datetime

import pytest

from tests.support.api import Tenant, refused
from tests.support.campaign_settings import NAMES
from tongdai.campaigns.model import TRANSITIONS, Action, Status

WAY_TO = {
    Status.INPROCESS: [],
    Status.RUNNING: ["start"],
    Status.PAUSED: ["start", "pause"],
    Status.STOPPED: ["start", "stop"],
}
DONE = {Action.START: "Campaign started", Action.PAUSE: "Campaign paused", Action.STOP: "Campaign stopped"}


WINDOW = {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "to": "24:00"}
SETTINGS = {
    "purpose": "service",
    "dialingMode": "agentless",
    "queueId": None,
    "callerId": None,
    "trunk": None,
    "audioFile": None,
    "abandonFile": None,
    "ringTimeoutSec": 30,
    "maxConcurrentCalls": 10,
    "callsPerSecond": 5,
    "preset": "tenant_hours",
    "callingWindows": None,
    "retryRules": None,
    "contactCeiling": None,
    "numberCeiling": None,
    "abandonmentCapPercent": 3.0,
    "machineDetection": "off",
    "recording": "off",
    "recordingAnnouncement": None,
    "priority": 0,
    "effectiveWindows": [WINDOW],
    "effectiveRetryRules": {
        "no_answer": {"afterMin": 60, "times": 3},
        "busy": {"afterMin": 10, "times": 3},
        "failed": {"afterMin": 2, "times": 5},
        "invalid_number": {"afterMin": 0, "times": 0},
        "machine": {"afterMin": 240, "times": 2},
        "abandoned": {"afterMin": 4320, "times": 1},
    },
    "effectiveNumberCeilings": [],
}
"""The settings of a campaign that is created without any."""


async def in_state(tenant: Tenant, status: Status) -> int:
    campaign_id = await tenant.campaign()
    for action in WAY_TO[status]:
        await tenant.done("POST", f"/v1/campaigns/{campaign_id}/{action}")
    return campaign_id


async def test_new_campaign_is_in_process_and_of_the_default_type(tenant):
    before = datetime.now(UTC)
    campaign_id = await tenant.campaign("Khảo sát tháng 4")
    found = await tenant.done("GET", f"/v1/campaigns/{campaign_id}")
    created = datetime.fromisoformat(found.pop("createdAt"))
    assert abs((created - before).total_seconds()) < 60
    assert SETTINGS.items() <= found.items()
    assert {name: value for name, value in found.items() if name not in NAMES and not name.startswith("effective")} == {
        "campaignId": campaign_id,
        "campaignName": "Khảo sát tháng 4",
        "type": "CAMPAIGN_CALL_AUTO",
        "status": 1,
        "pauseReason": None,
        "archivedAt": None,
        "userName": None,
        "contactCount": 0,
        "pendingCount": 0,
        "inCallCount": 0,
        "processedCount": 0,
        "processStatus": {"0": 0, "1": 0, "2": 0},
        "callStatus": {},
    }


async def test_creation_answers_in_the_documented_form(tenant):
    made = await tenant.done("POST", "/v1/campaigns", json={"campaignName": "A", "type": "B_2", "userName": "c"})
    assert made == {
        "success": "1",
        "error_code": "SUCCESS",
        "error_message": "Campaign created",
        "campaignId": made["campaignId"],
        "effectiveWindows": [WINDOW],
        "missingSounds": [],
    }
    found = await tenant.done("GET", f"/v1/campaigns/{made['campaignId']}")
    assert (found["type"], found["userName"]) == ("B_2", "c")


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("status", Status)
async def test_action_changes_the_status_only_where_the_table_allows(tenant, action, status):
    campaign_id = await in_state(tenant, status)
    response = await tenant.post(f"/v1/campaigns/{campaign_id}/{action}")
    target = TRANSITIONS[action].get(status)
    if target is None:
        assert refused(response, 400, "INVALID_STATE")
    else:
        windows = {"effectiveWindows": [WINDOW]} if action is Action.START else {}
        done = {"success": "1", "error_code": "SUCCESS", "error_message": DONE[action]}
        assert response.json() == done | windows
    found = await tenant.done("GET", f"/v1/campaigns/{campaign_id}")
    assert found["status"] == (status if target is None else target)


@pytest.mark.parametrize("action", Action)
async def test_exactly_one_of_several_concurrent_actions_succeeds(tenant, action):
    campaign_id = await in_state(tenant, Status.INPROCESS if action is Action.START else Status.RUNNING)
    responses = await asyncio.gather(*(tenant.post(f"/v1/campaigns/{campaign_id}/{action}") for _ in range(8)))
    assert sorted(response.status_code for response in responses) == [200] + [400] * 7
    assert {response.json()["error_code"] for response in responses} == {"SUCCESS", "INVALID_STATE"}


async def test_action_of_an_unknown_campaign_is_not_found(tenant):
    assert refused(await tenant.post("/v1/campaigns/1/start"), 404, "NOT_FOUND") == "Campaign not found"


async def test_action_takes_no_body_but_an_empty_object(tenant):
    campaign_id = await tenant.campaign()
    refused(await tenant.post(f"/v1/campaigns/{campaign_id}/start", {"force": True}), 400, "INVALID_INPUT")
    await tenant.done("POST", f"/v1/campaigns/{campaign_id}/start", json={})


async def test_stopped_campaign_takes_no_contacts(tenant):
    campaign_id = await in_state(tenant, Status.STOPPED)
    path, number = f"/v1/campaigns/{campaign_id}/contacts", {"phoneNumber": "0901234567"}
    refused(await tenant.post(path, number), 400, "INVALID_STATE")
    refused(await tenant.post(f"{path}/bulk", {"contacts": [number]}), 400, "INVALID_STATE")
    assert (await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contact-lists"))["totalRecord"] == 0


@pytest.mark.parametrize("status", [Status.INPROCESS, Status.RUNNING, Status.PAUSED])
async def test_campaign_that_is_not_stopped_takes_contacts(tenant, status):
    campaign_id = await in_state(tenant, status)
    assert not (await tenant.contact(campaign_id))["duplicate"]


async def test_change_sets_what_is_sent_and_leaves_the_rest(tenant):
    made = await tenant.done("POST", "/v1/campaigns", json={"campaignName": "A", "userName": "an"})
    path = f"/v1/campaigns/{made['campaignId']}"

    async def change(**fields):
        response = await tenant.done("PATCH", path, json=fields)
        assert response["error_message"] == "Campaign updated successfully"
        found = await tenant.done("GET", path)
        return found["campaignName"], found["userName"]

    assert await change(campaignName="B") == ("B", "an")
    assert await change(userName="binh") == ("B", "binh")
    assert await change(userName=None) == ("B", None)


@pytest.mark.parametrize("sent", [{}, {"campaignName": None}, {"status": 2}, {"campaignName": ""}])
async def test_empty_change_and_change_of_a_read_only_field_are_refused(tenant, sent):
    campaign_id = await tenant.campaign()
    refused(await tenant.call("PATCH", f"/v1/campaigns/{campaign_id}", json=sent), 400, "INVALID_INPUT")


async def test_page_is_by_id_with_limit_and_the_true_total(tenant):
    made = [await tenant.campaign(f"No. {i}") for i in range(5)]
    first = await tenant.done("GET", "/v1/campaigns?limit=2")
    assert (first["success"], first["totalRecord"]) == ("1", 5)
    last = await tenant.done("GET", "/v1/campaigns?page=2&limit=2")
    past = await tenant.done("GET", "/v1/campaigns?page=3&limit=2")
    assert [row["campaignId"] for row in first["data"] + last["data"]] == [*made[:2], made[4]]
    assert past == {"success": "1", "totalRecord": 5, "data": []}
    assert set(first["data"][0]) == {
        "campaignId", "campaignName", "type", "status", "pauseReason", "userName", "createdAt", "archivedAt",
        "contactCount", "pendingCount", "inCallCount", "processedCount",
    }  # fmt: skip


async def test_page_does_not_read_size(tenant):
    await tenant.campaign()
    message = refused(await tenant.get("/v1/campaigns?size=5"), 400, "INVALID_INPUT")
    assert message.startswith("Query parameter size is not known: expected")


async def test_filters_narrow_the_page_and_its_total(tenant):
    names = {}
    for name, fields in {"a": {}, "b": {"userName": "an"}, "c": {"type": "OTHER"}, "d": {"userName": "an"}}.items():
        made = await tenant.done("POST", "/v1/campaigns", json={"campaignName": name} | fields)
        names[made["campaignId"]] = name
    await tenant.done("POST", f"/v1/campaigns/{min(names)}/start")

    async def found(query):
        page = await tenant.done("GET", f"/v1/campaigns?{query}")
        assert page["totalRecord"] == len(page["data"])
        return "".join(names[row["campaignId"]] for row in page["data"])

    assert await found("userName=an") == "bd"
    assert await found("status=2") == "a"
    assert await found("status=1") == "bcd"
    assert await found("type=OTHER") == "c"
    assert await found("userName=an&status=1&type=CAMPAIGN_CALL_AUTO") == "bd"
    assert await found("userName=nobody") == ""


async def test_totals_follow_the_contacts(tenant):
    campaign_id = await tenant.campaign()
    ids = [(await tenant.contact(campaign_id, f"09012345{i:02}"))["contactId"] for i in range(6)]
    await tenant.move(ids[0], 1)
    await tenant.move(ids[1], 2, "answered")
    await tenant.move(ids[2], 2, "busy")
    await tenant.move(ids[3], 0, "busy")
    await tenant.done("DELETE", f"/v1/campaigns/{campaign_id}/contacts/{ids[4]}")
    found = await tenant.done("GET", f"/v1/campaigns/{campaign_id}")
    assert found["processStatus"] == {"0": 2, "1": 1, "2": 2}
    assert found["callStatus"] == {"answered": 1, "busy": 2}
    counts = (found["contactCount"], found["pendingCount"], found["inCallCount"], found["processedCount"])
    assert counts == (5, 2, 1, 2)
    row = (await tenant.done("GET", "/v1/campaigns"))["data"][0]
    assert (row["contactCount"], row["pendingCount"], row["inCallCount"], row["processedCount"]) == counts


async def test_every_change_is_audited(tenant, pool):
    campaign_id = await in_state(tenant, Status.STOPPED)
    await tenant.done("PATCH", f"/v1/campaigns/{campaign_id}", json={"campaignName": "B"})
    async with pool.acquire() as conn:
        rows = await conn.fetch(
            "select action, key_id from audit where tenant_id = $1 and subject = $2 order by audit_id",
            tenant.tenant_id,
            f"campaign {campaign_id}",
        )
    actions = ["campaign.create", "campaign.start", "campaign.stop", "campaign.change"]
    assert [tuple(row) for row in rows] == [(action, tenant.key.key_id) for action in actions]
