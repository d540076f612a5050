"""A look at the columns of a file, which stores nothing."""

import json
from urllib.parse import quote

import pytest

from tests.support.api import refused
from tests.support.imports.bulk import CSV, FORM, XLSX, form
from tests.support.workbooks import workbook, workbook_of
from tongdai.files import media_type
from tongdai.imports.intake.spool import IN_MEMORY

ODD = "Mã;Khách;Nơi;Gọi\nK1;Lan;Huế;0901000002\nK2;Minh;Huế;0901000003\nK3;;;\nK4;Ba;Vinh;0901000004\n".encode()


@pytest.fixture
def look(tenant):
    """Look at a file; the whole database is as it was."""

    async def run(content, kind="text/csv", query=""):
        campaign_id = await tenant.campaign()
        before = await tenant.checksum()
        url = f"/v1/campaigns/{campaign_id}/contacts/bulk/columns{query}"
        response = await tenant.call("POST", url, content=content, headers={"Content-Type": kind})
        assert await tenant.checksum() == before
        return response

    return run


def of(response):
    """Use and samples by column, of the first table."""
    assert response.status_code == 200, response.text
    return {one["column"]: (one["use"], one["samples"]) for one in response.json()["tables"][0]["columns"]}


async def test_columns_are_shown_though_none_is_known_to_have_numbers(look):
    response = await look(ODD)
    assert of(response) == {
        "Mã": ("attribute", ["K1", "K2", "K3"]),
        "Khách": ("attribute", ["Lan", "Minh", "Ba"]),
        "Nơi": ("attribute", ["Huế", "Vinh"]),
        "Gọi": ("attribute", ["0901000002", "0901000003", "0901000004"]),
    }
    assert (response.json()["separator"], response.json()["tables"][0]["headerRow"]) == (";", 1)


async def test_known_columns_and_those_by_hand_have_their_uses(look):
    assert {name: use for name, (use, _) in of(await look(CSV)).items()} == {
        "Họ tên": "name",
        "Số điện thoại": "phoneNumber",
        "Mã KH": "externalId",
        "Thành phố": "attribute",
    }
    given = f"?columns={quote(json.dumps({'Gọi': 'phoneNumber', 'Mã': 'ignored'}))}"
    assert [use for use, _ in of(await look(ODD, query=given)).values()] == [
        "ignored",
        "attribute",
        "attribute",
        "phoneNumber",
    ]


async def test_a_workbook_is_read_by_a_process_of_its_own(look):
    assert of(await look(XLSX, media_type.XLSX))["Họ tên"] == ("name", ["Nguyễn A", "B", "C"])
    rows = [["", "Danh sách"], ["Gọi", "Khách"], ["0901000001", "Lan"]]
    response = await look(form(workbook(*rows), "a.xlsx"), FORM)
    assert of(response) == {"Gọi": ("attribute", ["0901000001"]), "Khách": ("attribute", ["Lan"])}
    assert response.json()["tables"][0]["headerRow"] == 2


async def test_sheets_are_those_that_an_import_would_read(look):
    book = workbook_of({"A": [["phone"], ["0901000001"]], "B": [["phone", "x"], ["0901000002", "1"]]})
    response = await look(book, media_type.XLSX)
    assert [table["sheet"] for table in response.json()["tables"]] == ["A"]
    assert [sheet["sheet"] for sheet in response.json()["leftOut"]] == ["B"]
    both = await look(book, media_type.XLSX, "?allSheets=true")
    assert [table["sheet"] for table in both.json()["tables"]] == ["A", "B"]


async def test_of_a_large_file_the_first_rows_are_shown(look):
    rows = "".join(f"{number},Lan {number}\n" for number in range(60_000))
    assert len(rows) > IN_MEMORY
    assert of(await look(f"Gọi,Khách\n{rows}".encode()))["Khách"] == ("attribute", ["Lan 0", "Lan 1", "Lan 2"])


@pytest.mark.parametrize(
    ("content", "kind", "says"),
    [
        (b"", "text/csv", "The file is empty"),
        (b"{}", "application/json", "Only CSV and XLSX have columns"),
        (b"PK", media_type.XLSX, "is not an XLSX workbook"),
        (b'a,b\n"1,2\n', "text/csv", "quotes"),
    ],
)
async def test_what_is_no_such_file_is_refused(look, content, kind, says):
    assert says in refused(await look(content, kind), 400, "INVALID_INPUT")


async def test_a_heading_by_hand_must_be_there(look):
    given = f"?columns={quote(json.dumps({'Số': 'phoneNumber'}))}"
    assert "no column is named Số" in refused(await look(ODD, query=given), 400, "INVALID_INPUT")


async def test_of_another_campaign_nothing_is_said(tenant):
    url = "/v1/campaigns/999999/contacts/bulk/columns"
    response = await tenant.call("POST", url, content=ODD, headers={"Content-Type": "text/csv"})
    assert refused(response, 404, "NOT_FOUND") == "Campaign not found"
