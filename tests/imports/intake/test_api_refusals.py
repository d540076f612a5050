"""Bulk imports over HTTP that are refused: one clear message, and nothing written."""

import gzip

import pytest

from tests.support.api import refused
from tests.support.imports.bulk import CSV, FORM, JSON, TWO_SHEETS, XLSX, form, post, refuses
from tests.support.workbooks import workbook
from tongdai.files import media_type


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
        (JSON, "application/json", "?columns={}", "columns is for CSV and XLSX"),
        (CSV, "text/csv", "?columns=", "columns must be a JSON object"),
        (CSV, "text/csv", "?columns=[]", "columns must be a JSON object"),
        (CSV, "text/csv", "?columns=phone", "columns must be a JSON object"),
        (CSV, "text/csv", '?columns={"phone":1}', "columns must be a JSON object"),
        (CSV, "text/csv", '?columns={"phone":"tel"}', "columns: the use of phone must be of phoneNumber, name, "),
        (CSV, "text/csv", '?columns={"":"name"}', "columns has an empty heading"),
        (CSV, "text/csv", '?columns={"A":"name","a":"ignored"}', "columns names a twice"),
        (CSV, "text/csv", '?columns={"nobody":"name"}', "columns: no column is named nobody"),
    ],
)
async def test_option_that_is_none_is_refused(tenant, content, kind, query, named):
    campaign_id = await tenant.campaign()
    assert (await refuses(tenant, campaign_id, 400, content, kind, query)).startswith(named)


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
        (CSV, "text/csv", "?dryrun=true", "Query parameter dryrun is not known: did you mean dryRun?"),
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
    compressed = gzip.compress(b"".join(b"%d\n" % (n * n) for n in range(300_000)))
    bomb = gzip.compress(b"\0" * 80_000_000)
    headers = {"Content-Encoding": "gzip"}
    for kind in ("text/csv", "application/json"):
        for cut in (10, 100_000):
            assert "cut off" in await refuses(tenant, campaign_id, 400, compressed[:-cut], kind, **headers)
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
            response = await small.post(path, content=content, headers=headers)
            return refused(response, status, "INVALID_INPUT")

        assert await message(413, rows) == "The body is larger than 1 MB"
        assert await message(413, in_pieces()) == "The body is larger than 1 MB"
        assert await message(413, form(rows), FORM) == "The body is larger than 1 MB"
        compressed = {"Content-Encoding": "gzip"}
        assert await message(413, gzip.compress(rows), **compressed) == "The body is larger than 1 MB"
        wide = await message(400, b"phone,a,b,c\n1,2,3,4\n")
        assert wide == "Line 1 has 4 columns: at most 3 are read"
        assert "1000 characters" in await message(400, b"phone\n" + b"1" * 2000)
        response = await small.post(
            path, content=b"phone\n0901\n", headers=tenant.key.headers | {"Content-Type": "text/csv"}
        )
        assert response.status_code == 200
