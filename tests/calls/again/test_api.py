"""Processed contacts are called again: by contact, by list, by outcome."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from tests.support.api import Tenant, refused
from tests.support.calls import NOW, a_call, configure
from tongdai.calls import claim
from tongdai.calls.again import store
from tongdai.calls.again.model import Selection
from tongdai.calls.model import ClaimConditions
from tongdai.db.pool import Connection, Pool
from tongdai.ids import CampaignId, ContactId
from tongdai.local_time import FOREVER
from tongdai.testing.factories import vn_mobile

LEASE = timedelta(minutes=1)
ZONE = "Asia/Ho_Chi_Minh"


@pytest.fixture
async def campaign_id(tenant: Tenant) -> CampaignId:
    return CampaignId(await tenant.campaign())


async def contact(tenant: Tenant, campaign_id: int, n: int, call_status: str | None, **fields: object) -> int:
    """A processed contact; of none it is pending."""
    made = await tenant.contact(campaign_id, vn_mobile(n), **fields)
    if call_status is not None:
        await tenant.move(made["contactId"], 2, call_status)
    return made["contactId"]


async def ask(tenant: Tenant, campaign_id: int, **sent: Any) -> Any:
    return await tenant.done("POST", f"/v1/campaigns/{campaign_id}/contacts/call-again", json=sent)


def counts(response: Any) -> tuple[dict[str, int], int, int]:
    assert response["dueAgain"] == sum(response["byCallStatus"].values())
    return response["byCallStatus"], response["doNotCall"], response["overCap"]


async def states(tenant: Tenant, campaign_id: int) -> dict[int, tuple[int, str | None]]:
    lists = (await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contact-lists"))["data"]
    found: dict[int, tuple[int, str | None]] = {}
    for one in lists:
        path = f"/v1/campaigns/{campaign_id}/contact-lists/{one['listId']}/contacts"
        for row in (await tenant.done("GET", path))["data"]:
            found[row["contactId"]] = row["processStatus"], row["callStatus"]
    return found


async def claimed(conn: Connection, tenant: Tenant, campaign_id: CampaignId) -> set[int]:
    conditions = ClaimConditions(tenant.tenant_id, campaign_id, {ZONE: FOREVER}, LEASE)
    return {call.contact_id for call in (await claim.claim(conn, conditions, 100)).calls}


async def check_counters(tenant: Tenant, campaign_id: int) -> None:
    """The counters say what the contacts are."""
    found = await states(tenant, campaign_id)
    detail = await tenant.done("GET", f"/v1/campaigns/{campaign_id}")
    assert detail["processStatus"] == {
        str(status): sum(one == status for one, _ in found.values()) for status in range(3)
    }
    outcomes = [outcome for _, outcome in found.values() if outcome is not None]
    assert detail["callStatus"] == {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))}


async def test_dry_run_counts_what_the_request_then_does(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId
) -> None:
    busy, silent, _, _ = [
        await contact(tenant, campaign_id, n, outcome)
        for n, outcome in enumerate(("busy", "no_answer", "answered", None))
    ]
    chosen = {"callStatus": ["busy", "no_answer"]}
    before = await tenant.checksum()
    dry = await ask(tenant, campaign_id, **chosen, dryRun=True)
    assert await tenant.checksum() == before
    assert counts(dry) == ({"busy": 1, "no_answer": 1}, 0, 0)
    assert dry["error_message"] == "2 contacts would be called again"
    done = await ask(tenant, campaign_id, **chosen)
    assert (counts(done), done["error_message"]) == (counts(dry), "2 contacts will be called again")
    found = await states(tenant, campaign_id)
    assert (found[busy], found[silent]) == ((0, "busy"), (0, "no_answer"))
    assert sorted(found.values(), key=str) == sorted(
        [(0, "busy"), (0, "no_answer"), (0, None), (2, "answered")], key=str
    )
    await check_counters(tenant, campaign_id)
    assert counts(await ask(tenant, campaign_id, **chosen)) == ({}, 0, 0)
    await tenant.done("POST", f"/v1/campaigns/{campaign_id}/start")
    assert {busy, silent} < await claimed(conn, tenant, campaign_id)


async def test_contacts_are_chosen_by_id_by_list_and_by_outcome(tenant: Tenant, campaign_id: CampaignId) -> None:
    first = await contact(tenant, campaign_id, 1, "busy")
    await tenant.bulk(campaign_id, [{"phoneNumber": vn_mobile(99)}], listName="Second")
    lists = (await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contact-lists"))["data"]
    second = (await tenant.done("POST", f"/v1/campaigns/{campaign_id}/contacts",
                                json={"phoneNumber": vn_mobile(2), "listId": lists[-1]["listId"]}))  # fmt: skip
    await tenant.move(second["contactId"], 2, "busy")
    third = await contact(tenant, campaign_id, 3, "answered")
    elsewhere = await contact(tenant, await tenant.campaign("B"), 1, "busy")

    async def chosen(**sent: Any) -> set[int]:
        """Which contacts become due; they are processed again afterwards."""
        due = await ask(tenant, campaign_id, **sent)
        found = {one for one, (status, _) in (await states(tenant, campaign_id)).items() if status == 0}
        assert len(found) == due["dueAgain"]
        for one in found:
            await tenant.move(ContactId(one), 2, "answered" if one == third else "busy")
        return found

    assert await chosen(contactIds=[first, third, elsewhere, 10**17]) == {first, third}
    assert await chosen(contactIds=[first, third], callStatus=["answered"]) == {third}
    assert await chosen(contactIds=[first, second["contactId"]], listId=second["listId"]) == {second["contactId"]}
    assert await chosen(listId=second["listId"]) == {second["contactId"]}
    assert await chosen(callStatus=["busy"]) == {first, second["contactId"]}
    assert await chosen(callStatus=["busy"], after=first) == {one for one in (second["contactId"],) if one > first}
    assert await chosen(callStatus=["machine"]) == set()
    await check_counters(tenant, campaign_id)


async def test_contacts_that_are_pending_or_in_a_call_are_left_as_they_are(
    tenant: Tenant, campaign_id: CampaignId
) -> None:
    pending, in_call = [await contact(tenant, campaign_id, n, "busy") for n in (1, 2)]
    await tenant.move(ContactId(pending), 0, "busy")
    await tenant.move(ContactId(in_call), 1, "busy")
    before = await tenant.checksum()
    for chosen in ({"callStatus": ["busy"]}, {"contactIds": [pending, in_call]}):
        done = await ask(tenant, campaign_id, **chosen)
        assert counts(done) == ({}, 0, 0)
        assert (done["pending"], done["inCall"], done["notFound"]) == (1, 1, 0)
    assert await tenant.checksum() == before


async def test_contacts_that_stay_as_they_are_are_counted_as_the_selection_has_them(
    tenant: Tenant, campaign_id: CampaignId
) -> None:
    busy, fresh = await contact(tenant, campaign_id, 1, "busy"), await contact(tenant, campaign_id, 2, None)
    elsewhere = await contact(tenant, await tenant.campaign("B"), 3, None)
    (only,) = (await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contact-lists"))["data"]
    for sent, expected in (
        ({"contactIds": [busy, fresh, elsewhere, 10**17, 10**17]}, (1, 0, 2)),
        ({"contactIds": [fresh], "callStatus": ["busy"]}, (0, 0, 1)),
        ({"listId": only["listId"]}, (1, 0, 0)),
        ({"listId": only["listId"], "after": busy}, (0, 0, 0)),
        ({"callStatus": ["busy"]}, (0, 0, 0)),
    ):
        done = await ask(tenant, campaign_id, **sent, dryRun=True)
        assert (done["pending"], done["inCall"], done["notFound"]) == expected, sent


async def test_number_on_a_do_not_call_list_stays_processed(tenant: Tenant, campaign_id: CampaignId) -> None:
    listed, free = await contact(tenant, campaign_id, 1, "busy"), await contact(tenant, campaign_id, 2, "busy")
    dnc_list_id = (await tenant.done("POST", "/v1/do-not-call", json={"name": "A"}))["dncListId"]
    await tenant.done("POST", f"/v1/do-not-call/{dnc_list_id}/numbers", json={"phoneNumber": vn_mobile(1)})
    assert counts(await ask(tenant, campaign_id, callStatus=["busy"], dryRun=True)) == ({"busy": 1}, 1, 0)
    assert counts(await ask(tenant, campaign_id, callStatus=["busy"])) == ({"busy": 1}, 1, 0)
    found = await states(tenant, campaign_id)
    assert (found[listed], found[free]) == ((2, "busy"), (0, "busy"))


async def test_frequency_cap_for_all_time_keeps_a_contact_processed(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId
) -> None:
    often, once = [ContactId(await contact(tenant, campaign_id, n, "busy")) for n in (1, 2)]
    for who, calls in ((often, 2), (once, 1)):
        for n in range(calls):
            await a_call(conn, tenant.tenant_id, campaign_id, who, opened_at=NOW + n * LEASE, outcome="busy")
    await configure(conn, tenant.tenant_id, campaign_id, contact_calls=2)
    assert counts(await ask(tenant, campaign_id, callStatus=["busy"], dryRun=True)) == ({"busy": 1}, 0, 1)
    assert counts(await ask(tenant, campaign_id, callStatus=["busy"])) == ({"busy": 1}, 0, 1)
    found = await states(tenant, campaign_id)
    assert (found[often], found[once]) == ((2, "busy"), (0, "busy"))


async def test_frequency_cap_with_a_period_makes_a_contact_due_when_it_allows_a_call(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId
) -> None:
    who = ContactId(await contact(tenant, campaign_id, 1, "busy"))
    now = await conn.fetchval("select now()")
    await a_call(conn, tenant.tenant_id, campaign_id, who, opened_at=now - timedelta(hours=2), outcome="busy")
    await configure(conn, tenant.tenant_id, campaign_id, contact_calls=1, contact_period_h=24)
    assert counts(await ask(tenant, campaign_id, contactIds=[who])) == ({"busy": 1}, 0, 0)
    due_at = await conn.fetchval("select due_at from contact_due where tenant_id = $1", tenant.tenant_id)
    assert timedelta(hours=21) < due_at - now < timedelta(hours=23)
    await tenant.done("POST", f"/v1/campaigns/{campaign_id}/start")
    assert await claimed(conn, tenant, campaign_id) == set()


async def test_many_contacts_are_called_again_step_by_step(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId
) -> None:
    made = [await contact(tenant, campaign_id, n, "busy") for n in range(8)]
    dnc_list_id = (await tenant.done("POST", "/v1/do-not-call", json={"name": "A"}))["dncListId"]
    await tenant.done("POST", f"/v1/do-not-call/{dnc_list_id}/numbers", json={"phoneNumber": vn_mobile(1)})
    assert (await ask(tenant, campaign_id, callStatus=["busy"], after=made[4], dryRun=True))["dueAgain"] == 3
    place = (conn, tenant.tenant_id, campaign_id, Selection(call_statuses=["busy"]), None)
    for step in (store.count, partial(store.reset, by=tenant.key.key_id)):
        steps: list[tuple[int, int]] = []
        after: ContactId | None = ContactId(0)
        while after is not None:
            done = await step(*place, after, at_once=3)
            steps.append((done.due, done.do_not_call))
            after = done.last
        assert steps == [(2, 1), (3, 0), (2, 0), (0, 0)]
    found = await states(tenant, campaign_id)
    assert [found[one][0] for one in made] == [0, 2, 0, 0, 0, 0, 0, 0]
    await check_counters(tenant, campaign_id)
    rows = await conn.fetch(
        "select key_id, subject, detail from audit where tenant_id = $1 and action = 'contacts.call_again' order by at",
        tenant.tenant_id,
    )
    assert [(row["key_id"], row["subject"]) for row in rows] == [(tenant.key.key_id, f"campaign {campaign_id}")] * 3
    assert [row["detail"]["dueAgain"] for row in rows] == [2, 3, 2]
    assert {tuple(row["detail"]["callStatus"]) for row in rows} == {("busy",)}


async def test_contact_becomes_due_once_however_many_ask_at_once(
    tenant: Tenant, pool: Pool, campaign_id: CampaignId
) -> None:
    for n in range(20):
        await contact(tenant, campaign_id, n, "busy")
    responses = await asyncio.gather(*(ask(tenant, campaign_id, callStatus=["busy"]) for _ in range(5)))
    assert sum(response["dueAgain"] for response in responses) == 20
    await check_counters(tenant, campaign_id)
    async with pool.acquire() as conn:
        due = "select count(*) from contact_due where tenant_id = $1"
        assert await conn.fetchval(due, tenant.tenant_id) == 20


async def test_contact_of_another_tenant_is_not_touched(
    tenant: Tenant, other_tenant: Tenant, campaign_id: CampaignId
) -> None:
    await contact(tenant, campaign_id, 1, "busy")
    before = await tenant.checksum()
    path = f"/v1/campaigns/{campaign_id}/contacts/call-again"
    assert refused(await other_tenant.post(path, {"callStatus": ["busy"]}), 404, "NOT_FOUND") == "Campaign not found"
    own = await other_tenant.campaign()
    assert (await ask(other_tenant, own, callStatus=["busy"]))["dueAgain"] == 0
    assert await tenant.checksum() == before


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({}, "Expected contactIds, listId or callStatus: which contacts to call again"),
        ({"dryRun": True}, "Expected contactIds, listId or callStatus: which contacts to call again"),
        ({"contactIds": []}, "contactIds must have 1 to 1000 items, not 0"),
        ({"contactIds": [1] * 1001}, "contactIds must have 1 to 1000 items, not 1001"),
        ({"contactIds": [0]}, "contactIds must be an id, 1 to 18 digits above 0, not 0"),
        ({"listId": 0}, "listId must be an id, 1 to 18 digits above 0, not 0"),
        ({"callStatus": []}, "callStatus must have at least one item"),
        ({"callStatus": ["Busy"]}, "callStatus must be of answered, "),
        ({"callStatus": ["busy"], "after": -1}, "after must be the next of an earlier response, not -1"),
        ({"callStatus": ["busy"], "force": True}, "force is an unknown field: expected "),
    ],
)
async def test_request_that_chooses_nobody_or_cannot_be_read_is_refused(
    tenant: Tenant, campaign_id: CampaignId, sent: dict[str, object], message: str
) -> None:
    await contact(tenant, campaign_id, 1, "busy")
    before = await tenant.checksum()
    response = await tenant.post(f"/v1/campaigns/{campaign_id}/contacts/call-again", sent)
    assert refused(response, 400, "INVALID_INPUT").startswith(message)
    assert await tenant.checksum() == before


async def test_list_of_another_campaign_is_not_found(tenant: Tenant, campaign_id: CampaignId) -> None:
    elsewhere = await tenant.contact(await tenant.campaign("B"))
    response = await tenant.post(f"/v1/campaigns/{campaign_id}/contacts/call-again", {"listId": elsewhere["listId"]})
    assert refused(response, 404, "NOT_FOUND") == "Contact list not found"


async def test_stopped_campaign_calls_nobody_again(tenant: Tenant, campaign_id: CampaignId) -> None:
    for action in ("start", "stop"):
        await tenant.done("POST", f"/v1/campaigns/{campaign_id}/{action}")
    response = await tenant.post(f"/v1/campaigns/{campaign_id}/contacts/call-again", {"callStatus": ["busy"]})
    assert refused(response, 400, "INVALID_STATE") == "The campaign is stopped and calls nobody"
