"""Contact lists are created, renamed and deleted."""

import asyncio

from tests.support.api import refused
from tests.support.contacts import must_be_consistent


async def lists_of(tenant, campaign_id):
    found = await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contact-lists")
    return {one["listName"]: (one["listId"], one["contactCount"]) for one in found["data"]}


async def new_list(tenant, campaign_id, name="May"):
    made = await tenant.done("POST", f"/v1/campaigns/{campaign_id}/contact-lists", json={"listName": name})
    return made["listId"]


async def test_list_is_created_empty_and_renamed(tenant):
    campaign_id = await tenant.campaign()
    list_id = await new_list(tenant, campaign_id)
    assert await lists_of(tenant, campaign_id) == {"May": (list_id, 0)}
    path = f"/v1/campaigns/{campaign_id}/contact-lists/{list_id}"
    await tenant.done("PATCH", path, json={"listName": "June"})
    assert await lists_of(tenant, campaign_id) == {"June": (list_id, 0)}
    await tenant.done("PATCH", path, json={"listName": "June"})  # its own name


async def test_name_is_unique_in_its_campaign(tenant):
    campaign_id, other = await tenant.campaign(), await tenant.campaign()
    path = f"/v1/campaigns/{campaign_id}/contact-lists"
    await new_list(tenant, campaign_id)
    await new_list(tenant, other)
    june = await new_list(tenant, campaign_id, "June")
    for method, at in (("POST", path), ("PATCH", f"{path}/{june}")):
        refused(await tenant.call(method, at, json={"listName": "May"}), 400, "INVALID_INPUT")
    made = await asyncio.gather(*(tenant.post(path, {"listName": "July"}) for _ in range(5)))
    assert sorted(response.status_code for response in made) == [200, 400, 400, 400, 400]


async def test_stopped_campaign_takes_no_list(tenant):
    campaign_id = await tenant.campaign()
    for act in ("start", "stop"):
        await tenant.done("POST", f"/v1/campaigns/{campaign_id}/{act}")
    response = await tenant.post(f"/v1/campaigns/{campaign_id}/contact-lists", {"listName": "May"})
    refused(response, 400, "INVALID_STATE")


async def test_list_is_deleted_only_without_contacts(tenant, conn):
    campaign_id = await tenant.campaign()
    list_id = await new_list(tenant, campaign_id)
    path = f"/v1/campaigns/{campaign_id}/contact-lists/{list_id}"
    added = await tenant.contact(campaign_id, listId=list_id)
    refused(await tenant.call("DELETE", path), 400, "INVALID_STATE")
    await tenant.done("DELETE", f"/v1/campaigns/{campaign_id}/contacts/{added['contactId']}")
    await tenant.done("DELETE", path)
    assert await lists_of(tenant, campaign_id) == {}
    refused(await tenant.call("DELETE", path), 404, "NOT_FOUND")
    await must_be_consistent(conn, tenant.tenant_id)


async def test_list_of_another_campaign_is_unknown(tenant):
    campaign_id, other = await tenant.campaign(), await tenant.campaign()
    list_id = await new_list(tenant, campaign_id)
    path = f"/v1/campaigns/{other}/contact-lists/{list_id}"
    refused(await tenant.call("DELETE", path), 404, "NOT_FOUND")
    refused(await tenant.call("PATCH", path, json={"listName": "B"}), 404, "NOT_FOUND")
    assert await lists_of(tenant, campaign_id) == {"May": (list_id, 0)}


async def test_imports_keep_the_name_of_a_deleted_list(tenant, conn):
    campaign_id = await tenant.campaign()
    job_id = await tenant.bulk(campaign_id, [{"phoneNumber": "0901234567"}], listName="May")
    ((list_id, _),) = (await lists_of(tenant, campaign_id)).values()
    path = f"/v1/campaigns/{campaign_id}/contact-lists/{list_id}"
    refused(await tenant.call("DELETE", path), 400, "INVALID_STATE")  # it waits for a worker
    await tenant.done("DELETE", f"/v1/campaigns/{campaign_id}/contacts/import/{job_id}")
    await tenant.done("DELETE", path)
    job = await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contacts/import/{job_id}")
    assert (job["listName"], job["listId"]) == ("May", None)


async def test_list_is_deleted_or_gets_the_contact_but_never_both(tenant, conn):
    campaign_id = await tenant.campaign()
    for n in range(10):
        list_id = await new_list(tenant, campaign_id, f"L{n}")
        added, deleted = await asyncio.gather(
            tenant.post(f"/v1/campaigns/{campaign_id}/contacts", {"phoneNumber": f"090123450{n}", "listId": list_id}),
            tenant.call("DELETE", f"/v1/campaigns/{campaign_id}/contact-lists/{list_id}"),
        )
        assert {added.status_code, deleted.status_code} in ({200, 400}, {404, 200})
    await must_be_consistent(conn, tenant.tenant_id)
