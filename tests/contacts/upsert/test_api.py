"""`PUT /v1/campaigns/{id}/contacts`: a contact is created or updated, and repeating it changes nothing."""

import asyncio

from tests.support.api import refused
from tests.support.contacts import must_be_consistent
from tongdai.testing.factories import vn_mobile


async def put(tenant, campaign_id, phone, **fields):
    sent = {"phoneNumber": phone} | fields
    return await tenant.done("PUT", f"/v1/campaigns/{campaign_id}/contacts", json=sent)


async def shown(tenant, campaign_id, contact_id):
    return await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contacts/{contact_id}")


async def test_contact_is_created_then_unchanged_then_updated(tenant, conn):
    campaign_id = await tenant.campaign()
    first = await put(tenant, campaign_id, vn_mobile(1), name="An", attributes={"a": 1})
    assert first["result"] == "created"
    again = await put(tenant, campaign_id, vn_mobile(1), name="An", attributes={"a": 1})
    assert (again["result"], again["contactId"]) == ("unchanged", first["contactId"])
    other = await put(tenant, campaign_id, vn_mobile(1), externalId="CRM-1", attributes={"b": 2})
    assert (other["result"], other["listId"]) == ("updated", first["listId"])
    found = await shown(tenant, campaign_id, first["contactId"])
    assert (found["name"], found["externalId"], found["attributes"]) == ("An", "CRM-1", {"a": 1, "b": 2})
    await must_be_consistent(conn, tenant.tenant_id)


async def test_contact_is_found_by_its_external_id_and_keeps_its_number(tenant):
    campaign_id = await tenant.campaign()
    first = await put(tenant, campaign_id, vn_mobile(1), externalId="CRM-1")
    renamed = await put(tenant, campaign_id, vn_mobile(1), externalId="CRM-1", name="Bình")
    assert (renamed["result"], renamed["contactId"]) == ("updated", first["contactId"])
    path = f"/v1/campaigns/{campaign_id}/contacts"
    moved = await tenant.call("PUT", path, json={"phoneNumber": vn_mobile(2), "externalId": "CRM-1"})
    refused(moved, 400, "INVALID_STATE")
    await put(tenant, campaign_id, vn_mobile(3))
    await tenant.contact(campaign_id, vn_mobile(4), externalId="CRM-1")
    several = await tenant.call("PUT", path, json={"phoneNumber": vn_mobile(1), "externalId": "CRM-1"})
    refused(several, 400, "INVALID_STATE")


async def test_concurrent_upserts_of_a_number_create_one_contact(tenant, conn):
    campaign_id = await tenant.campaign()
    done = await asyncio.gather(*(put(tenant, campaign_id, vn_mobile(1), name="An") for _ in range(8)))
    assert sorted(one["result"] for one in done) == ["created"] + ["unchanged"] * 7
    assert len({one["contactId"] for one in done}) == 1
    await must_be_consistent(conn, tenant.tenant_id)


async def test_attributes_that_would_be_too_long_are_refused(tenant):
    campaign_id = await tenant.campaign()
    await put(tenant, campaign_id, vn_mobile(1), attributes={"a": "x" * 3000})
    path = f"/v1/campaigns/{campaign_id}/contacts"
    sent = {"phoneNumber": vn_mobile(1), "attributes": {"b": "x" * 3000}}
    refused(await tenant.call("PUT", path, json=sent), 400, "INVALID_INPUT")
