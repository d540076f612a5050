"""A number is looked up in all campaigns, exported and erased."""

import pytest

from tests.support.api import refused
from tests.support.calls import a_call
from tests.support.contacts import must_be_consistent
from tongdai.contacts.numbers import customer_id
from tongdai.customers import store
from tongdai.customers.erasure import store as erasure
from tongdai.ids import JobId, KeyId
from tongdai.imports.chunk import Sent, decode_sent, encode_sent
from tongdai.testing.factories import vn_mobile
from tongdai.webhooks import outbox
from tongdai.webhooks.model import Event

NUMBER = "0901234567"
E164 = "+84901234567"
_DELIVERED = """
with over as (
    delete from webhook_outbox where tenant_id = $1
        and delivery_id = (select min(delivery_id) from webhook_outbox where tenant_id = $1)
    returning *
)
insert into webhook_delivery (tenant_id, webhook_id, delivery_id, ended_day, ended_at, state, message_id, event,
    occurred_at, data, created_at, attempts)
select tenant_id, webhook_id, delivery_id, current_date, now(), 'delivered', message_id, event, occurred_at, data,
    created_at, 1
from over
"""


@pytest.fixture
async def known(tenant, conn):
    """A number with a contact in each of two campaigns, calls, a callback and an entry on a do-not-call list."""
    campaign_ids = [await tenant.campaign(name) for name in ("First", "Second")]
    added = [
        await tenant.contact(campaign_id, NUMBER, name="Nguyễn Văn An", externalId="CRM-1")
        for campaign_id in campaign_ids
    ]
    for campaign_id in campaign_ids:
        await tenant.contact(campaign_id, vn_mobile(1), name="Bình", externalId="CRM-2")
    await tenant.move(added[0]["contactId"], 2, "busy")
    for contact, campaign_id in zip(added, campaign_ids, strict=True):
        await a_call(conn, tenant.tenant_id, campaign_id, contact["contactId"], E164)
    await conn.execute("update call set wrap_up_note = 'Likes blue' where tenant_id = $1", tenant.tenant_id)
    await a_call(conn, tenant.tenant_id, campaign_ids[0], phone="+84907654321")
    queue_id = await tenant.queue()
    asked = {"queueId": queue_id, "phoneNumber": NUMBER, "dueAt": "2037-03-10T02:00:00Z", "note": "evening"}
    await tenant.done("POST", "/v1/callbacks", json=asked)
    listed = (await tenant.done("POST", "/v1/do-not-call", json={"name": "Not these"}))["dncListId"]
    for number in (NUMBER, vn_mobile(1)):
        await tenant.done("POST", f"/v1/do-not-call/{listed}/numbers", json={"phoneNumber": number})
    other = (await tenant.done("POST", "/v1/do-not-call", json={"name": "For a while"}))["dncListId"]
    await tenant.done("POST", f"/v1/do-not-call/{other}/numbers", json={"phoneNumber": NUMBER})
    await tenant.done("DELETE", f"/v1/do-not-call/{other}/numbers/{NUMBER}")
    hook = {"url": "https://a.example", "events": ["call.ended"]}
    await tenant.done("POST", "/v1/webhooks", json=hook)
    async with conn.transaction():
        notified = ({"phoneNumber": E164}, {"phoneNumber": E164}, {"phoneNumber": "+84907654321"})
        await outbox.publish(conn, tenant.tenant_id, Event.CALL_ENDED, *notified)
        await conn.execute(_DELIVERED, tenant.tenant_id)
    path = f"/v1/campaigns/{campaign_ids[0]}/contacts/{added[0]['contactId']}"
    await tenant.done("PATCH", path, json={"timeZone": "Asia/Bangkok"})
    return (await tenant.done("GET", path))["customerId"]


async def search(tenant, **query):
    found = await tenant.done("GET", "/v1/contacts", params=query)
    assert found["nextCursor"] is None
    return [(row["campaignName"], row["phoneNumber"]) for row in found["data"]]


BOTH = [("Second", NUMBER), ("First", NUMBER)]


async def test_contacts_of_all_campaigns_are_searched(tenant, known):
    assert await search(tenant, phoneNumber="+84 901 234 567") == BOTH
    assert await search(tenant, externalId="CRM-1") == BOTH
    assert await search(tenant, name="văn AN") == BOTH
    assert await search(tenant, name="nobody") == []
    assert await search(tenant, externalId="CRM-3") == []
    assert await search(tenant, phoneNumber="0907654321") == []


