"""Rows with the numbers of contacts that are there give these what they have, and nothing else."""

import asyncio
import json
from typing import Any

import pytest

from tests.support.api import Tenant, refused
from tests.support.contacts import add_many, must_be_consistent, put_in_call
from tongdai.contacts import update_store
from tongdai.contacts.columns import as_columns
from tongdai.contacts.model import MAX_ATTRIBUTES, NewContact
from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, ContactId

NUMBER = "0901234567"


@pytest.fixture
async def campaign_id(tenant: Tenant) -> CampaignId:
    return await tenant.campaign()


async def send(tenant: Tenant, campaign_id: int, number: str = NUMBER, **fields: Any) -> Any:
    path = f"/v1/campaigns/{campaign_id}/contacts?onDuplicate=update"
    return await tenant.done("POST", path, json={"phoneNumber": number} | fields)


async def contact(tenant: Tenant, campaign_id: int, contact_id: int) -> Any:
    return await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contacts/{contact_id}")


async def test_contact_that_is_there_gets_what_is_sent_and_keeps_the_rest(tenant: Tenant, campaign_id: int) -> None:
    before = {"name": "A", "externalId": "KH-1", "attributes": {"city": "HN", "debt": 5}, "timeZone": "Asia/Bangkok"}
    added = await tenant.contact(campaign_id, **before)
    updated = await send(tenant, campaign_id, "+84 901 234 567", name="An", attributes={"debt": 7, "new": True})
    assert updated == added | {
        "error_message": f"Contact updated in list {added['listId']}", "duplicate": True, "updated": True,
    }  # fmt: skip
    found = await contact(tenant, campaign_id, added["contactId"])
    assert (found["name"], found["externalId"], found["timeZone"]) == ("An", "KH-1", "Asia/Bangkok")
    assert found["attributes"] == {"city": "HN", "debt": 7, "new": True}


@pytest.mark.parametrize("sent", [{}, {"name": None}, {"name": ""}, {"attributes": None}, {"attributes": {}}])
async def test_what_is_absent_or_empty_stays(tenant: Tenant, campaign_id: int, sent: dict[str, Any]) -> None:
    added = await tenant.contact(campaign_id, name="A", externalId="1", attributes={"a": 1})
    before = await contact(tenant, campaign_id, added["contactId"])
    assert (await send(tenant, campaign_id, **sent))["updated"] is True
    assert await contact(tenant, campaign_id, added["contactId"]) == before


async def test_contact_that_is_new_is_added(tenant: Tenant, campaign_id: int) -> None:
    added = await send(tenant, campaign_id, name="A")
    assert (added["duplicate"], added["updated"]) == (False, False)
    assert added["error_message"] == f"Contact added to list {added['listId']}"


@pytest.mark.parametrize("query", ["", "?onDuplicate=skip", "?anything=%ff"])
async def test_without_the_option_nothing_changes_and_the_answer_is_as_documented(
    tenant: Tenant, campaign_id: int, query: str
) -> None:
    added = await tenant.contact(campaign_id, name="A")
    response = await tenant.post(f"/v1/campaigns/{campaign_id}/contacts{query}", {"phoneNumber": NUMBER, "name": "B"})
    assert list(response.json()) == [
        "success", "error_code", "error_message", "contactId", "listId", "duplicate",
    ]  # fmt: skip
    assert response.json()["error_message"] == f"Contact already in list {added['listId']}"
    assert (await contact(tenant, campaign_id, added["contactId"]))["name"] == "A"


@pytest.mark.parametrize("value", ["", "Update", "overwrite", "update&onDuplicate=update"])
async def test_other_values_of_the_option_are_refused(tenant: Tenant, campaign_id: int, value: str) -> None:
    response = await tenant.post(f"/v1/campaigns/{campaign_id}/contacts?onDuplicate={value}", {"phoneNumber": NUMBER})
    assert refused(response, 400, "INVALID_INPUT").startswith("onDuplicate is ")


async def test_contact_stays_in_its_list(tenant: Tenant, campaign_id: int) -> None:
    await tenant.bulk(campaign_id, [{"phoneNumber": "0901234560"}], listName="Other")
    lists = await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contact-lists")
    added = await tenant.contact(campaign_id, listId=lists["data"][0]["listId"])
    assert (await send(tenant, campaign_id, name="A"))["listId"] == added["listId"]


@pytest.mark.parametrize("status", [1, 2])
async def test_state_of_a_contact_that_is_or_was_called_stays(
    tenant: Tenant, conn: Connection, campaign_id: int, status: int
) -> None:
    added = await tenant.contact(campaign_id)
    contact_id = ContactId(added["contactId"])
    if status == 1:
        await put_in_call(conn, tenant.tenant_id, contact_id)
    else:
        await tenant.move(contact_id, 2, "answered")
    await send(tenant, campaign_id, name="An", timeZone="America/New_York")
    found = await contact(tenant, campaign_id, contact_id)
    assert (found["processStatus"], found["name"], found["timeZone"]) == (status, "An", "America/New_York")


