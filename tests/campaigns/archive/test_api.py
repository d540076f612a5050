"""Campaigns in the archive: hidden from lists, never started, and back in the status that they had."""

from tests.support.api import refused


async def listed(tenant, **query):
    return [row["campaignId"] for row in (await tenant.done("GET", "/v1/campaigns", params=query))["data"]]


async def test_archived_campaign_is_listed_when_asked_for(tenant):
    kept, gone = [await tenant.campaign(name) for name in "AB"]
    await tenant.done("POST", f"/v1/campaigns/{gone}/archive")
    assert await listed(tenant) == [kept]
    assert await listed(tenant, archived="true") == [gone]
    assert await listed(tenant, archived="all", cursor="*") == [kept, gone]
    found = await tenant.done("GET", f"/v1/campaigns/{gone}")
    assert found["archivedAt"] is not None
    await tenant.done("POST", f"/v1/campaigns/{gone}/unarchive")
    assert await listed(tenant) == [kept, gone]
    refused(await tenant.get("/v1/campaigns", params={"archived": "x"}), 400, "INVALID_INPUT")


async def test_archived_campaign_does_not_start_and_running_one_is_not_archived(tenant):
    campaign_id = await tenant.campaign()
    path = f"/v1/campaigns/{campaign_id}"
    await tenant.done("POST", f"{path}/archive")
    assert "is archived" in refused(await tenant.post(f"{path}/start"), 400, "INVALID_STATE")
    await tenant.done("POST", f"{path}/unarchive")
    await tenant.done("POST", f"{path}/start")
    assert "pause or stop" in refused(await tenant.post(f"{path}/archive"), 400, "INVALID_STATE")
    await tenant.done("POST", f"{path}/stop")
    await tenant.done("POST", f"{path}/archive")
    await tenant.done("POST", f"{path}/archive")
    assert (await tenant.done("GET", path))["status"] == 4


async def test_campaign_of_nobody_is_not_found(tenant):
    refused(await tenant.post("/v1/campaigns/999999/archive"), 404, "NOT_FOUND")
