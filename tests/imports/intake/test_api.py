"""Bulk import of any format over HTTP: the same answer, the same job, or one clear refusal and nothing written."""

import asyncio
import gzip
import json
import unicodedata
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.api import refused
from tests.support.workbooks import workbook, workbook_of
from tongdai.files import media_type
from tongdai.files.process import FOLDER
from tongdai.imports.intake import spool
from tongdai.imports.worker import Worker

CSV = "Họ tên;Số điện thoại;Mã KH;Thành phố\nNguyễn A;0901000001;KH-1;Hà Nội\nB;912345678.0;;\nC;x;;\n".encode()
NDJSON = (
    b'{"phoneNumber":"0901000001","name":"Nguy\xe1\xbb\x85n A","externalId":"KH-1","attributes":{"Th\xc3\xa0nh ph\xe1'
    b'\xbb\x91":"H\xc3\xa0 N\xe1\xbb\x99i"}}\n{"phoneNumber":"912345678","name":"B"}\n{"phoneNumber":"x","name":"C"}\n'
)
JSON = b'{"contacts":[' + NDJSON.strip().replace(b"\n", b",") + b"]}"
XLSX = workbook(
    ["Họ tên", "Số điện thoại", "Mã KH", "Thành phố"],
    ["Nguyễn A", "0901000001", "KH-1", "Hà Nội"],
    ["B", 912345678],
    ["C", "x"],
)
BODIES = {
    "application/json": JSON,
    "application/x-ndjson": NDJSON,
    "application/jsonl": NDJSON,
    "text/csv": CSV,
    "text/csv; charset=utf-8": CSV,
    media_type.XLSX: XLSX,
}
FORM = "multipart/form-data; boundary=xx"


def form(content: bytes, name: str = "a.csv", boundary: str = "xx", **fields: str) -> bytes:
    parts = [f'Content-Disposition: form-data; name="{key}"\r\n\r\n{value}'.encode() for key, value in fields.items()]
    parts.append(f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode() + content)
    edge = f"--{boundary}".encode()
    return b"".join(edge + b"\r\n" + part + b"\r\n" for part in parts) + edge + b"--\r\n"


@pytest.fixture
def worker(pool):
    return Worker(pool, timedelta(seconds=30), asyncio.Event())


async def work(worker):
    while await worker.step():
        pass


def post(tenant, campaign_id, content, kind, query="", **headers):
    path = f"/v1/campaigns/{campaign_id}/contacts/bulk{query}"
    return tenant.call("POST", path, content=content, headers={"Content-Type": kind} | headers)


async def job_of(tenant, campaign_id, answer):
    assert answer.status_code == 200, answer.text
    return await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contacts/import/{answer.json()['job_id']}")


async def contacts(tenant, campaign_id, list_id):
    page = await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contact-lists/{list_id}/contacts")
    return [(row["phoneNumber"], row["name"], row["externalId"], row["attributes"]) for row in page["data"]]


async def refuses(tenant, campaign_id, status, content, kind, query="", **headers):
    """The message; nothing was written."""
    before = await tenant.checksum()
    message = refused(await post(tenant, campaign_id, content, kind, query, **headers), status, "INVALID_INPUT")
    assert len(message) < 400
    assert await tenant.checksum() == before
    return message


ROWS = [
    ("0901000001", "Nguyễn A", "KH-1", {"Thành phố": "Hà Nội"}),
    ("0912345678", "B", None, None),
]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("kind", [*BODIES, FORM])
async def test_any_format_makes_the_same_job(tenant, worker, kind, packed):
    campaign_id = await tenant.campaign()
    content = form(XLSX, "Khách.xlsx") if kind is FORM else BODIES[kind]
    headers = {"Content-Encoding": "gzip"} if packed else {}
    sent = gzip.compress(content) if packed else content
    answer = await post(tenant, campaign_id, sent, kind, "?listName=Th%C3%A1ng%204", **headers)
    answered = answer.json()
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
        answer = await post(tenant, campaign_id, body, kind, **headers)
        assert answer.json()["total_rows"] == 40_000
        jobs.append(await job_of(tenant, campaign_id, answer))
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


