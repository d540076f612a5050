"""Jobs over HTTP: what happened to their rows, the list of them, undoing and following them."""

import asyncio
import csv
import io
import json
from datetime import timedelta

import pytest

from tests.support.api import refused, rows_of_csv
from tests.support.imports.job_requests import done, follow, place, small, working
from tests.support.imports.jobs import accounted, messy
from tongdai.http.streams.csv import csv_of
from tongdai.imports.worker import Worker

ROW = ["row", "phoneNumber", "externalId", "outcome", "reason", "reasonCode", "contactId"]


# What happened to the rows


async def all_rows(tenant, campaign_id, job_id, size, **query):
    found, page = [], 0
    while True:
        response = await tenant.done(
            "GET", place(campaign_id, job_id, "/rows"), params={"page": page, "size": size} | query
        )
        if not response["data"]:
            assert response["totalRecord"] == len(found)
            return found
        assert len(response["data"]) <= size
        found += response["data"]
        page += 1


@pytest.mark.parametrize("size", [1000, 37, 10])
async def test_pages_show_every_row_once_and_in_order(tenant, serving, pool, size):
    campaign_id = await tenant.campaign()
    rows, known = messy(1, 300)
    for number in known:
        await tenant.contact(campaign_id, number)
    job_id = await small(tenant, serving, campaign_id, rows, 13)
    await done(pool)
    found = await all_rows(tenant, campaign_id, job_id, size)
    assert all(list(row) == ROW for row in found)
    assert [row["row"] for row in found] == list(range(1, 301))
    expected = accounted(rows, known)
    reported = [(row["outcome"], row["reasonCode"], row["phoneNumber"], row["externalId"]) for row in found]
    assert reported == expected
    for outcome in ("created", "duplicate", "failed"):
        matching = await all_rows(tenant, campaign_id, job_id, size, outcome=outcome)
        assert matching == [row for row in found if row["outcome"] == outcome]


async def test_rows_of_a_running_import_are_those_taken_in_so_far(tenant, serving, pool):
    campaign_id = await tenant.campaign()
    rows = [{"phoneNumber": f"090{n:07}"} for n in range(25)]
    job_id = await small(tenant, serving, campaign_id, rows)
    one = Worker(pool, timedelta(seconds=30), asyncio.Event())
    for taken in (0, 10, 20):
        page = await tenant.done("GET", place(campaign_id, job_id, "/rows"), params={"size": 1, "page": 5})
        assert page["totalRecord"] == taken
        assert [row["row"] for row in page["data"]] == ([6] if taken else [])
        while await one.step():
            if (await tenant.done("GET", place(campaign_id, job_id)))["processedRows"] > taken:
                break


async def test_failed_and_duplicate_rows_say_why_and_of_which_contact(tenant, pool):
    campaign_id = await tenant.campaign()
    there = await tenant.contact(campaign_id, "0900000001")
    sent = [
        {"phoneNumber": "0900 000 001", "externalId": "A"},
        {"phoneNumber": "0901"},
        {"phoneNumber": "0900000002"},
        {"phoneNumber": "+84900000002"},
        {"phoneNumber": 900000003},
        {"name": "nobody"},
    ]
    job_id = await tenant.bulk(campaign_id, sent)
    await done(pool)
    rows = (await tenant.done("GET", place(campaign_id, job_id, "/rows")))["data"]
    made = rows[2]["contactId"]
    repeat = "phoneNumber stands in an earlier row of this import"
    missing = "phoneNumber is missing: expected a phone number as text"
    assert [list(row.values()) for row in rows] == [
        [1, "0900 000 001", "A", "duplicate", "phoneNumber is in the campaign already", "in_campaign",
         there["contactId"]],
        [2, "0901", None, "failed", "phoneNumber is too short for a phone number", "too_short", None],
        [3, "0900000002", None, "created", None, None, made],
        [4, "+84900000002", None, "duplicate", repeat, "repeated", made],
        [5, "900000003", None, "created", None, None, rows[4]["contactId"]],
        [6, None, None, "failed", missing, "missing", None],
    ]  # fmt: skip


