"""The nine documented requests, byte for byte: fields and their order, messages, headers, the order of checks."""

import asyncio
import json
from datetime import timedelta

import pytest

from tests.support.api import refused
from tongdai.contacts.fields import DOCUMENTED, FIELDS
from tongdai.imports.worker import Worker
from tongdai.processes.api import ALL_ENDPOINTS

both_prefixes = pytest.mark.parametrize("prefix", ["/v1", "/api/v1"])
SUCCESS = '{"success":"1","error_code":"SUCCESS","error_message":'


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


async def text(tenant, method, path, **options):
    """The body of a 200 as on the wire, after a check of the headers that every response has."""
    response = await tenant.call(method, path, **options)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"]
    for name in ("Limit-Tenant", "Remaining-Tenant", "Limit-Route", "Remaining-Route"):
        assert int(response.headers[f"X-RateLimit-{name}"]) >= 0
    assert response.headers["RateLimit-Policy"]
    assert response.headers["RateLimit"]
    assert "Retry-After" not in response.headers
    return response.text


@both_prefixes
async def test_1_contact_lists(tenant, campaign_id, prefix):
    path = f"{prefix}/campaigns/{campaign_id}/contact-lists"
    assert await text(tenant, "GET", path) == '{"success":"1","totalRecord":0,"data":[]}'
    list_id = (await tenant.contact(campaign_id))["listId"]
    row = {"listId": list_id, "listName": "Default List", "contactCount": 1}
    assert await text(tenant, "GET", path) == f'{{"success":"1","totalRecord":1,"data":[{compact(row)}]}}'


@both_prefixes
async def test_2_contacts_of_a_list(tenant, campaign_id, prefix):
    added = await tenant.contact(campaign_id, "0901234567", name="Nguyen Van A")
    path = f"{prefix}/campaigns/{campaign_id}/contact-lists/{added['listId']}/contacts?page=0&size=20"
    body = await text(tenant, "GET", path)
    customer_id = json.loads(body)["data"][0]["customerId"]
    row = {
        "contactId": added["contactId"],
        "customerId": customer_id,
        "phoneNumber": "0901234567",
        "name": "Nguyen Van A",
        "processStatus": 0,
        "callStatus": None,
        **{field.text.wire: None for field in FIELDS[DOCUMENTED:]},
        "attributes": None,
        "timeZone": "Asia/Ho_Chi_Minh",
    }
    assert isinstance(customer_id, int)
    assert body == f'{{"success":"1","totalRecord":1,"data":[{compact(row)}]}}'


@both_prefixes
async def test_3_addition_of_a_contact(tenant, campaign_id, prefix):
    path, sent = f"{prefix}/campaigns/{campaign_id}/contacts", {"phoneNumber": "0901234567", "name": "Nguyen Van A"}
    body = await text(tenant, "POST", path, json=sent)
    added = json.loads(body)
    ids = f'"contactId":{added["contactId"]},"listId":{added["listId"]}'
    assert body == f'{SUCCESS}"Contact added to list {added["listId"]}",{ids},"duplicate":false}}'
    again = await text(tenant, "POST", path, json=sent | {"listId": added["listId"]})
    assert again == f'{SUCCESS}"Contact already in list {added["listId"]}",{ids},"duplicate":true}}'


