"""Do-not-call lists over the API: who may be put on them, and what then stands there."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.api import refused
from tests.support.do_not_call import LATER, PAST, add, check, counts, made, numbers
from tongdai.testing.factories import vn_mobile

WRITTEN = ("0901234567", "+84901234567", "84901234567", "0901 234 567", "090-123-4567", "0084 901234567")


async def test_lists_are_shown_with_their_counts(tenant):
    campaign_id = await tenant.campaign()
    first, second = await made(tenant, "A"), await made(tenant, "B", campaignId=campaign_id)
    await add(tenant, first, phoneNumber="0901234567")
    page = await tenant.done("GET", "/v1/do-not-call")
    shown = [{name: row[name] for name in row if name != "createdAt"} for row in page["data"]]
    assert page["totalRecord"] == 2
    assert shown == [
        {"dncListId": first, "name": "A", "campaignId": None, "entryCount": 1},
        {"dncListId": second, "name": "B", "campaignId": campaign_id, "entryCount": 0},
    ]
    assert await tenant.done("GET", f"/v1/do-not-call/{first}") == page["data"][0]
    assert (await tenant.done("GET", "/v1/do-not-call?page=1&size=1"))["data"] == page["data"][1:]


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"name": ""}, "name must have 1 to 255 characters, not 0"),
        ({"name": "A" * 256}, "name must have 1 to 255 characters, not 256"),
        ({"name": "A\nB"}, "name must not contain control characters"),
        (
            {"name": "A", "campaignId": 0},
            "campaignId must be an id, 1 to 18 digits above 0, not 0",
        ),
        ({}, "name is missing: expected a string"),
        ({"name": "A", "colour": 1}, "colour is an unknown field: expected one of name, campaignId"),
    ],
)
async def test_list_that_cannot_be_is_refused(tenant, sent, message):
    assert refused(await tenant.post("/v1/do-not-call", sent), 400, "INVALID_INPUT") == message


async def test_two_lists_of_a_tenant_have_different_names(tenant, other_tenant):
    await made(tenant, "A")
    await made(other_tenant, "A")
    message = refused(await tenant.post("/v1/do-not-call", {"name": "A"}), 400, "INVALID_INPUT")
    assert message == "name 'A' is another do-not-call list's already"


@pytest.mark.parametrize("number", WRITTEN)
async def test_number_is_one_however_it_is_written(tenant, number):
    dnc_list_id = await made(tenant)
    assert counts(await add(tenant, dnc_list_id, phoneNumber="0901234567")) == (1, 0, 0)
    assert counts(await add(tenant, dnc_list_id, phoneNumber=number, reason="again")) == (0, 1, 0)
    assert await check(tenant, number) == ["Not these"]
    page = await tenant.done("GET", f"/v1/do-not-call/{dnc_list_id}/numbers", params={"phoneNumber": number})
    assert page["totalRecord"] == 1
    assert (page["data"][0]["phoneNumber"], page["data"][0]["reason"]) == ("0901234567", "again")
    await tenant.done("DELETE", f"/v1/do-not-call/{dnc_list_id}/numbers/{number}")
    assert await check(tenant, number) == []
    assert (await tenant.done("GET", f"/v1/do-not-call/{dnc_list_id}"))["entryCount"] == 0


async def test_last_word_on_a_number_holds(tenant):
    dnc_list_id = await made(tenant)
    await add(tenant, dnc_list_id, phoneNumber="0901234567", reason="A", expiresAt=LATER)
    await add(tenant, dnc_list_id, phoneNumber="0901234567")
    (row,) = (await numbers(tenant, dnc_list_id))["data"]
    assert (row["reason"], row["expiresAt"]) == (None, None)


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"phoneNumber": "113"}, "phoneNumber is a short number, such as an emergency number: these are never called"),
        ({"phoneNumber": "12x"},
         "phoneNumber is not a phone number: it may have digits, spaces, . - / ( ) [ ] and a leading +"),
        ({"phoneNumber": ""}, "phoneNumber is missing"),
        ({"phoneNumber": "0901234567", "reason": "A" * 256}, "reason must have at most 255 characters, not 256"),
        ({"phoneNumber": "0901234567", "reason": "A\n"}, "reason must not contain control characters"),
        ({"phoneNumber": "0901234567", "expiresAt": "2001-01-01T00:00:00Z"}, PAST),
        ({"phoneNumber": "0901234567", "expiresAt": "2999-01-01T00:00:00"}, PAST),
        ({"phoneNumber": "0901234567", "expiresAt": "31/12/2999"}, PAST),
        ({"phoneNumber": "0901234567", "expiresAt": "2001-01-01"}, PAST),
        ({"phoneNumber": "0901234567", "expiresAt": "soon"}, PAST),
        ({"phoneNumber": "0901234567 x1"},
         "phoneNumber is not a phone number: it may have digits, spaces, . - / ( ) [ ] and a leading +"),
        ({"phoneNumber": "0901234567", "expiresAt": "9999-12-31T23:00:00-05:00"}, PAST),
        ({}, "Expected phoneNumber or numbers"),
        ({"numbers": []}, "numbers must have 1 to 10000 items, not 0"),
        ({"numbers": [{"phoneNumber": "0901234567"}] * 10_001}, "numbers must have 1 to 10000 items, not 10001"),
        ({"numbers": [{"phoneNumber": "0901234567"}], "reason": "A"},
         "Expected either phoneNumber with reason and expiresAt, or numbers alone"),
        ({"numbers": [{"reason": "A"}]}, "numbers[0].phoneNumber is missing: expected a string"),
    ],
)  # fmt: skip
async def test_number_that_cannot_be_listed_changes_nothing(tenant, sent, message):
    dnc_list_id = await made(tenant)
    before = await tenant.checksum()
    response = await tenant.post(f"/v1/do-not-call/{dnc_list_id}/numbers", sent)
    assert refused(response, 400, "INVALID_INPUT") == message
    assert await tenant.checksum() == before


async def test_of_many_numbers_the_bad_are_reported_and_the_good_are_stored(tenant):
    dnc_list_id = await made(tenant)
    await add(tenant, dnc_list_id, phoneNumber="0900000001")
    sent = [
        {"phoneNumber": "0900000001", "reason": "A"},
        {"phoneNumber": "0901"},
        {"phoneNumber": "0900000002", "expiresAt": LATER},
        {"phoneNumber": "0900 000 002", "reason": "the last"},
        {"phoneNumber": "0900000003", "expiresAt": "2001-01-01T00:00:00Z"},
    ]
    reported = await add(tenant, dnc_list_id, numbers=sent)
    assert counts(reported) == (1, 2, 2)
    assert reported["errors"] == [
        {"row": 2, "phoneNumber": "0901", "reason": "phoneNumber is too short for a phone number"},
        {"row": 5, "phoneNumber": "0900000003", "reason": PAST},
    ]
    page = await numbers(tenant, dnc_list_id)
    assert [(row["phoneNumber"], row["reason"], row["expiresAt"]) for row in page["data"]] == [
        ("0900000001", "A", None),
        ("0900000002", "the last", None),
    ]


async def test_ten_thousand_numbers_go_in_at_once_and_page_after_page_comes_out(tenant):
    dnc_list_id = await made(tenant)
    sent = [{"phoneNumber": vn_mobile(n)} for n in range(10_000)]
    assert counts(await add(tenant, dnc_list_id, numbers=sent)) == (10_000, 0, 0)
    seen = []
    for page in range(10):
        found = await numbers(tenant, dnc_list_id, f"size=1000&page={page}")
        assert found["totalRecord"] == 10_000
        seen += [row["phoneNumber"] for row in found["data"]]
    assert seen == [vn_mobile(n) for n in range(10_000)]
    assert (await numbers(tenant, dnc_list_id, "size=1000&page=10"))["data"] == []


async def test_check_tells_the_lists_that_forbid_a_number_to_a_campaign(tenant):
    here, elsewhere = await tenant.campaign("Here"), await tenant.campaign("Elsewhere")
    for name, fields in (("All", {}), ("Here", {"campaignId": here}), ("Elsewhere", {"campaignId": elsewhere})):
        await add(tenant, await made(tenant, name, **fields), phoneNumber="0901234567")
    assert await check(tenant) == ["All", "Here", "Elsewhere"]
    assert await check(tenant, campaignId=here) == ["All", "Here"]
    assert await check(tenant, "0901234568", campaignId=here) == []


async def test_entry_that_has_expired_forbids_nothing_and_is_still_shown(tenant, conn):
    dnc_list_id = await made(tenant)
    await add(tenant, dnc_list_id, phoneNumber="0901234567", expiresAt=LATER)
    assert await check(tenant) == ["Not these"]
    expire = "update do_not_call set expires_at = $2 where tenant_id = $1"
    await conn.execute(expire, tenant.tenant_id, datetime.now(UTC) - timedelta(1))
    assert await check(tenant) == []
    page = await numbers(tenant, dnc_list_id)
    assert (page["totalRecord"], page["data"][0]["phoneNumber"]) == (1, "0901234567")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "phoneNumber is missing: expected a phone number"),
        ("phoneNumber=1", "phoneNumber is too short for a phone number"),
        ("phoneNumber=0901234567&phoneNumber=0901234567", "phoneNumber is given 2 times: expected once"),
        (
            "phoneNumber=0901234567&campaignId=x",
            "campaignId must be an id, 1 to 18 digits above 0, not 'x'",
        ),
    ],
)
async def test_check_that_cannot_be_asked_is_refused(tenant, query, message):
    assert refused(await tenant.get(f"/v1/do-not-call/check?{query}"), 400, "INVALID_INPUT") == message


async def test_number_that_is_not_in_a_list_cannot_be_taken_out(tenant):
    dnc_list_id = await made(tenant)
    before = await tenant.checksum()
    for number in ("0901234567", "1", "abc"):
        response = await tenant.call("DELETE", f"/v1/do-not-call/{dnc_list_id}/numbers/{number}")
        assert refused(response, 404, "NOT_FOUND") == "Number not found"
    assert await tenant.checksum() == before


async def test_list_goes_with_all_that_stands_in_it(tenant):
    dnc_list_id, other = await made(tenant), await made(tenant, "Other")
    for one in (dnc_list_id, other):
        await add(tenant, one, numbers=[{"phoneNumber": vn_mobile(n)} for n in range(3)])
    await tenant.done("DELETE", f"/v1/do-not-call/{dnc_list_id}")
    refused(await tenant.get(f"/v1/do-not-call/{dnc_list_id}"), 404, "NOT_FOUND")
    response = await tenant.post(f"/v1/do-not-call/{dnc_list_id}/numbers", {"phoneNumber": "0901234567"})
    refused(response, 404, "NOT_FOUND")
    assert await check(tenant, vn_mobile(1)) == ["Other"]
    assert (await tenant.done("GET", f"/v1/do-not-call/{other}"))["entryCount"] == 3


async def test_repeated_request_gets_the_first_answer_and_does_nothing_twice(tenant):
    key = {"Idempotency-Key": "a"}
    first = await tenant.post("/v1/do-not-call", {"name": "A"}, headers=key)
    assert (await tenant.post("/v1/do-not-call", {"name": "A"}, headers=key)).content == first.content
    path = f"/v1/do-not-call/{first.json()['dncListId']}/numbers"
    key = {"Idempotency-Key": "b", "content-type": "text/csv"}
    responses = [await tenant.post(path, content=b"phone\n0901234567\n", headers=key) for _ in range(2)]
    assert [counts(response.json()) for response in responses] == [(1, 0, 0)] * 2


async def test_numbers_that_come_from_many_at_once_are_each_counted_once(tenant):
    dnc_list_id = await made(tenant)
    spans = [range(start, start + 300) for start in (0, 100, 200, 300)]
    responses = await asyncio.gather(
        *(add(tenant, dnc_list_id, numbers=[{"phoneNumber": vn_mobile(n)} for n in span]) for span in spans),
        *(add(tenant, dnc_list_id, phoneNumber=vn_mobile(150)) for _ in range(5)),
    )
    assert sum(response["added"] for response in responses) == 600
    assert (await tenant.done("GET", f"/v1/do-not-call/{dnc_list_id}"))["entryCount"] == 600
    assert (await numbers(tenant, dnc_list_id))["totalRecord"] == 600


async def test_every_change_is_audited(tenant, conn):
    dnc_list_id = await made(tenant)
    await add(tenant, dnc_list_id, numbers=[{"phoneNumber": "0901234567"}, {"phoneNumber": "1"}])
    await tenant.done("DELETE", f"/v1/do-not-call/{dnc_list_id}/numbers/0901234567")
    await tenant.done("DELETE", f"/v1/do-not-call/{dnc_list_id}")
    audited = "select action, subject, detail from audit where tenant_id = $1 and action like 'dnc.%' order by audit_id"
    rows = await conn.fetch(audited, tenant.tenant_id)
    assert {row["subject"] for row in rows} == {f"do-not-call list {dnc_list_id}"}
    assert [(row["action"], row["detail"]) for row in rows] == [
        ("dnc.create", {"campaignId": None}),
        ("dnc.add", {"added": 1, "updated": 0, "failed": 1}),
        ("dnc.remove", {"phone": "+84901234567"}),
        ("dnc.delete", {"name": "Not these", "entries": 0}),
    ]
