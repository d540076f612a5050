"""Deleting and moving contacts, and their lists, by both clients."""

import json

import pytest

import tongdai_client as sdk
from tests.client.conftest import Caller, done
from tests.support.client_faults import Fault

HEAD = b'{"success":"1","error_code":"SUCCESS","error_message":"done",'


async def test_lists_are_made_filled_and_deleted(caller: Caller) -> None:
    client, campaign_id = caller.client, await caller.campaign()
    may, june = [(await done(client.create_contact_list(campaign_id, name))).list_id for name in ("May", "June")]
    ids = [(await done(client.add_contact(campaign_id, f"090100000{n}", list_id=may))).contact_id for n in range(3)]
    moved = await done(client.move_contacts(campaign_id, june, contact_ids=ids[:2]))
    assert (moved.moved, moved.unmoved, moved.message) == (2, 0, "2 contacts were moved")
    await done(client.rename_contact_list(campaign_id, june, "July"))
    lists = await done(client.contact_lists(campaign_id))
    assert [(one.name, one.contact_count) for one in lists] == [("May", 1), ("July", 2)]
    with pytest.raises(sdk.InvalidState, match="has contacts"):
        await done(client.delete_contact_list(campaign_id, june))
    deleted = await done(client.delete_contacts(campaign_id, list_id=june))
    assert (deleted.deleted, deleted.not_pending) == (2, 0)
    await done(client.delete_contact_list(campaign_id, june))


async def test_many_contacts_take_many_requests(caller: Caller) -> None:
    """Answers of the test: a step of the server takes thousands."""
    steps = [b'"deleted":3,"notPending":1,"next":70}', b'"deleted":1,"notPending":2,"next":null}']
    caller.plan.faults = [Fault(refuse=200, body=HEAD + step) for step in steps]
    gone = await done(caller.client.delete_contacts(1, list_id=2, dry_run=True))
    assert (gone.deleted, gone.not_pending, gone.message) == (4, 3, "4 contacts would be deleted")
    steps = [b'"moved":3,"unmoved":1,"next":70}', b'"moved":1,"unmoved":2,"next":null}']
    caller.plan.faults = [Fault(refuse=200, body=HEAD + step) for step in steps]
    moved = await done(caller.client.move_contacts(1, 3, list_id=2))
    assert (moved.moved, moved.unmoved) == (4, 3)
    assert [json.loads(request.content)["after"] for request in caller.plan.requests] == [0, 70, 0, 70]