@both_prefixes
async def test_4_and_5_bulk_import_and_its_poll(tenant, campaign_id, prefix, pool):
    path = f"{prefix}/campaigns/{campaign_id}/contacts"
    contacts = [{"phoneNumber": "0901000001", "name": "KH 1"}, {"phoneNumber": "0901000002"}]
    body = await text(tenant, "POST", f"{path}/bulk", json={"listName": "Danh sach thang 4", "contacts": contacts})
    job_id = json.loads(body)["job_id"]
    assert body == f'{SUCCESS}"Bulk import started","job_id":{job_id},"total_rows":2}}'
    waiting = await text(tenant, "GET", f"{path}/import/{job_id}")
    rows = '"totalRows":2,"processedRows":{0},"failedRows":0,"duplicateRows":0,"errorMessage":null,"createdRows":{0},'
    assert waiting.startswith(f'{{"jobId":{job_id},"status":"pending",{rows.format(0)}"listId":')
    assert waiting.endswith(
        '"listName":"Danh sach thang 4","startedAt":null,"finishedAt":null,'
        '"dryRun":false,"removedRows":0,"undoneAt":null,"detected":null}'
    )
    worker = Worker(pool, timedelta(seconds=30), asyncio.Event())
    while await worker.step():
        pass
    done = await text(tenant, "GET", f"{path}/import/{job_id}")
    assert done.startswith(f'{{"jobId":{job_id},"status":"done",{rows.format(2)}"listId":')


@both_prefixes
async def test_6_deletion_of_a_contact(tenant, campaign_id, prefix):
    added = await tenant.contact(campaign_id)
    body = await text(tenant, "DELETE", f"{prefix}/campaigns/{campaign_id}/contacts/{added['contactId']}")
    assert body == SUCCESS + '"Contact deleted successfully"}'


def queue_row(queue_id):
    return {
        "callinId": queue_id,
        "callinName": "test",
        "strategy": 1,
        "musicinQueue": "waiting.wav",
        "timeWait": "120",
        "agentSelector": None,
        "nguongRanhRoi": None,
        "callinNumber": None,
    }


@both_prefixes
async def test_7_and_8_inbound_queues(tenant, prefix):
    queue_id = await tenant.queue("test", moh_file_id="waiting.wav", max_wait_sec="120")
    row = compact(queue_row(queue_id))
    page = await text(tenant, "GET", f"{prefix}/queues/inbound?page=0&size=10")
    assert page == f'{{"success":"1","error_code":"SUCCESS","totalRecord":1,"data":[{row}]}}'
    assert await text(tenant, "GET", f"{prefix}/queues/inbound/{queue_id}") == row


@both_prefixes
async def test_9_change_of_an_inbound_queue(tenant, prefix):
    queue_id = await tenant.queue("test", moh_file_id="old.wav")
    sent = {"moh_file_id": "waiting.wav", "max_wait_sec": "180", "strategy": 99, "announce_position": "1"}
    body = await text(tenant, "PUT", f"{prefix}/queues/inbound/{queue_id}", json=sent)
    assert body == SUCCESS + '"Inbound queue updated successfully"}'
    changed = queue_row(queue_id) | {"timeWait": "180", "strategy": 99, "nguongRanhRoi": "1"}
    assert await text(tenant, "GET", f"{prefix}/queues/inbound/{queue_id}") == compact(changed)


async def test_documented_curl_calls_work_as_written(tenant, campaign_id):
    """With Content-Type on a GET, and Authorization with the bare key and X-Tenant-ID, as the samples send them."""
    headers = {
        "Authorization": tenant.key.value,
        "X-Tenant-ID": str(tenant.tenant_id),
        "Content-Type": "application/json",
    }
    for path in (f"/api/v1/campaigns/{campaign_id}/contact-lists", "/api/v1/queues/inbound?page=0&size=20"):
        response = await tenant.api.client.get(path, headers=headers)
        assert response.json()["success"] == "1"


MESSAGES = [
    ("GET", "/campaigns/{0}/contact-lists", "Campaign not found"),
    ("GET", "/campaigns/{0}/contact-lists/{0}/contacts", "Contact list not found"),
    ("POST", "/campaigns/{0}/contacts", "Campaign not found"),
    ("POST", "/campaigns/{0}/contacts/bulk", "Campaign not found"),
    ("GET", "/campaigns/{0}/contacts/import/{0}", "Import job not found"),
    ("DELETE", "/campaigns/{0}/contacts/{0}", "Contact not found"),
    ("GET", "/queues/inbound/{0}", "Inbound queue not found"),
    ("PUT", "/queues/inbound/{0}", "Inbound queue not found"),
]
SENT = {
    "/campaigns/{0}/contacts": {"phoneNumber": "0901234567"},
    "/campaigns/{0}/contacts/bulk": {"contacts": [{"phoneNumber": "0901234567"}]},
    "/queues/inbound/{0}": {"strategy": 1},
}


