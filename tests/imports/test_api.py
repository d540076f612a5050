"""Bulk import over HTTP: accepted at once, processed by a worker, polled until it is done."""

import asyncio
import json
from datetime import datetime

import pytest

from tests.support.api import refused
from tests.support.imports.job_requests import work

FIELDS = [
    "jobId", "status", "totalRows", "processedRows", "failedRows", "duplicateRows", "errorMessage", "createdRows",
    "listId", "listName", "startedAt", "finishedAt", "dryRun", "removedRows", "undoneAt",
    "detected",
]  # fmt: skip


def numbers(count, start=0):
    return [{"phoneNumber": f"090{start + n:07}"} for n in range(count)]


async def poll(tenant, campaign_id, job_id):
    job = await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contacts/import/{job_id}")
    assert list(job) == FIELDS
    assert job["jobId"] == job_id
    assert job["processedRows"] == job["createdRows"] + job["duplicateRows"] + job["failedRows"] <= job["totalRows"]
    return job


async def counters(tenant, campaign_id, job_id):
    job = await poll(tenant, campaign_id, job_id)
    return job["status"], job["createdRows"], job["duplicateRows"], job["failedRows"]


async def listed(tenant, campaign_id):
    page = await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contact-lists")
    return {row["listName"]: row["contactCount"] for row in page["data"]}


def bulk(tenant, campaign_id, body, **headers):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return tenant.call(
        "POST",
        f"/v1/campaigns/{campaign_id}/contacts/bulk",
        content=content,
        headers={"Content-Type": "application/json"} | headers,
    )


async def test_import_is_accepted_at_once_in_the_documents_form(tenant):
    campaign_id = await tenant.campaign()
    response = (await bulk(tenant, campaign_id, {"listName": "DS", "contacts": numbers(2)})).json()
    job_id = response.pop("job_id")
    assert response == {
        "success": "1",
        "error_code": "SUCCESS",
        "error_message": "Bulk import started",
        "total_rows": 2,
    }
    job = await poll(tenant, campaign_id, job_id)
    assert (job["status"], job["totalRows"], job["processedRows"], job["listName"]) == ("pending", 2, 0, "DS")
    assert job["startedAt"] is job["finishedAt"] is job["errorMessage"] is None


async def test_done_import_shows_its_rows_and_counts(tenant, worker):
    campaign_id = await tenant.campaign()
    await tenant.contact(campaign_id, "0900000000")
    sent = [
        {"phoneNumber": "0900000000"},
        {"phoneNumber": "0900000001", "name": "KH 1", "externalId": "X", "attributes": {"a": [1, 2][0]}},
        {"phoneNumber": "+84900000001"},
        {"phoneNumber": "12"},
        {"name": "no number"},
        {"phoneNumber": 900000002},
        {"phoneNumber": "0900000003", "name": "x" * 256},
        {"phoneNumber": "0900000004", "attributes": {"a": "\n"}},
        {"phoneNumber": "0900000005", "name": None},
    ]
    job_id = await tenant.bulk(campaign_id, sent, listName="DS")
    await work(worker)
    assert await counters(tenant, campaign_id, job_id) == ("done", 3, 2, 4)
    job = await poll(tenant, campaign_id, job_id)
    assert datetime.fromisoformat(job["startedAt"]) <= datetime.fromisoformat(job["finishedAt"])
    page = await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contact-lists/{job['listId']}/contacts")
    assert page["totalRecord"] == 3
    shown = [(row["phoneNumber"], row["name"], row["externalId"], row["attributes"]) for row in page["data"]]
    assert shown == [
        ("0900000001", "KH 1", "X", {"a": 1}),
        ("0900000002", None, None, None),
        ("0900000005", None, None, None),
    ]
    assert await listed(tenant, campaign_id) == {"Default List": 1, "DS": 3}


async def test_counters_never_fall_and_equal_the_rows_when_done(tenant, serving, worker):
    campaign_id = await tenant.campaign()
    async with serving(import_chunk_rows=10) as small:
        response = await small.post(
            f"/v1/campaigns/{campaign_id}/contacts/bulk",
            json={"contacts": numbers(35) + numbers(20, 30) + [{"phoneNumber": "x"}] * 7},
            headers=tenant.key.headers,
        )
    job_id, seen = response.json()["job_id"], []
    while await worker.step():
        seen.append(await poll(tenant, campaign_id, job_id))
    processed = [job["processedRows"] for job in seen]
    assert processed == sorted(processed)
    assert sum(job["status"] == "processing" for job in seen) >= 6
    assert await counters(tenant, campaign_id, job_id) == ("done", 50, 5, 7)


