"""CORS: only pages of the configured origins may read responses."""

import pytest

ORIGIN = "https://app.example"
PREFLIGHT = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}


@pytest.fixture
async def client(serving):
    async with serving(cors_origins=(ORIGIN,)) as client:
        yield client


async def test_preflight_of_an_allowed_origin_lists_methods_and_headers(client):
    response = await client.options("/v1/campaigns", headers=PREFLIGHT)
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert "PATCH" in response.headers["access-control-allow-methods"]
    assert "X-Api-Key" in response.headers["access-control-allow-headers"]
    assert response.headers["vary"] == "Origin"


async def test_responses_and_errors_can_be_read_by_an_allowed_origin(client, tenant):
    good = await client.get("/v1/campaigns", headers=tenant.key.headers | {"Origin": ORIGIN})
    assert (good.status_code, good.headers["access-control-allow-origin"]) == (200, ORIGIN)
    assert "X-RateLimit-Remaining-Tenant" in good.headers["access-control-expose-headers"]
    bad = await client.get("/v1/campaigns", headers={"Origin": ORIGIN})
    assert (bad.status_code, bad.headers["access-control-allow-origin"]) == (401, ORIGIN)


async def test_another_origin_gets_no_cors_headers(client, tenant):
    response = await client.get("/v1/campaigns", headers=tenant.key.headers | {"Origin": "https://evil.example"})
    assert response.status_code == 200
    assert "access-control-allow-origin" not in response.headers
    preflight = await client.options("/v1/campaigns", headers=PREFLIGHT | {"Origin": "https://evil.example"})
    assert preflight.status_code == 405
    assert "access-control-allow-origin" not in preflight.headers


async def test_without_allowed_origins_there_is_no_cors(api):
    response = await api.client.options("/v1/campaigns", headers=PREFLIGHT)
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, POST")
    assert not [name for name in response.headers if name.startswith("access-control")]


async def test_any_origin_may_be_allowed(serving):
    async with serving(cors_origins=("*",)) as client:
        response = await client.options("/v1/campaigns", headers=PREFLIGHT | {"Origin": "https://anything.example"})
        assert response.headers["access-control-allow-origin"] == "https://anything.example"