async def test_csv_has_all_matching_rows_whatever_the_page(tenant, serving, pool):
    campaign_id = await tenant.campaign()
    rows, _ = messy(2, 300)
    job_id = await small(tenant, serving, campaign_id, rows, 7)
    await done(pool)
    for query in ({}, {"outcome": "failed"}, {"outcome": "created", "page": 3, "size": 2}):
        response = await tenant.get(
            place(campaign_id, job_id, "/rows"), params=query, headers={"Accept": "text/html, text/csv;q=0.9"}
        )
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/csv; charset=utf-8"
        assert f"import-{job_id}-rows.csv" in response.headers["content-disposition"]
        rows = rows_of_csv(response)
        assert {tuple(row) for row in rows} == {tuple(ROW)}
        outcome = {"outcome": query["outcome"]} if "outcome" in query else {}
        listed = await all_rows(tenant, campaign_id, job_id, 1000, **outcome)
        shown = [["" if value is None else str(value) for value in row.values()] for row in listed]
        assert [[cell.removeprefix("'") for cell in row.values()] for row in rows] == shown


def test_cells_that_a_spreadsheet_would_calculate_are_text():
    calculated = ["=1+1", "@SUM(A1)", "-1", "\tx", "\r=1", "+cmd", "+", "+1+cmd|' /C calc'!A0", "+84901=1", "+84901\n",
                  "+84 901 234 567", "+1234567890123456"]  # fmt: skip
    plain = ["+84901234567", "+123456789012345", "0901", "a=b", "", None, 5, -5]
    line = next(csv.reader(io.StringIO(csv_of([(*calculated, *plain)]).decode(), newline="")))
    # A formula behind a line end, which some programs read as a cell of its own, has an apostrophe of its own.
    assert line[: len(calculated)] == [f"'{cell}".replace("\r=", "\r'=") for cell in calculated]
    assert line[len(calculated) :] == ["+84901234567", "+123456789012345", "0901", "a=b", "", "", "5", "-5"]


async def test_refused_rows_can_be_sent_again_as_the_file_they_come_in(tenant, pool):
    campaign_id = await tenant.campaign()
    sent = ["+84 901 234", "+84 901 234 567 x", "-0901", "=0901", "@0901", "+1+cmd|' /C calc'!A0", "0901", "+84"]
    await tenant.contact(campaign_id, "0901234567")
    job_id = await tenant.bulk(campaign_id, [{"phoneNumber": number} for number in (*sent, "+84 901 234 567")])
    await done(pool)
    response = await tenant.get(place(campaign_id, job_id, "/rows"), headers={"Accept": "text/csv"})
    lines = rows_of_csv(response)
    assert [line["phoneNumber"] for line in lines if not line["phoneNumber"].startswith("'")] == ["0901", "+84"]
    again = await tenant.post(
        f"/v1/campaigns/{campaign_id}/contacts/bulk", content=response.content, headers={"content-type": "text/csv"}
    )
    await done(pool)
    rows = (await tenant.done("GET", place(campaign_id, again.json()["job_id"], "/rows")))["data"]
    assert [(row["phoneNumber"], row["outcome"]) for row in rows] == [
        *((number, "failed") for number in sent),
        ("+84 901 234 567", "duplicate"),
    ]


@pytest.mark.parametrize(
    ("query", "name"),
    [("outcome=none", "outcome"), ("outcome=", "outcome"), ("outcome=failed&outcome=failed", "outcome"),
     ("page=-1", "page"), ("size=1001", "size")],
)  # fmt: skip
async def test_query_of_rows_is_read_strictly(tenant, query, name):
    campaign_id = await tenant.campaign()
    job_id = await tenant.bulk(campaign_id, [{"phoneNumber": "0900000001"}])
    response = await tenant.get(place(campaign_id, job_id, f"/rows?{query}"))
    assert name in refused(response, 400, "INVALID_INPUT")


