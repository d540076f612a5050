"""Lists and contacts of a campaign, as the documents have them."""

import asyncio

import pytest

from tests.support.api import refused
from tongdai.contacts import bulk_store
from tongdai.contacts.model import NewContact

WRITTEN = ("0901234567", "+84901234567", "84901234567", "0901 234 567", "090-123-4567", "0084 901234567")
OUTCOMES = (
    "answered", "no_answer", "busy", "failed", "invalid_number", "machine", "abandoned", "cancelled", "lost", "dnc",
    "out_of_window",
)  # fmt: skip


async def lists(tenant, campaign_id):
    """Names and counts, in the order answered."""
    page = await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contact-lists")
    assert page["totalRecord"] == len(page["data"])
    return [(row["listName"], row["contactCount"]) for row in page["data"]]


async def contacts(tenant, campaign_id, list_id, query=""):
    return await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contact-lists/{list_id}/contacts?{query}")


async def two_lists(tenant, conn):
    """A campaign with the lists A and B, and their ids."""
    campaign_id = await tenant.campaign()
    ids = [
        await conn.fetchval(
            "insert into contact_list (tenant_id, campaign_id, name) values ($1, $2, $3) returning list_id",
            tenant.tenant_id,
            campaign_id,
            name,
        )
        for name in "AB"
    ]
    return campaign_id, *ids


async def test_first_contact_of_a_campaign_makes_the_default_list(tenant):
    campaign_id = await tenant.campaign()
    assert await lists(tenant, campaign_id) == []
    await tenant.contact(campaign_id)
    await tenant.contact(campaign_id, "0901234568")
    assert await lists(tenant, campaign_id) == [("Default List", 2)]


async def test_contact_without_list_goes_to_the_list_of_the_lowest_id(tenant, conn):
    campaign_id, first, _ = await two_lists(tenant, conn)
    assert (await tenant.contact(campaign_id))["listId"] == first
    assert await lists(tenant, campaign_id) == [("A", 1), ("B", 0)]


async def test_contact_goes_to_the_list_it_names(tenant, conn):
    campaign_id, _, second = await two_lists(tenant, conn)
    added = await tenant.contact(campaign_id, listId=second)
    assert (added["listId"], added["error_message"]) == (second, f"Contact added to list {second}")
    assert await lists(tenant, campaign_id) == [("A", 0), ("B", 1)]


async def test_list_of_another_campaign_is_not_found_and_takes_nothing(tenant, conn):
    campaign_id = await tenant.campaign()
    _, elsewhere, _ = await two_lists(tenant, conn)
    before = await tenant.checksum()
    for list_id in (elsewhere, 999_999_999_999_999_999):
        response = await tenant.post(
            f"/v1/campaigns/{campaign_id}/contacts", {"phoneNumber": "0901234567", "listId": list_id}
        )
        assert refused(response, 404, "NOT_FOUND") == "Contact list not found"
    assert await tenant.checksum() == before


@pytest.mark.parametrize("written", WRITTEN)
async def test_number_is_one_contact_however_written_and_shown_nationally(tenant, written):
    campaign_id = await tenant.campaign()
    first = await tenant.contact(campaign_id, "0901234567")
    again = await tenant.contact(campaign_id, written)
    assert again == {
        "success": "1",
        "error_code": "SUCCESS",
        "error_message": f"Contact already in list {first['listId']}",
        "contactId": first["contactId"],
        "listId": first["listId"],
        "duplicate": True,
    }
    assert [row["phoneNumber"] for row in (await contacts(tenant, campaign_id, first["listId"]))["data"]] == [
        "0901234567"
    ]


async def test_duplicate_is_reported_with_its_place_and_changes_nothing(tenant, conn):
    campaign_id, first, second = await two_lists(tenant, conn)
    added = await tenant.contact(campaign_id, name="An", listId=first)
    again = await tenant.contact(campaign_id, name="Binh", listId=second)
    assert (again["duplicate"], again["listId"], again["contactId"]) == (True, first, added["contactId"])
    assert [row["name"] for row in (await contacts(tenant, campaign_id, first))["data"]] == ["An"]
    assert await lists(tenant, campaign_id) == [("A", 1), ("B", 0)]


