"""Query parameters that an endpoint does not know: refused, but by the vendor's documented endpoints."""

import re
from typing import Any

import pytest

from tests.support.api import PEPPER, Api, Tenant, refused
from tongdai.errors import InvalidInput
from tongdai.http.endpoint import Endpoint, Query, refuse_unknown
from tongdai.http.request import Request
from tongdai.processes.api import ENDPOINTS
from tongdai.testing import factories

DOCUMENTED = {
    "GET /campaigns/{id}/contact-lists",
    "GET /campaigns/{id}/contact-lists/{listId}/contacts",
    "POST /campaigns/{id}/contacts",
    "GET /campaigns/{id}/contacts/import/{job_id}",
    "DELETE /campaigns/{id}/contacts/{contactId}",
    "POST /reports/call-logs",
    "GET /queues/inbound",
    "GET /queues/inbound/{id}",
    "PUT /queues/inbound/{id}",
}
"""The vendor's endpoints that ignore unknown parameters: bulk import does not."""
UNKNOWN = "Query parameter colour is not known"
_UUID = "5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11"
OTHER_IDS = {"callId": _UUID, "callbackId": _UUID, "phoneNumber": "0901234567"}


def route(spec: Endpoint) -> str:
    return spec.route


@pytest.fixture
async def operator(api: Api) -> Tenant:
    """Somebody with a platform key."""
    async with api.pool.acquire() as conn:
        return Tenant(api, await factories.platform_key(conn, PEPPER.encode()))


def path_of(spec: Endpoint, ids: str = "1") -> str:
    return "/v1" + re.sub(r"\{(\w+)\}", lambda name: OTHER_IDS.get(name[1], ids) if ids == "1" else ids, spec.path)


def test_documented_endpoints_are_those_that_ignore_unknown_parameters() -> None:
    assert {spec.route for spec in ENDPOINTS if spec.by_vendor} == DOCUMENTED


@pytest.mark.parametrize("spec", [spec for spec in ENDPOINTS if spec.route not in DOCUMENTED], ids=route)
async def test_unknown_parameter_is_refused_and_changes_nothing(
    tenant: Tenant, operator: Tenant, spec: Endpoint
) -> None:
    asking = operator if spec.platform else tenant
    before = await tenant.checksum()
    message = refused(await asking.call(spec.method, f"{path_of(spec)}?colour=red"), 400, "INVALID_INPUT")
    assert message.startswith(UNKNOWN)
    assert await tenant.checksum() == before


async def test_documented_endpoints_ignore_unknown_parameters(tenant: Tenant) -> None:
    campaign_id, queue_id = await tenant.campaign(), await tenant.queue()
    contact = await tenant.contact(campaign_id)
    job_id = await tenant.bulk(campaign_id, [{"phoneNumber": "0901234568"}])
    campaign, queue = f"/v1/campaigns/{campaign_id}", f"/v1/queues/inbound/{queue_id}"
    for method, path, body in (
        ("GET", f"{campaign}/contact-lists", None),
        ("GET", f"{campaign}/contact-lists/{contact['listId']}/contacts", None),
        ("POST", f"{campaign}/contacts", {"phoneNumber": "0901234569"}),
        ("GET", f"{campaign}/contacts/import/{job_id}", None),
        ("GET", "/v1/queues/inbound", None),
        ("GET", queue, None),
        ("PUT", queue, {"strategy": 2}),
        ("DELETE", f"{campaign}/contacts/{contact['contactId']}", None),
    ):
        await tenant.done(method, f"{path}?colour=red&dryRun=false", json=body)


@pytest.mark.parametrize("name", ["dryRun", "dry_run", "dryrun", "dry-run", "DRY_RUN", "dryRunn", "dryRunOnly"])
async def test_dry_run_of_a_documented_endpoint_is_refused_and_changes_nothing(tenant: Tenant, name: str) -> None:
    campaign_id, queue_id = await tenant.campaign(), await tenant.queue()
    contact = await tenant.contact(campaign_id)
    campaign = f"/v1/campaigns/{campaign_id}"
    before = await tenant.checksum()
    for method, path, body in (
        ("POST", f"{campaign}/contacts", {"phoneNumber": "0901234569"}),
        ("PUT", f"/v1/queues/inbound/{queue_id}", {"strategy": 2}),
        ("DELETE", f"{campaign}/contacts/{contact['contactId']}", None),
    ):
        message = refused(await tenant.call(method, f"{path}?{name}=true", json=body), 400, "INVALID_INPUT")
        assert message == f"Query parameter {name} is not known: this endpoint has no dry run, and did nothing"
    assert await tenant.checksum() == before
    await tenant.done("GET", f"{campaign}/contact-lists?{name}=true")


WITH_IDS = [spec for spec in ENDPOINTS if re.search(r"\{(?!phoneNumber)", spec.path)]


@pytest.mark.parametrize("spec", WITH_IDS, ids=route)
async def test_malformed_id_is_not_found_before_the_query_is_looked_at(
    tenant: Tenant, operator: Tenant, spec: Endpoint
) -> None:
    asking = operator if spec.platform else tenant
    assert (await asking.call(spec.method, f"{path_of(spec, 'x')}?colour=red")).status_code == 404


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/calls?externalID=KH-1", "Query parameter externalID is not known: did you mean externalId?"),
        ("/calls?phone_number=1", "Query parameter phone_number is not known: did you mean phoneNumber?"),
        ("/calls?campaingId=1", "Query parameter campaingId is not known: did you mean campaignId?"),
        ("/campaigns?size=5", "Query parameter size is not known: expected userName, status, type, archived, page"),
        ("/api-keys?limit=5", "Query parameter limit is not known: expected page, size"),
        ("/tenants/me?x", "Query parameter x is not known: this endpoint has none"),
        ("/calls?%0A=1", "Query parameter ? is not known: expected campaignId"),
    ],
)
async def test_nearest_parameter_is_named(tenant: Tenant, path: str, message: str) -> None:
    assert refused(await tenant.get(f"/v1{path}"), 400, "INVALID_INPUT").startswith(message)


def test_aliases_are_known_and_not_proposed() -> None:
    known = [Query("dry_run", "", {}, aliases=("dryRun",))]

    def check(query: bytes) -> None:
        scope: Any = {"query_string": query, "headers": []}
        refuse_unknown(Request(scope, Any, Any), known)  # pyright: ignore[reportArgumentType]

    check(b"dryRun=true&dry_run=true")
    with pytest.raises(InvalidInput, match="did you mean dry_run"):
        check(b"dryrum=true")
    with pytest.raises(InvalidInput, match="did you mean dryRun"):
        check(b"dryrun=true")
