"""A contact is read and changed alone."""

import asyncio

import pytest

from tests.support.api import refused


async def one_contact(tenant, **fields):
    """A campaign and the path of a contact of it."""
    campaign_id = await tenant.campaign()
    added = await tenant.contact(campaign_id, **fields)
    return added, f"/v1/campaigns/{campaign_id}/contacts/{added['contactId']}"


FIELDS = {"name": "A", "externalId": "CRM-1", "attributes": {"tier": 1}, "timeZone": "Asia/Bangkok"}


async def test_contact_is_read_alone(tenant):
    added, path = await one_contact(tenant, **FIELDS)
    found = await tenant.done("GET", path)
    assert found == FIELDS | {
        "contactId": added["contactId"],
        "customerId": found["customerId"],
        "listId": added["listId"],
        "phoneNumber": "0901234567",
        "processStatus": 0,
        "callStatus": None,
    }


@pytest.mark.parametrize(
    ("change", "after"),
    [
        ({"name": "B"}, {"name": "B"}),
        ({"timeZone": "Europe/Paris", "externalId": "X"}, {"timeZone": "Europe/Paris", "externalId": "X"}),
        ({"attributes": {"a": None}}, {"attributes": {"a": None}}),
        ({"timeZone": None}, {"timeZone": "Asia/Ho_Chi_Minh"}),
        (dict.fromkeys(FIELDS), dict.fromkeys(FIELDS) | {"timeZone": "Asia/Ho_Chi_Minh"}),
    ],
)
async def test_change_of_a_contact_sets_what_it_names_and_null_clears(tenant, change, after):
    _, path = await one_contact(tenant, **FIELDS)
    assert (await tenant.done("PATCH", path, json=change))["error_message"] == "Contact updated successfully"
    found = await tenant.done("GET", path)
    assert {name: found[name] for name in FIELDS} == FIELDS | after


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, "Expected at least one of name, timeZone, externalId, attributes"),
        ({"name": "a\nb"}, "name must not contain control characters"),
        ({"externalId": "x" * 129}, "externalId must have at most 128 characters, not 129"),
        ({"attributes": {"a": "x" * 5000}}, "attributes must have at most 4096 bytes of JSON, not 5008"),
        ({"timeZone": "Mars"}, "timeZone must be the name of a time zone, such as Asia/Ho_Chi_Minh"),
        (
            {"phoneNumber": "0901234568"},
            "phoneNumber is an unknown field: expected one of name, timeZone, externalId, attributes",
        ),
    ],
)
async def test_change_of_a_contact_that_cannot_be_changes_nothing(tenant, change, message):
    _, path = await one_contact(tenant, **FIELDS)
    before = await tenant.checksum()
    assert refused(await tenant.call("PATCH", path, json=change), 400, "INVALID_INPUT") == message
    assert await tenant.checksum() == before


@pytest.mark.parametrize("process_status", [0, 1, 2])
async def test_contact_may_be_changed_in_any_state_and_each_change_is_audited(tenant, conn, process_status):
    added, path = await one_contact(tenant)
    await tenant.move(added["contactId"], process_status, "busy" if process_status else None)
    await tenant.done("PATCH", path, json={"name": "B"})
    found = await tenant.done("GET", path)
    assert (found["name"], found["processStatus"]) == ("B", process_status)
    audited = "select action, subject from audit where tenant_id = $1 and action = 'contact.change'"
    rows = await conn.fetch(audited, tenant.tenant_id)
    assert [tuple(row) for row in rows] == [("contact.change", f"contact {added['contactId']}")]


async def test_two_changes_of_different_fields_at_once_both_hold(tenant):
    _, path = await one_contact(tenant, **FIELDS)
    changes = [{"name": "B"}, {"timeZone": "UTC"}, {"externalId": "B"}, {"attributes": {"b": 1}}]
    await asyncio.gather(*(tenant.done("PATCH", path, json=change) for change in changes))
    found = await tenant.done("GET", path)
    assert {name: found[name] for name in FIELDS} == {name: change[name] for change in changes for name in change}