TWO_SHEETS = workbook_of({"A": [["phone"], ["0901000001"]], "B": [["phone"], ["0901000002"], ["0901000003"]]})


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


@pytest.mark.parametrize(
    ("content", "kind", "query", "named"),
    [
        (CSV, "text/csv", "?encoding=klingon", "encoding is klingon: expected one of utf-8, "),
        (CSV, "text/csv", "?encoding=unicode_escape", "encoding is unicode_escape: expected one of utf-8, "),
        (JSON, "application/json", "?encoding=utf-8", "encoding is for CSV and XLSX"),
        (CSV, "text/csv", "?sheet=A", "sheet, allSheets and skipHidden are for XLSX"),
        (CSV, "text/csv", "?allSheets=true", "sheet, allSheets and skipHidden are for XLSX"),
        (CSV, "text/csv", "?allSheets=1", "allSheets is 1: expected true or false"),
        (TWO_SHEETS, media_type.XLSX, "?skipHidden=yes", "skipHidden is yes: expected true or false"),
        (TWO_SHEETS, media_type.XLSX, "?sheet=C", "The workbook has no sheet C: it has A, B"),
        (TWO_SHEETS, media_type.XLSX, "?sheet=", "sheet must have 1 to 255 characters"),
        (TWO_SHEETS, media_type.XLSX, "?sheet=A&allSheets=true", "sheet and allSheets are both given"),
        (form(TWO_SHEETS, "a.xlsx", sheet="A"), FORM, "?sheet=B", "sheet is B and A"),
    ],
)
async def test_option_that_is_none_is_refused(tenant, content, kind, query, named):
    campaign_id = await tenant.campaign()
    assert (await refuses(tenant, campaign_id, 400, content, kind, query)).startswith(named)


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


@pytest.mark.parametrize(
    ("content", "kind", "query", "named"),
    [
        (
            b'{"listName":"A","contacts":[{"phoneNumber":"1"}]}',
            "application/json",
            "?listName=B",
            "listName is B and A",
        ),
        (form(CSV, listName="A"), FORM, "?listName=B", "listName is B and A"),
        (form(CSV, dry_run="true"), FORM, "?dry_run=false", "dry_run is false and true"),
        (form(CSV, dryRun="true"), FORM, "?dry_run=false", "dry_run is false and true"),
        (CSV, "text/csv", "?dryRun=true&dry_run=false", "dry_run is false and true"),
        (CSV, "text/csv", "?dryRun=yes", "dry_run is yes: expected true or false"),
        (CSV, "text/csv", "?dryrun=true", "Query parameter dryrun is not known: did you mean dry_run?"),
        (CSV, "text/csv", "?dry-run=true", "Query parameter dry-run is not known: did you mean dry_run?"),
        (CSV, "text/csv", "?list_name=A", "Query parameter list_name is not known: did you mean listName?"),
        (CSV, "text/csv", "?listName=", "listName must have 1 to 255 characters"),
        (CSV, "text/csv", "?listName=" + "x" * 256, "listName must have 1 to 255 characters"),
        (CSV, "text/csv", "?listName=a%0Ab", "listName must not contain control characters"),
        (CSV, "text/csv", "?listName=%20%E2%80%8B", "listName must have 1 to 255 characters, not 0"),
        (CSV, "text/csv", "?listName=A&listName=B", "listName is given 2 times"),
        (form(CSV, listName=""), FORM, "", "listName must have 1 to 255 characters"),
        *((CSV, "text/csv", f"?dry_run={value}", "dry_run is ") for value in ("", "1", "True", "yes", "null")),
    ],
)
async def test_query_that_is_none_or_says_another_thing_than_the_body_is_refused(tenant, content, kind, query, named):
    campaign_id = await tenant.campaign()
    assert (await refuses(tenant, campaign_id, 400, content, kind, query)).startswith(named)


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


