"""Bulk import of any format over HTTP: the same answer, the same job, or one clear refusal and nothing written."""

import asyncio
import gzip
import json
import unicodedata
from pathlib import Path

import pytest

from tests.support.imports.bulk import CSV, FORM, JSON, NDJSON, TWO_SHEETS, XLSX, form, post, refuses
from tests.support.imports.job_requests import work
from tongdai.files import media_type
from tongdai.files.process import FOLDER
from tongdai.imports.intake import spool

BODIES = {
    "application/json": JSON,
    "application/x-ndjson": NDJSON,
    "application/jsonl": NDJSON,
    "text/csv": CSV,
    "text/csv; charset=utf-8": CSV,
    media_type.XLSX: XLSX,
}


async def job_of(tenant, campaign_id, response):
    assert response.status_code == 200, response.text
    return await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contacts/import/{response.json()['job_id']}")


async def contacts(tenant, campaign_id, list_id):
    page = await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contact-lists/{list_id}/contacts")
    return [(row["phoneNumber"], row["name"], row["externalId"], row["attributes"]) for row in page["data"]]


ROWS = [
    ("0901000001", "Nguyễn A", "KH-1", {"Thành phố": "Hà Nội"}),
    ("0912345678", "B", None, None),
]


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("kind", [*BODIES, FORM])
async def test_any_format_makes_the_same_job(tenant, worker, kind, compressed):
    campaign_id = await tenant.campaign()
    content = form(XLSX, "Khách.xlsx") if kind is FORM else BODIES[kind]
    headers = {"Content-Encoding": "gzip"} if compressed else {}
    sent = gzip.compress(content) if compressed else content
    response = await post(tenant, campaign_id, sent, kind, "?listName=Th%C3%A1ng%204", **headers)
    answered = response.json()
    job_id = answered.pop("job_id")
    assert answered == {
        "success": "1",
        "error_code": "SUCCESS",
        "error_message": "Bulk import started",
        "total_rows": 3,
    }
    await work(worker)
    job = await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contacts/import/{job_id}")
    assert (job["status"], job["totalRows"], job["createdRows"], job["failedRows"]) == ("done", 3, 2, 1)
    assert job["listName"] == "Tháng 4"
    assert await contacts(tenant, campaign_id, job["listId"]) == ROWS


async def test_large_file_is_taken_in_whole(tenant, worker):
    campaign_id = await tenant.campaign()
    content = b"phone;note\n" + b"".join(b"090%07d;so %d\n" % (n, n) for n in range(40_000))
    assert len(content) > spool.IN_MEMORY
    jobs = []
    for body, kind, headers in (
        (content, "text/csv", {}),
        (gzip.compress(content), "text/csv", {"Content-Encoding": "gzip"}),
        (form(content), FORM, {}),
    ):
        response = await post(tenant, campaign_id, body, kind, **headers)
        assert response.json()["total_rows"] == 40_000
        jobs.append(await job_of(tenant, campaign_id, response))
    await work(worker)
    path = f"/v1/campaigns/{campaign_id}/contact-lists/{jobs[0]['listId']}/contacts?page=39999&size=1"
    last = await tenant.done("GET", path)
    assert last["totalRecord"] == 40_000
    assert last["data"][0]["attributes"] == {"note": "so 39999"}


async def test_format_and_name_of_a_file_are_kept(tenant, conn):
    campaign_id = await tenant.campaign()
    await post(tenant, campaign_id, CSV, "text/csv")
    await post(tenant, campaign_id, form(XLSX, "C:\\\\Users\\\\An\\\\Khách hàng.xlsx"), FORM)
    rows = await conn.fetch(
        "select format, file_name from import_job where tenant_id = $1 order by 1", tenant.tenant_id
    )
    assert [tuple(row) for row in rows] == [("csv", None), ("xlsx", "Khách hàng.xlsx")]


# --- what is detected ---