async def test_rows_that_are_no_longer_kept_are_refused_and_not_undone(tenant, pool, conn):
    campaign_id = await tenant.campaign()
    job_id = await tenant.bulk(campaign_id, [{"phoneNumber": "0900000001"}])
    await done(pool)
    await conn.execute("update import_job set rows_state = 'dropped' where tenant_id = $1", tenant.tenant_id)
    before = await tenant.checksum()
    for method, rest in (("GET", "/rows"), ("DELETE", "")):
        response = await tenant.call(method, place(campaign_id, job_id, rest))
        assert "no longer kept" in refused(response, 400, "INVALID_STATE")
    assert await tenant.checksum() == before


# The list of jobs


async def test_jobs_are_listed_newest_first_and_by_pages(tenant, pool):
    campaign_id, other = await tenant.campaign(), await tenant.campaign()
    await tenant.bulk(other, [{"phoneNumber": "0900000001"}])
    jobs = [await tenant.bulk(campaign_id, [{"phoneNumber": f"090000000{n}"}]) for n in range(5)]
    await done(pool)
    pages = [
        await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contacts/import?page={page}&size=2") for page in range(4)
    ]
    assert [[job["jobId"] for job in page["data"]] for page in pages] == [jobs[:2:-1], jobs[2:0:-1], jobs[:1], []]
    assert {page["totalRecord"] for page in pages} == {5}
    assert pages[0]["data"][0] == await tenant.done("GET", place(campaign_id, jobs[-1]))
    empty = await tenant.done("GET", f"/v1/campaigns/{await tenant.campaign()}/contacts/import")
    assert (empty["totalRecord"], empty["data"]) == (0, [])


# Undo


async def test_undo_answers_once_the_contacts_are_gone_and_repeats_its_answer(tenant, pool):
    campaign_id = await tenant.campaign()
    kept = await tenant.contact(campaign_id, "0900000009")
    job_id = await tenant.bulk(campaign_id, [{"phoneNumber": f"090000000{n}"} for n in range(3)], listName="A")
    await done(pool)
    async with working(pool):
        response = await tenant.done("DELETE", place(campaign_id, job_id))
    assert response == {
        "success": "1",
        "error_code": "SUCCESS",
        "error_message": "Import undone: 3 contacts removed",
        "job_id": job_id,
        "removedRows": 3,
        "undone": True,
    }
    before = await tenant.checksum()
    assert await tenant.done("DELETE", place(campaign_id, job_id)) == response
    assert await tenant.checksum() == before
    job = await tenant.done("GET", place(campaign_id, job_id))
    assert (job["status"], job["createdRows"], job["removedRows"]) == ("done", 3, 3)
    assert job["undoneAt"] is not None
    lists = await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contact-lists")
    assert {row["listName"]: row["contactCount"] for row in lists["data"]} == {"Default List": 1, "A": 0}
    assert (await tenant.contact(campaign_id, "0900000009"))["contactId"] == kept["contactId"]


async def test_undo_of_a_pending_import_stops_it_before_it_begins(tenant, pool):
    campaign_id = await tenant.campaign()
    job_id = await tenant.bulk(campaign_id, [{"phoneNumber": "0900000001"}])
    response = await tenant.done("DELETE", place(campaign_id, job_id))
    assert (response["removedRows"], response["undone"]) == (0, True)
    assert response["error_message"] == "Import undone: 0 contacts removed"
    await done(pool)
    job = await tenant.done("GET", place(campaign_id, job_id))
    assert (job["status"], job["errorMessage"], job["processedRows"]) == ("failed", "Stopped and undone", 0)