# --- what is refused ---


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "application/zip", "application/json; charset=utf-16"]
)
async def test_type_that_is_not_understood_is_refused(tenant, kind):
    assert "expected" in await refuses(tenant, await tenant.campaign(), 415, CSV, kind)


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "x"])
async def test_encoding_that_is_not_understood_is_refused(tenant, encoding):
    campaign_id = await tenant.campaign()
    message = await refuses(tenant, campaign_id, 415, CSV, "text/csv", **{"Content-Encoding": encoding})
    assert "expected gzip" in message


FILES = {
    "empty": (b"", "text/csv"),
    "headers only": (b"phone,name\n", "text/csv"),
    "no phone column": (b"id,name\n1,A\n", "text/csv"),
    "no number": (b"phone,name\n,A\n", "text/csv"),
    "cut": (b'phone,name\n1,"A\n', "text/csv"),
    "cell of 40 MB": (b"phone\n" + b"1" * 40_000_000, "text/csv"),
    "million columns": (b"phone" + b",c" * 1_000_000 + b"\n1\n", "text/csv"),
    "NUL": (b"phone\n1\0\n", "text/csv"),
    "mixed": ("phone,name\n1,Nguyễn\n".encode() + b"2,\xd5\n", "text/csv"),
    "empty lines": (b"\n\n", "application/x-ndjson"),
    "unknown field": (b'{"phoneNumber":"1","colour":"red"}', "application/x-ndjson"),
    "no workbook": (CSV, media_type.XLSX),
    "empty workbook": (workbook(), media_type.XLSX),
    "encrypted": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, media_type.XLSX),
    "workbook cut": (XLSX[:-40], media_type.XLSX),
    "workbook as CSV": (XLSX, "text/csv"),
    "form without a file": (b"--xx--\r\n", FORM),
    "form cut": (form(CSV)[:-20], FORM),
}


@pytest.mark.parametrize("name", FILES)
async def test_file_that_is_none_is_refused_and_nothing_is_written(tenant, name):
    campaign_id = await tenant.campaign()
    content, kind = FILES[name]
    await refuses(tenant, campaign_id, 400, content, kind)
    await refuses(tenant, campaign_id, 400, content, kind, **{"Idempotency-Key": "k"})
    good = await post(tenant, campaign_id, CSV, "text/csv", **{"Idempotency-Key": "k"})
    assert good.status_code == 200


async def test_late_fault_of_a_large_file_refuses_all_of_it(tenant):
    campaign_id = await tenant.campaign()
    rows = b"".join(b"090%07d,so %d\n" % (n, n) for n in range(40_000))
    message = await refuses(tenant, campaign_id, 400, b"phone,note\n" + rows + b'1,"x', "text/csv")
    assert message == "The file ends within quotes that open in line 40002: it seems to be cut off"
    assert refused(await post(tenant, 1, b"phone,note\n" + rows, "text/csv"), 404, "NOT_FOUND") == "Campaign not found"


async def test_gzip_that_is_cut_off_or_a_bomb_is_refused(tenant):
    campaign_id = await tenant.campaign()
    packed = gzip.compress(b"".join(b"%d\n" % (n * n) for n in range(300_000)))
    bomb = gzip.compress(b"\0" * 80_000_000)
    headers = {"Content-Encoding": "gzip"}
    for kind in ("text/csv", "application/json"):
        for cut in (10, 100_000):
            assert "cut off" in await refuses(tenant, campaign_id, 400, packed[:-cut], kind, **headers)
        assert "times its size" in await refuses(tenant, campaign_id, 400, bomb, kind, **headers)