async def test_job_tells_how_its_file_was_read(tenant):
    campaign_id = await tenant.campaign()
    for query in ("", "?dry_run=true"):
        job = await job_of(tenant, campaign_id, await post(tenant, campaign_id, CSV, "text/csv", query))
        assert job["detected"] == {
            "format": "csv",
            "encoding": "UTF-8",
            "encodingDoubt": None,
            "separator": ";",
            "tables": [
                {
                    "sheet": None,
                    "headerRow": 1,
                    "columns": [
                        {"column": "Họ tên", "use": "name", "numbers": None, "leftEmpty": 0},
                        {"column": "Số điện thoại", "use": "phoneNumber", "numbers": None, "leftEmpty": 0},
                        {"column": "Mã KH", "use": "externalId", "numbers": None, "leftEmpty": 0},
                        {"column": "Thành phố", "use": "attribute", "numbers": None, "leftEmpty": 0},
                    ],
                    "rows": 3,
                    "hiddenRows": 0,
                }
            ],
            "leftOut": [],
            "skippedHiddenRows": 0,
            "notes": [],
        }
    job = await job_of(tenant, campaign_id, await post(tenant, campaign_id, JSON, "application/json"))
    assert job["detected"] is None


IN_TCVN3 = "phone,name\n0901000001,NguyÔn\n".encode("latin-1")


@pytest.mark.parametrize("encoding", ["tcvn3", "TCVN3", "cp1258", "windows-1258", "gbk"])
async def test_encoding_that_is_said_is_used(tenant, encoding):
    campaign_id = await tenant.campaign()
    for content, kind, query in (
        (IN_TCVN3, "text/csv", f"?encoding={encoding}"),
        (IN_TCVN3, "text/csv; charset=utf-8", f"?encoding={encoding}"),
        (form(IN_TCVN3, encoding=encoding), FORM, ""),
    ):
        job = await job_of(tenant, campaign_id, await post(tenant, campaign_id, content, kind, query))
        named = {"tcvn3": "TCVN3", "gbk": "gbk"}.get(encoding.lower(), "Windows-1258")
        assert (job["detected"]["encoding"], job["detected"]["encodingDoubt"]) == (named, None)


@pytest.mark.parametrize(
    ("query", "rows", "left_out"),
    [
        ("", 1, ["B"]),
        ("?sheet=B", 2, []),
        ("?sheet=2", 2, []),
        ("?allSheets=true", 3, []),
        ("?skipHidden=true", 1, ["B"]),
    ],
)
async def test_sheets_are_read_as_asked(tenant, query, rows, left_out):
    campaign_id = await tenant.campaign()
    job = await job_of(tenant, campaign_id, await post(tenant, campaign_id, TWO_SHEETS, media_type.XLSX, query))
    assert job["totalRows"] == rows
    assert [sheet["sheet"] for sheet in job["detected"]["leftOut"]] == left_out
    fields = dict(part.split("=") for part in query[1:].split("&") if part)
    form_job = await job_of(
        tenant, campaign_id, await post(tenant, campaign_id, form(TWO_SHEETS, "a.xlsx", **fields), FORM)
    )
    assert form_job["totalRows"] == rows


# --- the list's name and dry runs ---


async def test_file_without_a_list_name_makes_a_list_of_its_own(tenant):
    campaign_id = await tenant.campaign()
    jobs = [await job_of(tenant, campaign_id, await post(tenant, campaign_id, CSV, "text/csv")) for _ in range(2)]
    assert len({job["listId"] for job in jobs}) == 2
    assert all(job["listName"].startswith("Import ") for job in jobs)


async def test_list_name_may_be_said_in_the_query_the_form_or_the_body(tenant):
    campaign_id = await tenant.campaign()
    named = {"listName": "A", "contacts": [{"phoneNumber": "0901"}]}
    for content, kind, query in (
        (CSV, "text/csv", "?listName=A"),
        (form(CSV, listName="A"), FORM, ""),
        (form(CSV, listName="A"), FORM, "?listName=A"),
        (json.dumps(named), "application/json", ""),
        (json.dumps(named), "application/json", "?listName=A"),
        (form(json.dumps(named).encode(), "a.json"), FORM, ""),
    ):
        job = await job_of(tenant, campaign_id, await post(tenant, campaign_id, content, kind, query))
        assert job["listName"] == "A"


