"""The file of the failed rows of an import."""

import asyncio
from datetime import timedelta

import pytest

from tests.support.api import Tenant, refused, rows_of_csv
from tests.support.workbooks import workbook_of
from tongdai.files import media_type
from tongdai.imports.worker import Worker

CSV = "Điện thoại,Họ tên,Mã khách hàng,Tỉnh\n0901005301,A,-17,HN\n09010053,Trần B,-18,HCM\n0901005303 x,Lê C,=19,\n"


async def imported(tenant: Tenant, content: bytes, kind: str = "text/csv", query: str = "") -> str:
    """Import into a campaign of its own; the path of the job."""
    path = f"/v1/campaigns/{await tenant.campaign()}/contacts"
    response = await tenant.post(f"{path}/bulk{query}", content=content, headers={"content-type": kind})
    assert response.status_code == 200, response.text
    await worked(tenant)
    return f"{path}/import/{response.json()['job_id']}"


async def worked(tenant: Tenant) -> None:
    worker = Worker(tenant.api.pool, timedelta(seconds=30), asyncio.Event())
    while await worker.step():
        continue


async def people(tenant: Tenant, job: str) -> list[tuple[object, ...]]:
    list_id = (await tenant.done("GET", job))["listId"]
    path = f"{job.partition('/contacts')[0]}/contact-lists/{list_id}/contacts"
    return [
        (row["phoneNumber"], row["name"], row["externalId"], row["attributes"])
        for row in (await tenant.done("GET", path))["data"]
    ]


async def test_mended_file_imports_the_rows_without_loss(tenant: Tenant) -> None:
    job = await imported(tenant, CSV.encode())
    response = await tenant.get(f"{job}/failed-rows")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"].endswith('-failed.csv"')
    rows = rows_of_csv(response)
    assert list(rows[0]) == ["Điện thoại", "Họ tên", "Mã khách hàng", "Tỉnh", "failedRow", "failedCode", "failedReason"]
    assert [(row["failedRow"], row["failedCode"]) for row in rows] == [("2", "not_assignable"), ("3", "not_a_number")]
    corrected = response.content.replace(b"09010053,", b"0901005302,").replace(b"0901005303 x", b"0901005303")
    again = await imported(tenant, corrected)
    assert await people(tenant, again) == [
        ("0901005302", "Trần B", "-18", {"Tỉnh": "HCM"}),
        ("0901005303", "Lê C", "=19", None),
    ]


async def test_rows_that_fail_again_are_the_same_again(tenant: Tenant) -> None:
    first = await tenant.get(f"{await imported(tenant, CSV.encode())}/failed-rows")
    job = await imported(tenant, first.content + b"0901005309,D,,,,,\r\n")
    second = await tenant.get(f"{job}/failed-rows")
    assert [line.split(b",")[:4] for line in second.content.splitlines()] == [
        line.split(b",")[:4] for line in first.content.splitlines()
    ]


async def test_failed_rows_of_all_sheets_come_as_one_file(tenant: Tenant) -> None:
    first = [["phone", "name"], ["0901", "An"], ["0901234567", "Good"]]
    book = workbook_of({"A": first, "B": [["name", "phone", "city"], ["Bo", "0902", "HN"]]})
    job = await imported(tenant, book, media_type.XLSX, "?allSheets=true")
    rows = rows_of_csv(await tenant.get(f"{job}/failed-rows"))
    assert [(row["phone"], row["name"], row["city"]) for row in rows] == [("0901", "An", ""), ("0902", "Bo", "HN")]


async def test_rows_of_json_come_as_ndjson(tenant: Tenant) -> None:
    job = await imported(
        tenant, b'{"phoneNumber":"0901","name":"A"}\n{"phoneNumber":"0901234567"}\n', "application/x-ndjson"
    )
    response = await tenant.get(f"{job}/failed-rows")
    assert response.headers["content-type"] == "application/x-ndjson"
    assert response.headers["content-disposition"].endswith('-failed.ndjson"')
    assert response.text.startswith('{"phoneNumber":"0901","name":"A","failedRow":1,')
    corrected = response.content.replace(b'"0901"', b'"0901234560"')
    again = await imported(tenant, corrected, "application/x-ndjson")
    assert await people(tenant, again) == [("0901234560", "A", None, None)]


@pytest.mark.parametrize("query", ["", "?dry_run=true"])
async def test_every_failed_row_comes_over_many_chunks(tenant: Tenant, query: str) -> None:
    lines = "".join(f"{'09' if n % 3 else f'090{n:07}'},{n}\n" for n in range(1, 5001))
    job = await imported(tenant, f"phone,name\n{lines}".encode(), query=query)
    rows = rows_of_csv(await tenant.get(f"{job}/failed-rows"))
    assert [row["name"] for row in rows] == [str(n) for n in range(1, 5001) if n % 3]
    assert [row["failedRow"] for row in rows] == [row["name"] for row in rows]


async def test_without_failed_rows_the_file_has_the_header_alone(tenant: Tenant) -> None:
    job = await imported(tenant, b"phone,name\n0901234567,A\n")
    response = await tenant.get(f"{job}/failed-rows")
    assert response.content == b"\xef\xbb\xbfphone,name,failedRow,failedCode,failedReason\r\n"


async def test_another_tenants_import_is_not_found(tenant: Tenant, other_tenant: Tenant) -> None:
    job = await imported(tenant, CSV.encode())
    refused(await other_tenant.get(f"{job}/failed-rows"), 404, "NOT_FOUND")
    refused(await tenant.get(f"{job}0/failed-rows"), 404, "NOT_FOUND")


async def test_rows_that_are_no_longer_kept_are_refused(tenant: Tenant) -> None:
    job = await imported(tenant, CSV.encode())
    async with tenant.api.pool.acquire() as conn:
        await conn.execute("update import_job set rows_state = 'dropped' where tenant_id = $1", tenant.tenant_id)
    refused(await tenant.get(f"{job}/failed-rows"), 400, "INVALID_STATE")