async def test_limits_are_settings_with_clear_answers(tenant, serving):
    campaign_id = await tenant.campaign()
    rows = b"phone,name\n" + b"0901234567,An\n" * 100_000

    async def in_pieces():
        for start in range(0, len(rows), 2**16):
            yield rows[start : start + 2**16]

    async with serving(max_upload_mb=1, max_body_mb=1, import_columns=3, import_cell_chars=1000) as small:
        path = f"/v1/campaigns/{campaign_id}/contacts/bulk"

        async def message(status, content, kind="text/csv", **headers):
            headers = tenant.key.headers | {"Content-Type": kind} | headers
            answer = await small.post(path, content=content, headers=headers)
            return refused(answer, status, "INVALID_INPUT")

        assert await message(413, rows) == "The body is larger than 1 MB"
        assert await message(413, in_pieces()) == "The body is larger than 1 MB"
        assert await message(413, form(rows), FORM) == "The body is larger than 1 MB"
        packed = {"Content-Encoding": "gzip"}
        assert await message(413, gzip.compress(rows), **packed) == "The body is larger than 1 MB"
        wide = await message(400, b"phone,a,b,c\n1,2,3,4\n")
        assert wide == "Line 1 has 4 columns: at most 3 are read"
        assert "1000 characters" in await message(400, b"phone\n" + b"1" * 2000)
        answer = await small.post(
            path, content=b"phone\n0901\n", headers=tenant.key.headers | {"Content-Type": "text/csv"}
        )
        assert answer.status_code == 200


# --- many at once ---


LARGE = b"phone;note\n" + b"".join(b"090%07d;so %d\n" % (n, n) for n in range(40_000))


async def test_eleven_large_imports_at_once_all_come_in_and_hold_up_nobody(tenant):
    campaign_id = await tenant.campaign()
    imports = [asyncio.ensure_future(post(tenant, campaign_id, LARGE, "text/csv", "?listName=A")) for _ in range(11)]
    meanwhile = 0
    while not all(one.done() for one in imports):
        await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contact-lists")
        meanwhile += 1
    answers = [one.result() for one in imports]
    assert [answer.status_code for answer in answers] == [200] * 11
    assert len({answer.json()["job_id"] for answer in answers}) == 11
    assert meanwhile > 11
    page = await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contact-lists")
    assert [row["listName"] for row in page["data"]] == ["A"]


@pytest.mark.parametrize("content", [CSV, LARGE, XLSX], ids=["small", "large", "workbook"])
async def test_import_posted_fifty_times_with_one_key_makes_one_job(tenant, conn, content):
    campaign_id = await tenant.campaign()
    kind = media_type.XLSX if content is XLSX else "text/csv"
    answers = await asyncio.gather(
        *(post(tenant, campaign_id, content, kind, **{"Idempotency-Key": "once"}) for _ in range(50))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert await conn.fetchval("select count(*) from import_job where tenant_id = $1", tenant.tenant_id) == 1
    assert "was used before" in await refuses(
        tenant, campaign_id, 400, CSV + b"D;0909;;\n", "text/csv", **{"Idempotency-Key": "once"}
    )


async def test_form_that_is_sent_again_with_another_boundary_is_the_same_request(tenant):
    campaign_id = await tenant.campaign()
    answers = [
        await post(
            tenant,
            campaign_id,
            form(CSV, boundary=boundary, listName="A"),
            f"multipart/form-data; boundary={boundary}",
            **{"Idempotency-Key": "once"},
        )
        for boundary in ("first", "second")
    ]
    assert answers[0].content == answers[1].content
    other = form(CSV, listName="B")
    assert "was used before" in await refuses(tenant, campaign_id, 400, other, FORM, **{"Idempotency-Key": "once"})


async def test_nothing_is_left_in_the_spool(tenant, settings):
    campaign_id = await tenant.campaign()
    assert (await post(tenant, campaign_id, LARGE, "text/csv")).status_code == 200
    await refuses(tenant, campaign_id, 400, LARGE + b'"', "text/csv")
    assert list((Path(settings.data_dir) / FOLDER).iterdir()) == []
