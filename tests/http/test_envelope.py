"""Every response has the documented envelope and headers, and reveals nothing of internal errors."""

import asyncio
import json

import pytest

from tests.support.api import Api, Serving, Tenant, refused

DEAD = "postgresql://nobody:nothing@127.0.0.1:1/none"
UNKNOWN = [
    "/v1", "/v2/campaigns", "/api", "/api/v1", "/v1/nothing", "/v1/campaigns/1/nothing", "/favicon.ico", "/health",
    "/health/live", "/metrics", "/V1/campaigns", "/schema", "/v1/campaigns/1/contact-lists/2/x",
    "/%00", "/" + "x" * 5000,
    "/v1/campaigns/1/contacts/import/1/nothing", "/v1/%2e%2e/campaigns/x/y",
]  # fmt: skip


@pytest.mark.parametrize("path", UNKNOWN, ids=lambda path: path[:30])
async def test_unknown_path_gets_the_envelope_with_or_without_a_key(api, tenant, path):
    for headers in ({}, tenant.key.headers):
        assert refused(await api.client.get(path, headers=headers), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/campaigns/1/contact-lists", "GET, HEAD, POST"),
        ("PUT", "/v1/campaigns", "GET, HEAD, POST"),
        ("DELETE", "/api/v1/campaigns/1", "GET, HEAD, PATCH"),
        ("PATCH", "/v1/queues/inbound/1", "DELETE, GET, HEAD, PUT"),
        ("GET", "/v1/campaigns/1/start", "POST"),
        ("POST", "/openapi.json", "GET, HEAD"),
        ("OPTIONS", "/v1/campaigns", "GET, HEAD, POST"),
        ("TRACE", "/v1/campaigns", "GET, HEAD, POST"),
        ("PROPFIND", "/v1/campaigns", "GET, HEAD, POST"),
        ("GET", "/v1/campaigns/1/contacts", "POST, PUT"),
        ("GET", "/v1/campaigns/1/contacts/bulk", "POST"),
        ("DELETE", "/v1/campaigns/1/contacts/bulk", "POST"),
        ("POST", "/docs", "GET, HEAD"),
    ],
)
async def test_method_that_a_path_does_not_have_gets_405_with_those_it_has(api, method, path, allowed):
    response = await api.client.request(method, path)
    refused(response, 405, "NOT_FOUND")
    assert response.headers["allow"] == allowed


@pytest.mark.parametrize("path", ["/v1/campaigns", "/api/v1/queues/inbound", "/openapi.json", "/docs"])
async def test_head_is_answered_as_get_without_the_body(tenant: Tenant, path: str) -> None:
    plain = {"Accept-Encoding": "identity"}
    whole, head = await tenant.get(path, headers=plain), await tenant.call("HEAD", path, headers=plain)
    assert (head.status_code, head.content) == (200, b"")
    changing = {"x-request-id", *(name for name in whole.headers if "ratelimit" in name)}
    assert {name: value for name, value in head.headers.items() if name not in changing} == {
        name: value for name, value in whole.headers.items() if name not in changing
    }
    assert int(head.headers["content-length"]) == len(whole.content) > 0


async def test_head_fails_as_get_does(api: Api, tenant: Tenant) -> None:
    responses = {
        401: await api.client.head("/v1/campaigns"),
        400: await tenant.call("HEAD", "/v1/campaigns?page=x"),
        404: await tenant.call("HEAD", "/v1/campaigns/1"),
        405: await tenant.call("HEAD", "/v1/campaigns/1/start"),
    }
    assert {status: (response.status_code, response.content) for status, response in responses.items()} == {
        status: (status, b"") for status in responses
    }


async def test_head_of_a_file_begins_no_file(tenant: Tenant) -> None:
    response = await tenant.call("HEAD", "/v1/calls", headers={"Accept": "text/csv"})
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"


async def test_head_counts_as_a_request_to_the_route(tenant: Tenant, serving: Serving) -> None:
    async with serving(route_limit=2) as client:
        methods = ("GET", "HEAD", "GET")
        statuses = [
            (await client.request(method, "/v1/campaigns", headers=tenant.key.headers)).status_code
            for method in methods
        ]
    assert statuses == [200, 200, 429]