async def test_list_name_that_the_campaign_has_is_added_to(tenant, worker):
    campaign_id = await tenant.campaign()
    jobs = [await tenant.bulk(campaign_id, numbers(3, start), listName="Tháng 4") for start in (0, 2)]
    await work(worker)
    assert await listed(tenant, campaign_id) == {"Tháng 4": 5}
    assert [await counters(tenant, campaign_id, job) for job in jobs] == [("done", 3, 0, 0), ("done", 2, 1, 0)]
    assert len({(await poll(tenant, campaign_id, job))["listId"] for job in jobs}) == 1


async def test_name_is_of_one_campaign_alone(tenant, worker):
    campaigns = [await tenant.campaign() for _ in range(2)]
    for campaign_id in campaigns:
        await tenant.bulk(campaign_id, numbers(2), listName="A")
    await work(worker)
    assert [await listed(tenant, campaign_id) for campaign_id in campaigns] == [{"A": 2}, {"A": 2}]


async def test_imports_without_a_name_make_lists_of_different_names(tenant):
    campaign_id = await tenant.campaign()
    await asyncio.gather(*(tenant.bulk(campaign_id, numbers(1)) for _ in range(6)))
    assert len(await listed(tenant, campaign_id)) == 6


async def test_imports_of_one_list_at_once_make_one_list(tenant, worker):
    campaign_id = await tenant.campaign()
    jobs = await asyncio.gather(*(tenant.bulk(campaign_id, numbers(4, n), listName="A") for n in range(6)))
    assert len(set(jobs)) == 6
    await work(worker)
    assert await listed(tenant, campaign_id) == {"A": 9}


async def test_null_list_name_is_none(tenant):
    campaign_id = await tenant.campaign()
    await tenant.bulk(campaign_id, numbers(1), listName=None)
    (name,) = await listed(tenant, campaign_id)
    assert name.startswith("Import ")


async def test_import_into_a_campaign_that_is_stopped_meanwhile_fails_with_a_reason(tenant, worker):
    campaign_id = await tenant.campaign()
    job_id = await tenant.bulk(campaign_id, numbers(2))
    for action in ("start", "stop"):
        await tenant.done("POST", f"/v1/campaigns/{campaign_id}/{action}")
    await work(worker)
    job = await poll(tenant, campaign_id, job_id)
    assert (job["status"], job["errorMessage"], job["createdRows"]) == ("failed", "The campaign was stopped", 0)
    assert job["finishedAt"] is not None


async def test_job_of_another_campaign_is_not_found(tenant):
    here, elsewhere = await tenant.campaign(), await tenant.campaign()
    job_id = await tenant.bulk(elsewhere, numbers(1))
    response = await tenant.get(f"/v1/campaigns/{here}/contacts/import/{job_id}")
    assert refused(response, 404, "NOT_FOUND") == "Import job not found"


BAD = [
    ({}, "contacts"),
    ({"contacts": None}, "contacts"),
    ({"contacts": {}}, "contacts"),
    ({"contacts": "0901234567"}, "contacts"),
    ({"contacts": []}, "contacts"),
    ({"contacts": [None]}, "contacts[0]"),
    ({"contacts": [[]]}, "contacts[0]"),
    ({"contacts": ["0901234567"]}, "contacts[0]"),
    ({"contacts": [{}]}, "contacts"),
    ({"contacts": [{"name": "A"}]}, "contacts"),
    ({"contacts": [{"phoneNumber": None}, {"phoneNumber": ""}]}, "contacts"),
    ({"contacts": [*numbers(3), {"phoneNumber": []}]}, "contacts[3].phoneNumber"),
    ({"contacts": [*numbers(1), {"phoneNumber": "1", "colour": "red"}]}, "colour"),
    ({"contacts": [{"phoneNumber": "1", "attributes": {"a": {}}}]}, "contacts[0].attributes"),
    ({"contacts": numbers(1), "listName": ""}, "listName"),
    ({"contacts": numbers(1), "listName": "x" * 256}, "listName"),
    ({"contacts": numbers(1), "listName": "a\r\nb"}, "listName"),
    ({"contacts": numbers(1), "listName": 5}, "listName"),
    ({"contacts": numbers(1), "colour": "red"}, "colour"),
    ([], "object"),
    (None, "object"),
]


@pytest.mark.parametrize(("body", "named"), BAD)
async def test_body_that_is_none_is_refused_by_name_and_nothing_is_written(tenant, body, named):
    campaign_id = await tenant.campaign()
    before = await tenant.checksum()
    for headers in ({}, {"Idempotency-Key": "k"}):
        assert named in refused(await bulk(tenant, campaign_id, body, **headers), 400, "INVALID_INPUT")
    assert await tenant.checksum() == before


LARGE = [{"phoneNumber": f"090{n:07}", "name": f"Khách hàng số {n:07}"} for n in range(12_000)]