async def test_attributes_that_would_be_too_long_are_refused_and_nothing_is_changed(
    tenant: Tenant, campaign_id: int
) -> None:
    added = await tenant.contact(campaign_id, name="A", attributes={"a": "x" * 3000})
    before = await contact(tenant, campaign_id, added["contactId"])
    path = f"/v1/campaigns/{campaign_id}/contacts?onDuplicate=update"
    response = await tenant.post(path, {"phoneNumber": NUMBER, "name": "B", "attributes": {"b": "y" * 2000}})
    assert refused(response, 400, "INVALID_INPUT").startswith("attributes must have at most 4096 bytes")
    assert await contact(tenant, campaign_id, added["contactId"]) == before


@pytest.mark.parametrize(("more", "updated"), [(0, True), (1, False)])
async def test_attributes_may_be_as_long_as_those_of_a_new_contact(
    tenant: Tenant, conn: Connection, campaign_id: int, more: int, updated: bool
) -> None:
    first = {f"khoá {n}": 'ô"\\' for n in range(20)}
    second: dict[str, Any] = {"n": 1.5, "t": True, "z": None, "a, b: c": "d, e: f"}
    used = len(json.dumps(first | second | {"pad": ""}, ensure_ascii=False, separators=(",", ":")).encode())
    second["pad"] = "x" * (MAX_ATTRIBUTES - used + more)
    added = await tenant.contact(campaign_id, attributes=first)
    new = as_columns([NewContact(phone="+84901234567", attributes=second)])
    contact_id = ContactId(added["contactId"])
    async with conn.transaction():
        left = await update_store.update_many(conn, tenant.tenant_id, CampaignId(campaign_id), new, {0: contact_id})
    assert left == (set() if updated else {contact_id})


async def test_changed_time_zone_takes_the_contact_out_of_its_run(tenant: Tenant, conn: Connection) -> None:
    campaign_id = await tenant.campaign()
    rows = [NewContact(phone=f"+8490{n:07}") for n in range(100)]
    many = await add_many(conn, tenant.tenant_id, campaign_id, rows)
    ids = list(many.contact_ids.values())
    moved = [
        NewContact(phone=row.phone, name="M", time_zone="Asia/Tokyo" if n % 2 else None) for n, row in enumerate(rows)
    ]
    async with conn.transaction():
        await update_store.update_many(conn, tenant.tenant_id, campaign_id, as_columns(moved), dict(enumerate(ids)))
    zones = [(await contact(tenant, campaign_id, contact_id))["timeZone"] for contact_id in ids[:4]]
    assert zones == ["Asia/Ho_Chi_Minh", "Asia/Tokyo"] * 2
    await must_be_consistent(conn, tenant.tenant_id)


async def test_contacts_whose_values_are_there_already_are_not_written(
    tenant: Tenant, conn: Connection, campaign_id: int
) -> None:
    added = await tenant.contact(campaign_id, name="A", attributes={"a": 1})
    version = "select ctid::text from contact where tenant_id = $1 and contact_id = $2"
    before = await conn.fetchval(version, tenant.tenant_id, added["contactId"])
    await send(tenant, campaign_id, name="A", attributes={"a": 1})
    assert await conn.fetchval(version, tenant.tenant_id, added["contactId"]) == before
    await send(tenant, campaign_id, name="B")
    assert await conn.fetchval(version, tenant.tenant_id, added["contactId"]) != before


async def test_updates_at_once_lose_nothing(tenant: Tenant, campaign_id: int) -> None:
    sent = [send(tenant, campaign_id, attributes={f"k{n}": n}) for n in range(12)]
    responses = await asyncio.gather(*sent)
    assert sum(not response["duplicate"] for response in responses) == 1
    found = await contact(tenant, campaign_id, responses[0]["contactId"])
    assert found["attributes"] == {f"k{n}": n for n in range(12)}


async def test_update_is_recorded_in_the_audit(tenant: Tenant, conn: Connection, campaign_id: int) -> None:
    added = await tenant.contact(campaign_id)
    await send(tenant, campaign_id, name="A")
    record = await conn.fetchval(
        "select subject from audit where tenant_id = $1 and action = 'contact.change'", tenant.tenant_id
    )
    assert record == f"contact {added['contactId']}"


async def test_another_campaigns_contact_is_not_touched(tenant: Tenant, campaign_id: int) -> None:
    elsewhere = await tenant.campaign("Other")
    added = await tenant.contact(elsewhere, name="A")
    await send(tenant, campaign_id, name="B")
    assert (await contact(tenant, elsewhere, added["contactId"]))["name"] == "A"


async def test_stopped_campaign_refuses_updates_too(tenant: Tenant, campaign_id: int) -> None:
    await tenant.contact(campaign_id)
    for step in ("start", "stop"):
        await tenant.done("POST", f"/v1/campaigns/{campaign_id}/{step}")
    path = f"/v1/campaigns/{campaign_id}/contacts?onDuplicate=update"
    refused(await tenant.post(path, {"phoneNumber": NUMBER, "name": "B"}), 400, "INVALID_STATE")
