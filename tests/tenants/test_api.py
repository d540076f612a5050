"""Keys and the tenant itself, over the API."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.support.api import Api, Tenant, refused
from tongdai.settings.declarations import Settings
from tongdai.tenants import key_format

EXPIRES = datetime(2090, 1, 1, tzinfo=UTC)


async def status(api: Api, headers: dict[str, str]) -> int:
    """The status of a request with these headers."""
    return (await api.client.get("/v1/campaigns", headers=headers)).status_code


async def test_keys_created_over_the_api_work_and_are_listed_without_their_value(tenant: Tenant, api: Api) -> None:
    made = await tenant.done("POST", "/v1/api-keys", json={"name": "CRM", "scopes": ["queue", "campaign", "queue"]})
    assert (made["error_message"], made["scopes"], made["expiresAt"]) == ("Key created", ["campaign", "queue"], None)
    assert await status(api, {"X-Api-Key": made["key"]}) == 200
    page = await tenant.done("GET", "/v1/api-keys")
    assert page["totalRecord"] == 2
    row = next(row for row in page["data"] if row["keyId"] == made["keyId"])
    assert (row["name"], row["scopes"], row["hint"]) == ("CRM", ["campaign", "queue"], key_format.hint(made["key"]))
    assert made["key"] not in str(page)
    await tenant.done("DELETE", f"/v1/api-keys/{made['keyId']}")
    assert await status(api, {"X-Api-Key": made["key"]}) == 401
    page = await tenant.done("GET", "/v1/api-keys")
    assert [bool(row["revokedAt"]) for row in page["data"]] == [False, True]


async def test_key_of_another_tenant_can_be_neither_seen_nor_revoked(
    tenant: Tenant, other_tenant: Tenant, api: Api
) -> None:
    response = await tenant.call("DELETE", f"/v1/api-keys/{other_tenant.key.key_id}")
    assert refused(response, 404, "NOT_FOUND") == "Key not found"
    assert [row["keyId"] for row in (await tenant.done("GET", "/v1/api-keys"))["data"]] == [tenant.key.key_id]
    assert await status(api, other_tenant.key.headers) == 200


@pytest.fixture
async def limited(tenant: Tenant, api: Api) -> Tenant:
    """A key of the tenant that has two scopes and expires."""
    key = await api.key(tenant_id=tenant.tenant_id, scopes=["admin", "queue"], expires_at=EXPIRES)
    return replace(tenant, key=key)


async def test_key_creates_none_that_may_do_more_than_itself(limited: Tenant) -> None:
    response = await limited.call("POST", "/v1/api-keys", json={"scopes": ["queue", "campaign"]})
    assert refused(response, 403, "INSUFFICIENT_SCOPE") == "Key does not have scope campaign"
    assert (await limited.done("POST", "/v1/api-keys", json={"scopes": ["queue"]}))["scopes"] == ["queue"]


async def test_key_creates_none_that_outlives_it(limited: Tenant) -> None:
    response = await limited.call(
        "POST", "/v1/api-keys", json={"scopes": ["queue"], "expiresAt": "2091-01-01T00:00:00Z"}
    )
    message = "expiresAt must be no later than 2090-01-01T00:00:00+00:00, when the key of this request expires"
    assert refused(response, 400, "INVALID_INPUT") == message
    made = [
        await limited.done("POST", "/v1/api-keys", json={"scopes": ["queue"]} | expires)
        for expires in ({}, {"expiresAt": "2089-01-01T00:00:00Z"})
    ]
    assert [key["expiresAt"] for key in made] == ["2090-01-01T00:00:00Z", "2089-01-01T00:00:00Z"]


async def test_tenant_reads_its_own_data(tenant: Tenant, settings: Settings) -> None:
    me = await tenant.done("GET", "/v1/tenants/me")
    assert (me["tenantId"], me["name"], me["country"]) == (tenant.tenant_id, "A tenant", "VN")
    assert (me["tenantLimit"], me["routeLimit"]) == (settings.tenant_limit, settings.route_limit)