@pytest.mark.parametrize("query", [{"phoneNumber": NUMBER}, {"externalId": "CRM-1"}, {"name": "n"}], ids=str)
async def test_search_is_read_to_its_end_by_cursors(tenant, known, query):
    cursor, ids = "*", []
    while cursor is not None:
        part = await tenant.done("GET", "/v1/contacts", params=query | {"size": 1, "cursor": cursor})
        ids += [row["contactId"] for row in part["data"]]
        cursor = part["nextCursor"]
    whole = await tenant.done("GET", "/v1/contacts", params=query)
    assert ids == [row["contactId"] for row in whole["data"]]
    assert len(ids) == len(set(ids)) >= 2


async def test_search_by_name_looks_at_so_many_contacts_a_request(tenant, conn, known):
    found, before, steps = [], None, 0
    while steps < 10:
        steps += 1
        named = await store.of_name(conn, tenant.tenant_id, "an", before, 1000, looked_at=1)
        found += [one.contact.contact_id for one in named.found]
        before = named.last
        if before is None:
            break
    assert steps == 5  # of four contacts, and once to see that there are no more
    assert len(found) == 2


@pytest.mark.parametrize("query", [{}, {"name": "a", "externalId": "b"}, {"phoneNumber": "x"}, {"name": ""}], ids=str)
async def test_search_needs_one_usable_filter(tenant, query):
    refused(await tenant.get("/v1/contacts", params=query), 400, "INVALID_INPUT")


async def test_customer_has_contacts_calls_and_entries(tenant, known):
    found = await tenant.done("GET", f"/v1/customers/{known}")
    assert (found["customerId"], found["phoneNumber"], found["callCount"]) == (known, NUMBER, 2)
    assert [row["campaignName"] for row in found["contacts"]] == ["Second", "First"]
    assert [entry["dncListName"] for entry in found["doNotCall"]] == ["Not these"]
    assert found["lastCallAt"] is not None


async def test_number_that_is_nowhere_is_no_customer(tenant, other_tenant, known):
    for path in (f"/v1/customers/{known}", f"/v1/customers/{known}/export"):
        refused(await other_tenant.get(path), 404, "NOT_FOUND")
    refused(await other_tenant.post(f"/v1/customers/{known}/erase", {"keepDoNotCall": True}), 404, "NOT_FOUND")
    mine = customer_id.of(tenant.tenant_id)(84909999999)
    before = await tenant.checksum()
    refused(await tenant.post(f"/v1/customers/{mine}/erase", {"keepDoNotCall": True}), 404, "NOT_FOUND")
    assert await tenant.checksum() == before
    for wrong in ("0", "abc", "999999999999999999"):
        refused(await tenant.get(f"/v1/customers/{wrong}"), 404, "NOT_FOUND")


async def test_export_has_everything(tenant, known):
    found = await tenant.done("GET", f"/v1/customers/{known}/export")
    assert [call["phoneNumber"] for call in found["calls"]] == [NUMBER, NUMBER]
    assert {call["wrapUpNote"] for call in found["calls"]} == {"Likes blue"}
    assert [callback["note"] for callback in found["callbacks"]] == ["evening"]
    assert [change["action"] for change in found["changes"]] == ["contact.change"]
    assert (len(found["contacts"]), len(found["doNotCall"])) == (2, 1)
    notified = [(one["event"], one["state"]) for one in found["webhookEvents"]]
    assert notified == [("call.ended", "delivered"), ("call.ended", "waiting")]


async def traces(conn, tenant_id):
    """The tables that have the number somewhere in a row."""
    tables = [
        row[0]
        for row in await conn.fetch(
            "select table_name from information_schema.columns "
            "where table_schema = 'public' and column_name = 'tenant_id' order by 1"
        )
    ]
    return [
        table
        for table in tables
        if await conn.fetchval(
            f"select exists (select from {table} t where tenant_id = $1 and t::text like '%901234567%')", tenant_id
        )
    ]