async def test_number_of_another_country_is_shown_in_e164(tenant):
    campaign_id = await tenant.campaign()
    added = await tenant.contact(campaign_id, "+6581234567")
    row = (await contacts(tenant, campaign_id, added["listId"]))["data"][0]
    assert row["phoneNumber"] == "+6581234567"


async def test_number_is_one_customer_in_every_campaign_of_a_tenant_and_of_no_other(tenant, other_tenant):
    seen = []
    for owner in (tenant, tenant, other_tenant):
        campaign_id = await owner.campaign()
        added = await owner.contact(campaign_id, "+84901234567")
        seen.append((await contacts(owner, campaign_id, added["listId"]))["data"][0]["customerId"])
    assert seen[0] == seen[1] != seen[2]


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "Nguyễn Văn A", "externalId": "CRM-1", "attributes": {"a": 1, "b": "x", "c": None, "d": True}},
        {"name": "<script>alert(1)</script>", "externalId": "'; drop table contact; --"},
        {"name": "", "externalId": "", "attributes": {}},
        {"name": "x" * 255, "externalId": "y" * 128},
        {"name": "👩‍👩‍👧 عربي", "attributes": {"khoá": "giá trị", "": "", "tiền": -1.5, "n": 9007199254740993}},
        {"attributes": {"large": 10**30, "small": 1e-7, "huge": 1e22}},
        {"name": "%s {0} $1 \\ \\x", "attributes": {"q": '"', "b": "\\u0000"}},
    ],
)
async def test_fields_are_returned_as_sent(tenant, fields):
    campaign_id = await tenant.campaign()
    added = await tenant.contact(campaign_id, **fields)
    row = (await contacts(tenant, campaign_id, added["listId"]))["data"][0]
    expected = {"name": None, "externalId": None, "attributes": None} | fields
    assert {name: row[name] for name in expected} == expected


async def test_page_has_the_documented_fields_in_the_order_of_ids(tenant):
    campaign_id = await tenant.campaign()
    added = [await tenant.contact(campaign_id, f"09012345{i:02}") for i in range(25)]
    page = await contacts(tenant, campaign_id, added[0]["listId"])
    assert (page["success"], page["totalRecord"], len(page["data"])) == ("1", 25, 20)
    rest = await contacts(tenant, campaign_id, added[0]["listId"], "page=1")
    assert [row["contactId"] for row in page["data"] + rest["data"]] == [one["contactId"] for one in added]
    assert list(page["data"][0]) == [
        "contactId", "customerId", "phoneNumber", "name", "processStatus", "callStatus", "externalId", "attributes",
        "timeZone",
    ]  # fmt: skip


async def test_page_past_the_end_is_empty_with_the_true_total(tenant):
    campaign_id = await tenant.campaign()
    list_id = (await tenant.contact(campaign_id))["listId"]
    for query in ("page=1", "page=1000000000", "page=9223372036854775&size=1000"):
        page = await contacts(tenant, campaign_id, list_id, query)
        assert page == {"success": "1", "totalRecord": 1, "data": []}


async def test_filters_narrow_the_page_and_its_total(tenant):
    campaign_id = await tenant.campaign()
    added = [
        await tenant.contact(campaign_id, f"09012345{i:02}", externalId=external)
        for i, external in enumerate(("X", "X", "Y", "X"))
    ]
    ids = [one["contactId"] for one in added]
    await tenant.move(ids[0], 1)
    await tenant.move(ids[3], 2, "answered")

    async def found(query):
        page = await contacts(tenant, campaign_id, added[0]["listId"], query)
        assert page["totalRecord"] == len(page["data"])
        return [ids.index(row["contactId"]) for row in page["data"]]

    assert await found("processStatus=0") == [1, 2]
    assert await found("processStatus=1") == [0]
    assert await found("processStatus=2") == [3]
    assert await found("externalId=X") == [0, 1, 3]
    assert await found("externalId=X&processStatus=0") == [1]
    assert await found("externalId=Z") == []
    assert await found("phoneNumber=%2B84901234502") == [2]
    assert await found("phoneNumber=0901%20234%20502&externalId=X") == []
    assert await found("phoneNumber=0901234500&processStatus=1&externalId=X") == [0]
    assert await found("phoneNumber=0909999999") == []


