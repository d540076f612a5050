"""Many contacts are deleted, or moved to another list, by one request."""

import pytest

from tests.support.api import refused
from tests.support.contacts import must_be_consistent
from tongdai.contacts.many import store
from tongdai.contacts.many.model import Chosen
from tongdai.ids import CampaignId, ContactId, KeyId
from tongdai.testing.factories import vn_mobile


async def filled(tenant):
    """A campaign with a list of five contacts, of which one is in a call and two were called, and an empty list."""
    campaign_id = await tenant.campaign()
    path = f"/v1/campaigns/{campaign_id}"
    lists = [(await tenant.done("POST", f"{path}/contact-lists", json={"listName": n}))["listId"] for n in "AB"]
    found = [(await tenant.contact(campaign_id, vn_mobile(n), listId=lists[0]))["contactId"] for n in range(5)]
    await tenant.move(found[1], 1)
    await tenant.move(found[2], 2, "busy")
    await tenant.move(found[3], 0, "no_answer")
    return path, lists, found


async def in_list(tenant, path, list_id):
    return {
        row["contactId"]: row["processStatus"]
        for row in (await tenant.done("GET", f"{path}/contact-lists/{list_id}/contacts"))["data"]
    }


async def test_pending_contacts_of_a_list_are_deleted(tenant, conn):
    path, (full, _), found = await filled(tenant)
    counted = await tenant.done("POST", f"{path}/contacts/delete", json={"listId": full, "dryRun": True})
    assert (counted["deleted"], counted["notPending"], counted["next"]) == (3, 2, None)
    assert len(await in_list(tenant, path, full)) == 5
    done = await tenant.done("POST", f"{path}/contacts/delete", json={"listId": full})
    assert (done["deleted"], done["notPending"], done["next"]) == (3, 2, None)
    assert await in_list(tenant, path, full) == {found[1]: 1, found[2]: 2}
    await must_be_consistent(conn, tenant.tenant_id)


async def test_named_contacts_of_an_outcome_are_deleted(tenant, conn):
    path, (full, _), found = await filled(tenant)
    sent = {"contactIds": [*found, 999], "callStatus": ["no_answer", "busy"]}
    done = await tenant.done("POST", f"{path}/contacts/delete", json=sent)
    assert (done["deleted"], done["notPending"]) == (1, 1)
    assert found[3] not in await in_list(tenant, path, full)
    await must_be_consistent(conn, tenant.tenant_id)


async def test_contacts_are_moved_whatever_their_state(tenant, conn):
    path, (full, empty), found = await filled(tenant)
    before = await in_list(tenant, path, full)
    counted = await tenant.done(
        "POST", f"{path}/contacts/move", json={"listId": full, "toListId": empty, "dryRun": True}
    )
    assert (counted["moved"], counted["unmoved"]) == (5, 0)
    done = await tenant.done("POST", f"{path}/contacts/move", json={"contactIds": found[:3], "toListId": empty})
    assert (done["moved"], done["unmoved"], done["next"]) == (3, 0, None)
    assert await in_list(tenant, path, empty) == {one: before[one] for one in found[:3]}
    await must_be_consistent(conn, tenant.tenant_id)
    done = await tenant.done("POST", f"{path}/contacts/move", json={"contactIds": found, "toListId": empty})
    assert (done["moved"], done["unmoved"]) == (2, 3)
    assert await in_list(tenant, path, empty) == before
    await must_be_consistent(conn, tenant.tenant_id)


async def test_steps_take_each_contact_once(tenant, conn):
    path, (full, empty), found = await filled(tenant)
    campaign_id, after, moved = CampaignId(int(path.rpartition("/")[2])), ContactId(0), []
    while after is not None:
        place = (conn, tenant.tenant_id, campaign_id, Chosen(list_id=full), empty, after, KeyId(1))
        done = await store.move(*place, dry_run=False, at_once=2)
        assert done is not None
        moved.append(done.changed)
        after = done.last
    assert moved == [2, 2, 1]
    assert (await in_list(tenant, path, empty)).keys() == set(found)
    await must_be_consistent(conn, tenant.tenant_id)