@both_prefixes
@pytest.mark.parametrize(("method", "path", "message"), MESSAGES)
async def test_not_found_names_the_missing_thing(tenant, prefix, method, path, message):
    options = {"json": SENT[path]} if method in {"POST", "PUT"} else {}
    response = await tenant.call(method, prefix + path.format(999_999_999_999_999_999), **options)
    assert refused(response, 404, "NOT_FOUND") == message
    assert response.headers["X-RateLimit-Limit-Tenant"]


async def test_checks_are_made_in_the_documented_order(api, tenant, serving):
    """Each request fails all later checks too, so that the response shows which is made first."""
    clerk = await api.key(tenant_id=tenant.tenant_id, scopes=["report"])
    stopped = await tenant.campaign()
    for action in ("start", "stop"):
        await tenant.done("POST", f"/v1/campaigns/{stopped}/{action}")
    bad = {"content": b"{"}
    good = {"json": {"phoneNumber": "0901234567"}}
    async with serving(tenant_limit=100, route_limit=4) as client:

        async def post(path, key=None, **sent):
            return await client.post(path, headers=key.headers if key else {}, **sent)

        refused(await post("/v1/nothing/x", **bad), 404, "NOT_FOUND")
        refused(await post("/v1/campaigns/x/contacts", **bad), 401, "UNAUTHORIZED")
        for _ in range(5):  # a missing scope spends nothing of the limit, hence is checked before it
            refused(await post("/v1/campaigns/x/contacts", clerk, **bad), 403, "INSUFFICIENT_SCOPE")
        refused(await post("/v1/campaigns/x/contacts", tenant.key, **bad), 404, "NOT_FOUND")
        refused(await post("/v1/campaigns/1/contacts", tenant.key, **bad), 400, "INVALID_INPUT")
        refused(await post("/v1/campaigns/1/contacts", tenant.key, **good), 404, "NOT_FOUND")
        refused(await post(f"/v1/campaigns/{stopped}/contacts", tenant.key, **good), 400, "INVALID_STATE")
        refused(await post("/v1/campaigns/x/contacts", tenant.key, **bad), 429, "RATE_LIMIT_EXCEEDED")


async def test_unknown_list_is_reported_before_the_state(tenant):
    stopped = await tenant.campaign()
    for action in ("start", "stop"):
        await tenant.done("POST", f"/v1/campaigns/{stopped}/{action}")
    response = await tenant.post(f"/v1/campaigns/{stopped}/contacts", {"phoneNumber": "0901234567", "listId": 1})
    refused(response, 404, "NOT_FOUND")


async def test_query_is_checked_before_existence(tenant):
    refused(await tenant.get("/v1/campaigns/1/contact-lists/1/contacts?page=x"), 400, "INVALID_INPUT")


async def test_every_documented_route_exists(api):
    document = (await api.client.get("/openapi.json")).json()
    offered = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert offered == {(spec.method, f"/v1{spec.path}") for spec in ALL_ENDPOINTS}
    assert {
        ("GET", "/v1/campaigns/{id}/contact-lists"),
        ("GET", "/v1/campaigns/{id}/contact-lists/{listId}/contacts"),
        ("POST", "/v1/campaigns/{id}/contacts"),
        ("POST", "/v1/campaigns/{id}/contacts/bulk"),
        ("GET", "/v1/campaigns/{id}/contacts/import/{job_id}"),
        ("DELETE", "/v1/campaigns/{id}/contacts/{contactId}"),
        ("GET", "/v1/queues/inbound"),
        ("GET", "/v1/queues/inbound/{id}"),
        ("PUT", "/v1/queues/inbound/{id}"),
    } <= offered