async def test_filtered_pages_have_the_total_of_the_filter(tenant):
    campaign_id = await tenant.campaign()
    added = [await tenant.contact(campaign_id, f"09012345{i:02}", externalId="X") for i in range(5)]
    await tenant.move(added[4]["contactId"], 2)
    for query in ("processStatus=0", "externalId=X&processStatus=0"):
        page = await contacts(tenant, campaign_id, added[0]["listId"], f"{query}&page=1&size=3")
        assert (page["totalRecord"], len(page["data"])) == (4, 1)
        past = await contacts(tenant, campaign_id, added[0]["listId"], f"{query}&page=9&size=3")
        assert (past["totalRecord"], past["data"]) == (4, [])


async def test_list_of_another_campaign_has_no_page(tenant):
    here, elsewhere = await tenant.campaign(), await tenant.campaign()
    list_id = (await tenant.contact(elsewhere))["listId"]
    response = await tenant.get(f"/v1/campaigns/{here}/contact-lists/{list_id}/contacts")
    assert refused(response, 404, "NOT_FOUND") == "Contact list not found"


@pytest.mark.parametrize("outcome", OUTCOMES)
async def test_last_outcome_is_shown(tenant, outcome):
    campaign_id = await tenant.campaign()
    added = await tenant.contact(campaign_id)
    await tenant.move(added["contactId"], 2, outcome)
    row = (await contacts(tenant, campaign_id, added["listId"]))["data"][0]
    assert (row["processStatus"], row["callStatus"]) == (2, outcome)


async def test_deleted_contact_is_gone_and_its_number_can_be_added_again(tenant):
    campaign_id = await tenant.campaign()
    added = await tenant.contact(campaign_id)
    path = f"/v1/campaigns/{campaign_id}/contacts/{added['contactId']}"
    assert await tenant.done("DELETE", path) == {
        "success": "1",
        "error_code": "SUCCESS",
        "error_message": "Contact deleted successfully",
    }
    assert await lists(tenant, campaign_id) == [("Default List", 0)]
    assert (await contacts(tenant, campaign_id, added["listId"]))["data"] == []
    assert refused(await tenant.call("DELETE", path), 404, "NOT_FOUND") == "Contact not found"
    again = await tenant.contact(campaign_id)
    assert not again["duplicate"]
    assert again["contactId"] != added["contactId"]


@pytest.mark.parametrize(("process_status", "outcome"), [(1, None), (2, "answered"), (1, "busy"), (2, None)])
async def test_contact_that_is_not_pending_stays(tenant, process_status, outcome):
    campaign_id = await tenant.campaign()
    added = await tenant.contact(campaign_id)
    await tenant.move(added["contactId"], process_status, outcome)
    before = await tenant.checksum()
    response = await tenant.call("DELETE", f"/v1/campaigns/{campaign_id}/contacts/{added['contactId']}")
    refused(response, 400, "INVALID_STATE")
    assert await tenant.checksum() == before


async def test_contact_that_waits_for_a_retry_can_be_deleted(tenant):
    campaign_id = await tenant.campaign()
    added = await tenant.contact(campaign_id)
    await tenant.move(added["contactId"], 0, "no_answer")
    await tenant.done("DELETE", f"/v1/campaigns/{campaign_id}/contacts/{added['contactId']}")
    assert await lists(tenant, campaign_id) == [("Default List", 0)]


async def test_contact_of_another_campaign_stays(tenant):
    here, elsewhere = await tenant.campaign(), await tenant.campaign()
    added = await tenant.contact(elsewhere)
    response = await tenant.call("DELETE", f"/v1/campaigns/{here}/contacts/{added['contactId']}")
    assert refused(response, 404, "NOT_FOUND") == "Contact not found"
    assert await lists(tenant, elsewhere) == [("Default List", 1)]