async def test_large_body_is_taken_in_whole(tenant, worker):
    campaign_id = await tenant.campaign()
    body = json.dumps({"listName": "large", "contacts": LARGE}).encode()
    assert len(body) > 600_000
    response = (await bulk(tenant, campaign_id, body)).json()
    assert response["total_rows"] == 12_000
    await work(worker)
    assert await counters(tenant, campaign_id, response["job_id"]) == ("done", 12_000, 0, 0)
    job = await poll(tenant, campaign_id, response["job_id"])
    path = f"/v1/campaigns/{campaign_id}/contact-lists/{job['listId']}/contacts"
    last = await tenant.done("GET", f"{path}?page=11999&size=1")
    assert last["totalRecord"] == 12_000
    assert last["data"][0]["name"] == "Khách hàng số 0011999"


@pytest.mark.parametrize("bad", [[], {"phoneNumber": {}}, {"phone": "1"}, "\ud800"], ids=repr)
async def test_bad_item_late_in_a_large_body_refuses_all_of_it(tenant, bad):
    campaign_id = await tenant.campaign()
    before = await tenant.checksum()
    response = await bulk(tenant, campaign_id, {"contacts": [*LARGE, bad]})
    message = refused(response, 400, "INVALID_INPUT")
    assert "contacts[12000]" in message or "not valid JSON" in message
    assert await tenant.checksum() == before


async def test_large_body_cut_off_is_refused(tenant):
    campaign_id = await tenant.campaign()
    before = await tenant.checksum()
    body = json.dumps({"contacts": LARGE}).encode()
    refused(await bulk(tenant, campaign_id, body[:-2]), 400, "INVALID_INPUT")
    assert await tenant.checksum() == before


async def test_what_is_wrong_with_a_body_is_reported_before_that_there_is_no_campaign(tenant):
    refused(await bulk(tenant, 1, {"contacts": [*numbers(3), []]}), 400, "INVALID_INPUT")
    refused(await bulk(tenant, 1, {"contacts": [*LARGE, []]}), 400, "INVALID_INPUT")
    for contacts in (numbers(1), LARGE):
        response = await bulk(tenant, 1, {"contacts": contacts})
        assert refused(response, 404, "NOT_FOUND") == "Campaign not found"


@pytest.mark.parametrize("contacts", [numbers(3), LARGE], ids=["small", "large"])
async def test_posts_of_one_idempotency_key_and_body_at_once_make_one_job(tenant, conn, contacts):
    campaign_id = await tenant.campaign()
    body = {"contacts": contacts}
    posts = 10 if contacts is not LARGE else 4
    responses = await asyncio.gather(
        *(bulk(tenant, campaign_id, body, **{"Idempotency-Key": "once"}) for _ in range(posts))
    )
    assert [response.status_code for response in responses] == [200] * posts
    assert len({response.content for response in responses}) == 1
    assert await conn.fetchval("select count(*) from import_job where tenant_id = $1", tenant.tenant_id) == 1
    assert len(await listed(tenant, campaign_id)) == 1
    body["contacts"] = [*contacts, {"phoneNumber": "0901"}]
    refused(await bulk(tenant, campaign_id, body, **{"Idempotency-Key": "once"}), 400, "INVALID_INPUT")
    assert await conn.fetchval("select count(*) from import_job where tenant_id = $1", tenant.tenant_id) == 1


async def test_failed_post_does_not_spend_its_idempotency_key(tenant):
    campaign_id = await tenant.campaign()
    refused(await bulk(tenant, campaign_id, {"contacts": []}, **{"Idempotency-Key": "k"}), 400, "INVALID_INPUT")
    refused(await bulk(tenant, 1, {"contacts": numbers(1)}, **{"Idempotency-Key": "k"}), 404, "NOT_FOUND")
    response = await bulk(tenant, campaign_id, {"contacts": numbers(1)}, **{"Idempotency-Key": "k"})
    assert response.status_code == 200


async def test_body_larger_than_the_limit_is_refused_before_and_while_it_is_read(tenant, serving):
    campaign_id = await tenant.campaign()
    before = await tenant.checksum()
    body = json.dumps({"contacts": LARGE * 2}).encode()
    assert len(body) > 2**20

    async def in_pieces():
        for start in range(0, len(body), 2**16):
            yield body[start : start + 2**16]

    async with serving(max_body_mb=1) as small:
        path = f"/v1/campaigns/{campaign_id}/contacts/bulk"
        for content in (body, in_pieces()):
            response = await small.post(path, content=content, headers=tenant.key.headers)
            assert refused(response, 413, "INVALID_INPUT") == "The body is larger than 1 MB"
        fits = await small.post(path, json={"contacts": numbers(1)}, headers=tenant.key.headers)
        assert fits.status_code == 200
    assert await tenant.checksum() != before


@pytest.mark.parametrize("kind", ["text/plain", "application/json; charset=utf-16", "application/xml"])
async def test_body_of_another_type_is_refused(tenant, kind):
    campaign_id = await tenant.campaign()
    response = await bulk(tenant, campaign_id, {"contacts": numbers(1)}, **{"Content-Type": kind})
    refused(response, 415, "INVALID_INPUT")