async def test_names_of_lists_that_look_the_same_are_one(tenant):
    campaign_id = await tenant.campaign()
    lists = set()
    for name in (
        "Tháng 4",
        unicodedata.normalize("NFD", "Tháng 4"),
        " Tháng  4 ",
        "Tháng\u00a04",
        "\u200bTháng 4\ufeff",
    ):
        job = await job_of(tenant, campaign_id, await post(tenant, campaign_id, form(CSV, listName=name), FORM))
        assert job["listName"] == "Tháng 4"
        lists.add(job["listId"])
    assert len(lists) == 1


async def test_dry_run_makes_no_list_and_names_the_one_there_is(tenant, worker):
    campaign_id = await tenant.campaign()
    first = await job_of(tenant, campaign_id, await post(tenant, campaign_id, CSV, "text/csv", "?listName=A"))
    await work(worker)
    for content, kind, query, list_id in (
        (CSV, "text/csv", "?listName=A&dry_run=true", first["listId"]),
        (CSV, "text/csv", "?listName=B&dry_run=true", None),
        (form(CSV, dry_run="true"), FORM, "", None),
        (form(CSV, dryRun="true"), FORM, "", None),
        (CSV, "text/csv", "?dryRun=true", None),
        (CSV, "text/csv", "?dryRun=true&dry_run=true", None),
    ):
        job = await job_of(tenant, campaign_id, await post(tenant, campaign_id, content, kind, query))
        assert (job["dryRun"], job["listId"]) == (True, list_id)
    await work(worker)
    page = await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contact-lists")
    assert {row["listName"]: row["contactCount"] for row in page["data"]} == {"A": 2}


# --- many at once ---


LARGE = b"phone;note\n" + b"".join(b"090%07d;so %d\n" % (n, n) for n in range(40_000))


async def test_eleven_large_imports_at_once_all_come_in_and_hold_up_nobody(tenant):
    campaign_id = await tenant.campaign()
    imports = [asyncio.ensure_future(post(tenant, campaign_id, LARGE, "text/csv", "?listName=A")) for _ in range(11)]
    meanwhile = 0
    while not all(one.done() for one in imports):
        await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contact-lists")
        meanwhile += 1
    responses = [one.result() for one in imports]
    assert [response.status_code for response in responses] == [200] * 11
    assert len({response.json()["job_id"] for response in responses}) == 11
    assert meanwhile > 11
    page = await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contact-lists")
    assert [row["listName"] for row in page["data"]] == ["A"]


@pytest.mark.parametrize("content", [CSV, LARGE, XLSX], ids=["small", "large", "workbook"])
async def test_import_posted_fifty_times_with_one_key_makes_one_job(tenant, conn, content):
    campaign_id = await tenant.campaign()
    kind = media_type.XLSX if content is XLSX else "text/csv"
    responses = await asyncio.gather(
        *(post(tenant, campaign_id, content, kind, **{"Idempotency-Key": "once"}) for _ in range(50))
    )
    assert {response.status_code for response in responses} == {200}
    assert len({response.content for response in responses}) == 1
    assert await conn.fetchval("select count(*) from import_job where tenant_id = $1", tenant.tenant_id) == 1
    assert "was used before" in await refuses(
        tenant, campaign_id, 400, CSV + b"D;0909;;\n", "text/csv", **{"Idempotency-Key": "once"}
    )


async def test_form_that_is_sent_again_with_another_boundary_is_the_same_request(tenant):
    campaign_id = await tenant.campaign()
    responses = [
        await post(
            tenant,
            campaign_id,
            form(CSV, boundary=boundary, listName="A"),
            f"multipart/form-data; boundary={boundary}",
            **{"Idempotency-Key": "once"},
        )
        for boundary in ("first", "second")
    ]
    assert responses[0].content == responses[1].content
    other = form(CSV, listName="B")
    assert "was used before" in await refuses(tenant, campaign_id, 400, other, FORM, **{"Idempotency-Key": "once"})


async def test_nothing_is_left_in_the_spool(tenant, settings):
    campaign_id = await tenant.campaign()
    assert (await post(tenant, campaign_id, LARGE, "text/csv")).status_code == 200
    await refuses(tenant, campaign_id, 400, LARGE + b'"', "text/csv")
    assert list((Path(settings.data_dir) / FOLDER).iterdir()) == []