async def test_of_many_deletions_at_once_exactly_one_succeeds(tenant):
    campaign_id = await tenant.campaign()
    added = await tenant.contact(campaign_id)
    path = f"/v1/campaigns/{campaign_id}/contacts/{added['contactId']}"
    responses = await asyncio.gather(*(tenant.call("DELETE", path) for _ in range(8)))
    assert sorted(response.status_code for response in responses) == [200] + [404] * 7
    assert await lists(tenant, campaign_id) == [("Default List", 0)]


async def test_of_many_additions_at_once_exactly_one_is_no_duplicate(tenant):
    campaign_id = await tenant.campaign()
    responses = await asyncio.gather(*(tenant.contact(campaign_id, number) for number in WRITTEN * 2))
    assert sorted(response["duplicate"] for response in responses) == [False] + [True] * 11
    assert len({response["contactId"] for response in responses}) == 1
    assert await lists(tenant, campaign_id) == [("Default List", 1)]


@pytest.mark.parametrize("size", [20, 1000])
async def test_pages_deep_in_a_list_follow_each_other_to_its_end(tenant, conn, size):
    campaign_id, first, second = await two_lists(tenant, conn)
    for list_id, numbers in ((first, range(1500)), (second, range(1500, 3000)), (first, range(3000, 4000))):
        async with conn.transaction():
            rows = [NewContact(phone=f"+8490{n:07}") for n in numbers]
            await bulk_store.add_many(conn, tenant.tenant_id, campaign_id, list_id, rows)
    page = await contacts(tenant, campaign_id, first, "size=1")
    await tenant.done("DELETE", f"/v1/campaigns/{campaign_id}/contacts/{page['data'][0]['contactId']}")
    seen = []
    pages = 2499 // size + 1
    for number in range(pages):
        page = await contacts(tenant, campaign_id, first, f"size={size}&page={number}")
        assert page["totalRecord"] == 2499
        seen += [row["phoneNumber"] for row in page["data"]]
    assert seen == [f"090{n:07}" for n in (*range(1, 1500), *range(3000, 4000))]
    page = await contacts(tenant, campaign_id, first, f"size={size}&page={pages}")
    assert (page["totalRecord"], page["data"]) == (2499, [])


ZONES = [("0901234567", "Asia/Ho_Chi_Minh"), ("+66812345678", "Asia/Bangkok"), ("+80012345678", None)]


@pytest.mark.parametrize(("number", "zone"), ZONES)
async def test_contact_is_in_the_zone_of_its_number(tenant, number, zone):
    campaign_id = await tenant.campaign()
    added = await tenant.contact(campaign_id, number)
    page = await contacts(tenant, campaign_id, added["listId"])
    assert [row["timeZone"] for row in page["data"]] == [zone]


async def test_contact_that_may_be_anywhere_in_its_country_has_all_of_its_zones(tenant):
    campaign_id = await tenant.campaign()
    added = await tenant.contact(campaign_id, "+34612345678")
    page = await contacts(tenant, campaign_id, added["listId"])
    assert page["data"][0]["timeZone"].split(",") == ["Atlantic/Canary", "Europe/Madrid"]


async def test_contact_is_in_the_zone_that_it_is_added_with(tenant):
    campaign_id = await tenant.campaign()
    added = await tenant.contact(campaign_id, timeZone="America/New_York")
    found = await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contacts/{added['contactId']}")
    assert found["timeZone"] == "America/New_York"


@pytest.mark.parametrize("zone", ["Asia/Saigon City", "asia/ho_chi_minh", "", "+07:00", "localtime", "../UTC", "A,B"])
async def test_contact_of_a_zone_that_is_none_is_refused(tenant, zone):
    campaign_id = await tenant.campaign()
    path = f"/v1/campaigns/{campaign_id}/contacts"
    response = await tenant.post(path, {"phoneNumber": "0901234567", "timeZone": zone})
    assert refused(response, 400, "INVALID_INPUT") == (
        "timeZone must be the name of a time zone, such as Asia/Ho_Chi_Minh"
    )
    assert await lists(tenant, campaign_id) == []