async def test_request_id_of_the_caller_is_returned(api, tenant):
    for given in ("abc", "x" * 128, "a b~!"):
        response = await tenant.get("/v1/campaigns", headers={"X-Request-Id": given})
        assert response.headers.get_list("x-request-id") == [given]
    assert (await api.client.get("/nothing", headers={"X-Request-Id": "abc"})).headers["x-request-id"] == "abc"


@pytest.mark.parametrize("given", [b"", b"x" * 129, "é".encode(), b"a\tb"])
async def test_invalid_request_id_is_replaced(tenant, given):
    response = await tenant.get("/v1/campaigns", headers={"X-Request-Id": given})
    (made,) = response.headers.get_list("x-request-id")
    assert len(made) == 32


async def test_requests_without_an_id_get_one_each(tenant):
    made = {(await tenant.get("/v1/campaigns")).headers["x-request-id"] for _ in range(3)}
    assert len(made) == 3


async def test_requests_get_503_while_the_database_is_down(serving, tenant):
    async with serving(database=DEAD) as client:
        for method, path in (("GET", "/v1/campaigns"), ("POST", "/v1/campaigns/1/contacts/bulk")):
            response = await client.request(method, path, headers=tenant.key.headers, content=b"{}")
            assert refused(response, 503, "FAIL") == "Service temporarily unavailable"
            assert response.headers["retry-after"] == "1"
        assert (await client.get("/openapi.json")).status_code == 200
        refused(await client.get("/nothing"), 404, "NOT_FOUND")
        refused(await client.get("/v1/campaigns"), 401, "UNAUTHORIZED")


async def test_requests_get_503_while_no_connection_is_free(serving, tenant, conn):
    """Every connection of the pool waits for a row that another session has locked."""
    campaign_id = await tenant.campaign()
    async with serving(database_pool=1) as client:
        # Known to the guard, so that only the endpoint itself needs a connection.
        assert (await client.get("/v1/campaigns", headers=tenant.key.headers)).status_code == 200
        async with conn.transaction():
            await conn.execute("select from campaign where campaign_id = $1 for update", campaign_id)
            stuck = asyncio.create_task(client.post(f"/v1/campaigns/{campaign_id}/start", headers=tenant.key.headers))
            async with asyncio.timeout(20):
                while not await conn.fetchval("select true from pg_locks where not granted limit 1"):
                    pass
            response = await client.get("/v1/campaigns", headers=tenant.key.headers)
            refused(response, 503, "FAIL")
            assert response.headers["retry-after"] == "1"
        assert (await stuck).status_code == 200
        assert (await client.get("/v1/campaigns", headers=tenant.key.headers)).status_code == 200


async def test_unexpected_errors_get_500_without_detail(serving, fresh_database, tenant):
    async with fresh_database(migrated=False) as empty, serving(database=empty) as client:
        response = await client.get("/v1/campaigns", headers=tenant.key.headers)
        assert response.content == b'{"success":"0","error_code":"FAIL","error_message":"System error"}'
        refused(response, 500, "FAIL")


async def test_message_repeats_no_more_than_100_characters_of_the_input(tenant):
    campaign_id = await tenant.campaign()
    long = "x" * 20_000
    sent = [
        ("GET", f"/v1/campaigns?page={long}", None),
        ("GET", f"/v1/campaigns?type={long}", None),
        ("POST", "/v1/campaigns", {long: 1}),
        ("POST", "/v1/campaigns", {"campaignName": long}),
        ("POST", f"/v1/campaigns/{campaign_id}/contacts", {"phoneNumber": long}),
        ("POST", f"/v1/campaigns/{campaign_id}/contacts", {"phoneNumber": "0901234567", "attributes": {long: []}}),
        ("POST", f"/v1/campaigns/{campaign_id}/contacts/bulk", {"contacts": [{long: 1}]}),
        ("POST", f"/v1/campaigns/{campaign_id}/contacts/bulk", {long: 1}),
        ("POST", "/v1/queues/inbound", {"callinName": "A", "moh_file_id": long}),
        ("POST", "/v1/queues/inbound", {"callinName": "A", "callinNumber": long}),
        ("POST", "/v1/api-keys", {"scopes": [long]}),
    ]
    for method, path, body in sent:
        response = await tenant.call(method, path, **({} if body is None else {"content": json.dumps(body).encode()}))
        assert "x" * 101 not in refused(response, 400, "INVALID_INPUT")
