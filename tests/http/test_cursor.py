"""Cursors that a list accepts, and those that it refuses."""

import base64
from typing import Any

import pytest

from tests.support.api import PEPPER, Tenant, refused
from tongdai.db.pool import Connection
from tongdai.http.principal import Scope
from tongdai.processes.api import ENDPOINTS
from tongdai.testing import factories

AGENTS = "/v1/agents"
SEARCHES = {"/contacts"}
"""The paths of searches: they need a query, and have no pages (tests/customers)."""
LISTS = sorted(
    {spec.path for spec in ENDPOINTS if any(query.name == "cursor" for query in spec.query)} - SEARCHES
)  # fmt: skip
"""The paths of all lists that have cursors."""


PLATFORM = {spec.path for spec in ENDPOINTS if spec.platform}


async def reader(tenant: Tenant, conn: Connection, path: str) -> Tenant:
    """The tenant, with a key that may read the list."""
    if path not in PLATFORM:
        return tenant
    key = await factories.platform_key(conn, PEPPER.encode(), list(Scope))
    return Tenant(tenant.api, key)


async def place(tenant: Tenant, path: str) -> str:
    """The path with ids of things that exist."""
    campaign_id = await tenant.campaign()
    contact = await tenant.contact(campaign_id)
    job_id = await tenant.bulk(campaign_id, [{"phoneNumber": "0901234568"}])
    dnc_list_id = (await tenant.done("POST", "/v1/do-not-call", json={"name": "A"}))["dncListId"]
    hook = await tenant.done("POST", "/v1/webhooks", json={"url": "https://crm.example", "events": ["call.ended"]})
    named = {
        "{id}": campaign_id, "{listId}": contact["listId"], "{contactId}": contact["contactId"], "{job_id}": job_id,
        "{dncListId}": dnc_list_id, "{webhookId}": hook["webhookId"],
    }  # fmt: skip
    for name, value in named.items():
        path = path.replace(name, str(value))
    return f"/v1{path}"


async def agents(tenant: Tenant, count: int) -> list[int]:
    queue_id = await tenant.queue()
    made: list[int] = []
    for n in range(count):
        body = {"agentName": "An agent", "endpoint": f"agent-{n}", "queueId": queue_id}
        made.append((await tenant.done("POST", AGENTS, json=body))["agentId"])
    return made


async def part(tenant: Tenant, query: str, path: str = AGENTS) -> Any:
    return await tenant.done("GET", f"{path}?{query}")


async def refuses(tenant: Tenant, path: str, cursor: str) -> None:
    message = refused(await tenant.get(path, params={"cursor": cursor}), 400, "INVALID_INPUT")
    assert message.startswith("cursor is not one of this list with these filters: expected")


def test_every_list_has_cursors() -> None:
    pages = {spec.path for spec in ENDPOINTS if any(query.name == "page" for query in spec.query)}
    assert pages == set(LISTS)


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_begins_and_ends_without_a_total(tenant: Tenant, conn: Connection, path: str) -> None:
    # A list over all tenants has what other tests have made.
    query = f"cursor=*&tenantId={tenant.tenant_id}" if path in PLATFORM else "cursor=*"
    response = await part(await reader(tenant, conn, path), query, await place(tenant, path))
    assert response["nextCursor"] is None
    assert response.keys() - {"error_code"} == {"success", "nextCursor", "data"}


@pytest.mark.parametrize("path", LISTS)
async def test_a_page_has_no_cursor(tenant: Tenant, conn: Connection, path: str) -> None:
    response = await part(await reader(tenant, conn, path), "page=0", await place(tenant, path))
    assert response.keys() - {"error_code"} == {"success", "totalRecord", "data"}


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("cursor", ["", "**", "x", "nextCursor", "é", "A" * 24, "A" * 200, "A" * 5000, "==", "+/+/"])
async def test_a_cursor_that_was_made_up_is_refused(tenant: Tenant, conn: Connection, path: str, cursor: str) -> None:
    await refuses(await reader(tenant, conn, path), await place(tenant, path), cursor)


async def test_a_cursor_continues_behind_the_last_row_with_any_size(tenant: Tenant) -> None:
    made = await agents(tenant, 6)
    first = await part(tenant, "cursor=*&size=2")
    second = await part(tenant, f"cursor={first['nextCursor']}&size=3")
    third = await part(tenant, f"size=1000&cursor={second['nextCursor']}")
    read = [[row["agentId"] for row in response["data"]] for response in (first, second, third)]
    assert read == [made[:2], made[2:5], made[5:]]
    assert third["nextCursor"] is None
    again = await part(tenant, f"cursor={first['nextCursor']}&size=3")
    assert again == second, "it may be sent again"


async def test_both_prefixes_of_a_path_are_one_list(tenant: Tenant) -> None:
    made = await agents(tenant, 2)
    first = await part(tenant, "cursor=*&size=1")
    second = await part(tenant, f"cursor={first['nextCursor']}", f"/api{AGENTS}/")
    assert [row["agentId"] for row in second["data"]] == made[1:]


async def test_parameters_that_a_documented_list_does_not_have_are_ignored(tenant: Tenant) -> None:
    made = [await tenant.queue(f"Queue {n}") for n in range(2)]
    first = await part(tenant, "cursor=*&size=1&_=1", "/v1/queues/inbound")
    second = await part(tenant, f"cursor={first['nextCursor']}&_=2", "/v1/queues/inbound")
    assert [row["callinId"] for row in second["data"]] == made[1:]


async def test_a_cursor_of_another_list_filter_or_tenant_is_refused(tenant: Tenant, other_tenant: Tenant) -> None:
    await agents(tenant, 2)
    cursor = (await part(tenant, "cursor=*&size=1&state=offline"))["nextCursor"]
    await part(tenant, f"cursor={cursor}&state=offline")
    for path in (AGENTS, f"{AGENTS}?state=idle", f"{AGENTS}?state=offline&queueId=1", "/v1/queues/inbound"):
        await refuses(tenant, path, cursor)
    await refuses(other_tenant, f"{AGENTS}?state=offline", cursor)


async def test_a_cursor_that_was_changed_is_refused(tenant: Tenant) -> None:
    await agents(tenant, 2)
    cursor = (await part(tenant, "cursor=*&size=1"))["nextCursor"]
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        await refuses(tenant, AGENTS, base64.urlsafe_b64encode(bytes(changed)).rstrip(b"=").decode())
    for length in range(1, len(cursor)):
        await refuses(tenant, AGENTS, cursor[:length])


async def test_a_cursor_and_a_page_or_two_cursors_are_refused(tenant: Tenant) -> None:
    message = refused(await tenant.get(f"{AGENTS}?cursor=*&page=0"), 400, "INVALID_INPUT")
    assert message == "page cannot be combined with cursor: expected one of them"
    message = refused(await tenant.get(f"{AGENTS}?cursor=*&cursor=*"), 400, "INVALID_INPUT")
    assert message == "cursor is given 2 times: expected once"


async def test_a_cursor_does_not_show_the_number_it_stands_at(tenant: Tenant) -> None:
    path = await place(tenant, "/do-not-call/{dncListId}/numbers")
    numbers = [{"phoneNumber": f"090123456{n}"} for n in range(2)]
    await tenant.done("POST", path, json={"numbers": numbers})
    cursor = (await part(tenant, "cursor=*&size=1", path))["nextCursor"]
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    assert b"90123456" not in raw
    assert [row["phoneNumber"] for row in (await part(tenant, f"cursor={cursor}", path))["data"]] == ["0901234561"]