async def test_contacts_and_lists_of_another_campaign_are_unknown(tenant, conn):
    path, (full, _), found = await filled(tenant)
    other, (full_too, _), _ = await filled_elsewhere(tenant)
    done = await tenant.done("POST", f"{other}/contacts/delete", json={"contactIds": found})
    assert (done["deleted"], done["notPending"]) == (0, 0)
    refused(await tenant.post(f"{other}/contacts/delete", {"listId": full}), 404, "NOT_FOUND")
    refused(await tenant.post(f"{other}/contacts/move", {"listId": full_too, "toListId": full}), 404, "NOT_FOUND")
    assert len(await in_list(tenant, path, full)) == 5


async def filled_elsewhere(tenant):
    campaign_id = await tenant.campaign("Another")
    path = f"/v1/campaigns/{campaign_id}"
    made = await tenant.done("POST", f"{path}/contact-lists", json={"listName": "A"})
    return path, (made["listId"], None), []


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"contactIds": []},
        {"contactIds": [1] * 1001},
        {"contactIds": [0]},
        {"listId": 1, "callStatus": []},
        {"listId": 1, "callStatus": ["happy"]},
        {"listId": 1, "after": -1},
        {"listId": 1, "all": True},
    ],
    ids=str,
)
async def test_wrong_choice_is_refused(tenant, sent):
    campaign_id = await tenant.campaign()
    refused(await tenant.post(f"/v1/campaigns/{campaign_id}/contacts/delete", sent), 400, "INVALID_INPUT")
    response = await tenant.post(f"/v1/campaigns/{campaign_id}/contacts/move", sent | {"toListId": 1})
    refused(response, 400, "INVALID_INPUT")


async def test_each_step_is_audited(tenant, conn):
    path, (full, empty), found = await filled(tenant)
    await tenant.done("POST", f"{path}/contacts/move", json={"listId": full, "toListId": empty})
    await tenant.done("POST", f"{path}/contacts/delete", json={"contactIds": found[:1]})
    rows = await conn.fetch(
        "select action, detail from audit where tenant_id = $1 and action like 'contacts.%' order by audit_id",
        tenant.tenant_id,
    )
    assert [(row["action"], row["detail"]["contacts"]) for row in rows] == [
        ("contacts.move", 5), ("contacts.delete", 1),
    ]  # fmt: skip


async def test_contacts_of_a_list_are_given_the_same_values(tenant, conn):
    path, (full, _), found = await filled(tenant)
    await tenant.done("PATCH", f"{path}/contacts/{found[0]}", json={"attributes": {"a": 1, "wave": 1}})
    await tenant.done("PATCH", f"{path}/contacts/{found[4]}", json={"attributes": {"a": "x" * 4085}})
    sent = {"listId": full, "set": {"name": "An", "attributes": {"wave": 2}}}
    counted = await tenant.done("POST", f"{path}/contacts/change", json=sent | {"dryRun": True})
    assert (counted["changed"], counted["unchanged"], counted["tooLong"]) == (4, 0, 1)
    done = await tenant.done("POST", f"{path}/contacts/change", json=sent)
    assert (done["changed"], done["unchanged"], done["tooLong"], done["next"]) == (4, 0, 1, None)
    first = await tenant.done("GET", f"{path}/contacts/{found[0]}")
    assert (first["name"], first["attributes"]) == ("An", {"a": 1, "wave": 2})
    again = await tenant.done("POST", f"{path}/contacts/change", json=sent)
    assert (again["changed"], again["unchanged"], again["tooLong"]) == (0, 4, 1)
    cleared = {"contactIds": found[:1], "set": {"name": None, "attributes": None}}
    await tenant.done("POST", f"{path}/contacts/change", json=cleared)
    first = await tenant.done("GET", f"{path}/contacts/{found[0]}")
    assert (first["name"], first["attributes"]) == (None, None)
    await must_be_consistent(conn, tenant.tenant_id)


async def test_change_without_values_is_refused(tenant):
    path, (full, _), _ = await filled(tenant)
    refused(await tenant.post(f"{path}/contacts/change", {"listId": full, "set": {}}), 400, "INVALID_INPUT")
    refused(
        await tenant.post(f"{path}/contacts/change", {"listId": full, "set": {"name": "a\x00"}}), 400, "INVALID_INPUT"
    )