async def test_undo_that_takes_longer_says_so_and_continues(tenant, pool, serving):
    campaign_id = await tenant.campaign()
    job_id = await tenant.bulk(campaign_id, [{"phoneNumber": "0900000001"}])
    await done(pool)
    async with serving(undo_wait_s=0) as hasty:
        response = (await hasty.delete(place(campaign_id, job_id), headers=tenant.key.headers)).json()
    assert (response["removedRows"], response["undone"]) == (0, False)
    assert response["error_message"] == "Import is being undone: 0 contacts removed so far"
    assert (await tenant.done("GET", place(campaign_id, job_id)))["undoneAt"] is None
    await done(pool)
    again = await tenant.done("DELETE", place(campaign_id, job_id))
    assert (again["removedRows"], again["undone"]) == (1, True)
    assert again["error_message"] == "Import undone: 1 contact removed"


async def test_import_can_be_repeated_after_its_undo(tenant, pool):
    campaign_id = await tenant.campaign()
    sent = [{"phoneNumber": f"090000000{n}"} for n in range(3)]
    async with working(pool):
        for _ in range(2):
            job_id = await tenant.bulk(campaign_id, sent, listName="A")
            events = await follow(tenant, campaign_id, job_id)
            assert (events[-1][1]["createdRows"], events[-1][1]["duplicateRows"]) == (3, 0)
            assert (await tenant.done("DELETE", place(campaign_id, job_id)))["removedRows"] == 3


@pytest.mark.parametrize("rest", ["", "/rows", "/events"])
async def test_job_of_nobody_of_another_campaign_or_of_another_tenant_is_not_found(tenant, other_tenant, rest):
    campaign_id, other = await tenant.campaign(), await tenant.campaign()
    job_id = await tenant.bulk(campaign_id, [{"phoneNumber": "0900000001"}])
    before = await tenant.checksum()
    for method in ("GET", "DELETE") if not rest else ("GET",):
        for who, path in (
            (other_tenant, place(campaign_id, job_id, rest)),
            (tenant, place(other, job_id, rest)),
            (tenant, place(campaign_id, job_id + 10**6, rest)),
            (tenant, place(campaign_id, "x", rest)),
            (tenant, place("0", job_id, rest)),
        ):
            response = await who.call(method, path, headers={"Accept": "text/csv"})
            assert refused(response, 404, "NOT_FOUND") == "Import job not found"
    listed = await other_tenant.get(f"/v1/campaigns/{campaign_id}/contacts/import")
    assert refused(listed, 404, "NOT_FOUND") == "Campaign not found"
    assert await tenant.checksum() == before


@pytest.mark.parametrize("kind", ["application/json", "application/x-ndjson", "text/csv"])
async def test_row_says_its_time_zone_and_one_that_is_none_fails_its_row(tenant, pool, kind):
    campaign_id = await tenant.campaign()
    sent = [("0900000001", "Asia/Bangkok"), ("0900000002", None), ("0900000003", "Sài Gòn")]
    items = [{"phoneNumber": number, "timeZone": zone} for number, zone in sent]
    content = {
        "application/json": json.dumps({"contacts": items}),
        "application/x-ndjson": "\n".join(map(json.dumps, items)),
        "text/csv": "phone,Múi giờ\n" + "".join(f"{number},{zone or ''}\n" for number, zone in sent),
    }[kind]
    path = f"/v1/campaigns/{campaign_id}/contacts/bulk"
    job_id = (await tenant.done("POST", path, content=content.encode(), headers={"content-type": kind}))["job_id"]
    await done(pool)
    rows = (await tenant.done("GET", place(campaign_id, job_id, "/rows")))["data"]
    assert [(row["outcome"], row["reasonCode"]) for row in rows] == [
        ("created", None), ("created", None), ("failed", "unknown_time_zone"),
    ]  # fmt: skip
    assert rows[2]["reason"] == "timeZone must be the name of a time zone, such as Asia/Ho_Chi_Minh"
    found = [
        (await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contacts/{row['contactId']}"))["timeZone"]
        for row in rows[:2]
    ]
    assert found == ["Asia/Bangkok", "Asia/Ho_Chi_Minh"]
