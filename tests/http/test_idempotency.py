"""Idempotency-Key: the same key and request get the first response again and take effect once."""

import asyncio

import pytest

from tests.support.api import refused
from tongdai.db import idempotency


def post(tenant, path, body, key="k"):
    return tenant.call("POST", path, json=body, headers={"Idempotency-Key": key})


async def count(conn, tenant, table):
    return await conn.fetchval(f"select count(*) from {table} where tenant_id = $1", tenant.tenant_id)


async def test_repeated_post_gets_the_first_response_and_has_no_effect(tenant, conn):
    first = await post(tenant, "/v1/campaigns", {"campaignName": "A"})
    again = await post(tenant, "/v1/campaigns", {"campaignName": "A"})
    other_prefix = await post(tenant, "/api/v1/campaigns", {"campaignName": "A"})
    assert first.status_code == 200
    assert first.content == again.content == other_prefix.content
    assert again.headers["content-type"] == "application/json"
    assert await count(conn, tenant, "campaign") == 1


async def test_repeated_addition_is_reported_as_the_first_time_and_not_as_a_duplicate(tenant):
    campaign_id = await tenant.campaign()
    body = {"phoneNumber": "0901234567"}
    responses = [await post(tenant, f"/v1/campaigns/{campaign_id}/contacts", body) for _ in range(2)]
    assert [response.json()["duplicate"] for response in responses] == [False, False]


async def test_repeated_start_succeeds_again_though_the_campaign_runs(tenant):
    campaign_id = await tenant.campaign()
    responses = [await post(tenant, f"/v1/campaigns/{campaign_id}/start", {}) for _ in range(2)]
    assert [response.status_code for response in responses] == [200, 200]


async def test_concurrent_posts_with_one_key_take_effect_once(tenant, conn):
    responses = await asyncio.gather(*(post(tenant, "/v1/campaigns", {"campaignName": "A"}) for _ in range(10)))
    assert {response.status_code for response in responses} == {200}
    assert len({response.content for response in responses}) == 1
    assert await count(conn, tenant, "campaign") == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/campaigns", {"campaignName": "B"}),
        ("/v1/queues/inbound", {"campaignName": "A", "callinName": "A"}),
    ],
)
async def test_key_used_by_another_request_is_refused(tenant, conn, path, body):
    await post(tenant, "/v1/campaigns", {"campaignName": "A"})
    before = await tenant.checksum()
    response = await post(tenant, path, body)
    if "callinName" in body:
        refused(response, 400, "INVALID_INPUT")  # its body is wrong, too
    else:
        assert "Idempotency-Key was used before" in refused(response, 400, "INVALID_INPUT")
    assert await tenant.checksum() == before


async def test_key_used_with_another_query_is_refused(tenant):
    path, body = f"/v1/campaigns/{await tenant.campaign()}/contacts", {"phoneNumber": "0901234567"}
    assert (await post(tenant, path, body)).status_code == 200
    before = await tenant.checksum()
    assert "Idempotency-Key was used before" in refused(await post(tenant, f"{path}?x=1", body), 400, "INVALID_INPUT")
    assert await tenant.checksum() == before


async def test_failed_post_keeps_nothing(tenant):
    campaign_id = await tenant.campaign()
    path = f"/v1/campaigns/{campaign_id}/pause"
    before = await tenant.checksum()
    refused(await post(tenant, path, {}), 400, "INVALID_STATE")
    refused(await post(tenant, "/v1/campaigns", {}), 400, "INVALID_INPUT")
    refused(await post(tenant, "/v1/campaigns/1/start", {}), 404, "NOT_FOUND")
    assert await tenant.checksum() == before
    await tenant.done("POST", f"/v1/campaigns/{campaign_id}/start")
    assert (await post(tenant, path, {})).status_code == 200


async def test_keys_of_two_tenants_are_independent(tenant, other_tenant):
    mine = await post(tenant, "/v1/campaigns", {"campaignName": "A"})
    theirs = await post(other_tenant, "/v1/campaigns", {"campaignName": "B"})
    assert mine.status_code == theirs.status_code == 200
    assert mine.json()["campaignId"] != theirs.json()["campaignId"]


async def test_key_is_free_again_after_24_hours(tenant, conn):
    first = await post(tenant, "/v1/campaigns", {"campaignName": "A"})
    age = "update idempotency_record set created_at = created_at - interval '{}' where tenant_id = $1"
    await conn.execute(age.format("23 hours 59 minutes"), tenant.tenant_id)
    await idempotency.purge(conn)
    assert (await post(tenant, "/v1/campaigns", {"campaignName": "A"})).content == first.content
    await conn.execute(age.format("2 minutes"), tenant.tenant_id)
    later = await post(tenant, "/v1/campaigns", {"campaignName": "B"})
    assert later.json()["campaignId"] != first.json()["campaignId"]


async def test_old_records_are_purged(tenant, conn):
    await post(tenant, "/v1/campaigns", {"campaignName": "A"})
    await conn.execute(
        "update idempotency_record set created_at = now() - interval '25 hours' where tenant_id = $1", tenant.tenant_id
    )
    await idempotency.purge(conn)
    assert await count(conn, tenant, "idempotency_record") == 0


async def test_value_of_a_new_api_key_is_shown_once_and_never_stored(tenant, conn):
    body = {"name": "CRM", "scopes": ["queue"]}
    first, again = [(await post(tenant, "/v1/api-keys", body)).json() for _ in range(2)]
    assert first["keyId"] == again["keyId"]
    assert first["key"].startswith("sk_live_")
    assert again["key"] is None
    kept = await conn.fetchval("select body from idempotency_record where tenant_id = $1", tenant.tenant_id)
    assert first["key"].encode() not in kept


@pytest.mark.parametrize("key", ["", "x" * 256, "é", "a\tb", " "])
async def test_invalid_key_is_refused(tenant, conn, key):
    response = await tenant.call(
        "POST", "/v1/campaigns", json={"campaignName": "A"}, headers={"Idempotency-Key": key.encode()}
    )
    if key == " ":  # a server strips it; this transport may not
        assert response.status_code in {200, 400}
        return
    assert "Idempotency-Key" in refused(response, 400, "INVALID_INPUT")
    assert await count(conn, tenant, "campaign") == 0


async def test_key_of_255_characters_is_accepted(tenant):
    responses = [await post(tenant, "/v1/campaigns", {"campaignName": "A"}, key="~" * 255) for _ in range(2)]
    assert responses[0].status_code == 200
    assert responses[0].content == responses[1].content


async def test_key_of_a_get_is_ignored(tenant):
    for _ in range(2):
        assert (await tenant.get("/v1/campaigns", headers={"Idempotency-Key": "k"})).status_code == 200