async def test_erased_number_is_in_no_table(tenant, conn, known):
    named = {"contact", "call", "callback", "do_not_call", "audit", "webhook_outbox", "webhook_delivery"}
    assert named <= set(await traces(conn, tenant.tenant_id))
    calls = await conn.fetchval("select count(*) from call where tenant_id = $1", tenant.tenant_id)
    receipt = await tenant.done("POST", f"/v1/customers/{known}/erase", json={})
    assert (receipt["contacts"], receipt["calls"], receipt["callbacks"], receipt["doNotCallEntries"]) == (2, 2, 1, 1)
    assert (receipt["webhookEvents"], receipt["next"]) == (2, None)
    assert await traces(conn, tenant.tenant_id) == []
    assert await conn.fetchval("select count(*) from call where tenant_id = $1", tenant.tenant_id) == calls
    await must_be_consistent(conn, tenant.tenant_id)
    refused(await tenant.get(f"/v1/customers/{known}"), 404, "NOT_FOUND")
    assert await search(tenant, externalId="CRM-2") == [("Second", vn_mobile_shown()), ("First", vn_mobile_shown())]
    again = await tenant.done("POST", f"/v1/customers/{known}/erase", json={})
    assert (again["contacts"], again["calls"], again["proof"]) == (0, 0, receipt["proof"])


def vn_mobile_shown():
    return "0" + vn_mobile(1).removeprefix("+84").removeprefix("0")


async def test_erasure_is_audited_without_the_number(tenant, conn, known):
    receipt = await tenant.done("POST", f"/v1/customers/{known}/erase", json={"keepDoNotCall": True})
    row = await conn.fetchrow(
        "select subject, detail, key_id from audit where tenant_id = $1 and action = 'customer.erase'",
        tenant.tenant_id,
    )
    assert row["subject"] == f"erasure {receipt['proof'][:12]}"
    assert (row["detail"]["contacts"], row["detail"]["do_not_call"]) == (2, 0)
    assert row["key_id"] is not None
    assert str(known) not in str(row["detail"])


async def test_entry_on_a_do_not_call_list_stays_on_request(tenant, conn, known):
    receipt = await tenant.done("POST", f"/v1/customers/{known}/erase", json={"keepDoNotCall": True})
    assert receipt["doNotCallEntries"] == 0
    assert await traces(conn, tenant.tenant_id) == ["do_not_call"]


async def test_number_in_a_call_is_not_erased(tenant, conn, known):
    found = (await tenant.done("GET", f"/v1/customers/{known}"))["contacts"][0]
    await tenant.move(found["contactId"], 1)
    before = await tenant.checksum()
    refused(await tenant.post(f"/v1/customers/{known}/erase", {}), 400, "INVALID_STATE")
    assert await tenant.checksum() == before


_JOB = """
insert into import_job (tenant_id, campaign_id, list_id, list_name, status, total_rows, created_rows, finished_at)
select tenant_id, campaign_id, list_id, name, 'done', 6, 6, now() from contact_list where tenant_id = $1
order by list_id limit 1 returning job_id
"""
_OUTCOME = """
insert into import_outcome (tenant_id, job_id, seq, first_row, created, duplicate, failed, sent, contacts)
values ($1, $2, $3, 1 + 2 * $3::integer, 2, 0, 0, $4, '')
"""


async def test_rows_of_imports_are_erased_step_by_step(tenant, conn, known):
    job_id = await conn.fetchval(_JOB, tenant.tenant_id)
    for seq, numbers in enumerate((["0907", NUMBER], ["0907", "0908"], ["+84 901 234 567", "0908"])):
        sent = encode_sent(Sent([*numbers], ["a", "b"], [], []))
        await conn.execute(_OUTCOME, tenant.tenant_id, job_id, seq, sent)
    place = (conn, tenant.tenant_id, int(E164[1:]), "VN")
    steps, after = [], (JobId(0), 0)
    while after is not None:
        step = await erasure.erase_rows(*place, after, "proof", KeyId(1), at_once=1)
        steps.append(step.rows)
        after = step.next
    assert steps == [1, 0, 1, 0]
    rows = await conn.fetch("select sent from import_outcome where tenant_id = $1 order by seq", tenant.tenant_id)
    assert [decode_sent(row["sent"]).phones for row in rows] == [["0907", None], ["0907", "0908"], [None, "0908"]]
    receipt = await tenant.done("POST", f"/v1/customers/{known}/erase", json={})
    assert (receipt["importRows"], receipt["next"]) == (0, None)
