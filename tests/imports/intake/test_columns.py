"""Uses of columns that a client names."""

import json
from urllib.parse import quote

import pytest

from tests.support.api import refused
from tests.support.imports.bulk import FORM, form, post
from tests.support.imports.job_requests import work
from tests.support.workbooks import workbook, workbook_of
from tongdai.files import media_type

ODD = "Mã,Khách,Liên hệ,Dự phòng,Ghi chú\nK1,Lan,x,0901000002,a\nK2,Minh,0901000001,0901000003,b\n".encode()
CSV = {"Content-Type": "text/csv"}
USES = {"liên hệ": "phoneNumber", "DỰ PHÒNG": "phoneNumber", "Khách": "name", "Mã": "externalId", "Ghi chú": "ignored"}


def query(uses, **more):
    return "?" + "&".join(f"{name}={quote(value)}" for name, value in ({"columns": json.dumps(uses)} | more).items())


@pytest.fixture
def imported(tenant, worker):
    """Import a file; the finished job, and the contacts."""

    async def run(content, kind, given):
        campaign_id = await tenant.campaign()
        response = await post(tenant, campaign_id, content, kind, given)
        assert response.status_code == 200, response.text
        await work(worker)
        url = f"/v1/campaigns/{campaign_id}"
        job = await tenant.done("GET", f"{url}/contacts/import/{response.json()['job_id']}")
        if job["dryRun"]:
            return job, []
        return job, (await tenant.done("GET", f"{url}/contact-lists/{job['listId']}/contacts"))["data"]

    return run


def uses_of(job):
    return {column["column"]: column["use"] for column in job["detected"]["tables"][0]["columns"]}


async def test_columns_are_used_as_they_are_named(imported):
    job, _ = await imported(ODD, "text/csv", query(USES))
    assert (job["totalRows"], job["failedRows"]) == (2, 0)
    assert uses_of(job) == {
        "Mã": "externalId",
        "Khách": "name",
        "Liên hệ": "phoneNumber",
        "Dự phòng": "phoneNumber",
        "Ghi chú": "ignored",
    }


async def test_a_form_has_it_as_a_field_and_a_workbook_takes_it(imported):
    rows = [["Liên hệ", "Khách"], ["0901000001", "Lan"]]
    content = form(workbook(*rows), "a.xlsx", columns=json.dumps({"Liên hệ": "phoneNumber", "Khách": "name"}))
    job, _ = await imported(content, FORM, "")
    assert uses_of(job) == {"Liên hệ": "phoneNumber", "Khách": "name"}


async def test_the_dry_run_uses_it_too(imported):
    job, _ = await imported(ODD, "text/csv", query(USES, dry_run="true"))
    assert uses_of(job)["Ghi chú"] == "ignored"


async def test_a_number_by_hand_leaves_no_other(imported):
    content = b"phone,contact no\n0901000001,0901000002\n"
    job, _ = await imported(content, "text/csv", query({"contact no": "phoneNumber"}))
    assert uses_of(job) == {"phone": "attribute", "contact no": "phoneNumber"}


async def test_without_a_number_it_is_refused(tenant):
    campaign_id = await tenant.campaign()
    content = b"phone,name\n0901000001,Lan\n"
    url = f"/v1/campaigns/{campaign_id}/contacts/bulk"
    for uses in ({"phone": "ignored"}, {"phone": "attribute"}):
        response = await tenant.call("POST", url + query(uses), content=content, headers=CSV)
        assert "No column is named phoneNumber" in refused(response, 400, "INVALID_INPUT")


@pytest.mark.parametrize("use", ["externalId", "timeZone", "country"])
async def test_one_column_alone_may_have_such_a_use(tenant, use):
    campaign_id = await tenant.campaign()
    url = f"/v1/campaigns/{campaign_id}/contacts/bulk{query({'a': use, 'b': use})}"
    response = await tenant.call("POST", url, content=b"phone,a,b\n0901000001,1,2\n", headers=CSV)
    assert f"columns: a and b are both {use}" in refused(response, 400, "INVALID_INPUT")


async def test_a_heading_need_not_stand_in_every_sheet(imported):
    sheets = {"A": [["phone", "x"], ["0901000001", "1"]], "B": [["phone", "y"], ["0901000002", "2"]]}
    given = query({"x": "ignored"}, allSheets="true")
    job, _ = await imported(workbook_of(sheets), media_type.XLSX, given)
    assert job["totalRows"] == 2


async def test_names_are_joined_and_a_column_without_a_heading_has_its_place(imported):
    content = b"phone,a,\n0901000001,Lan,Anh\n"
    job, found = await imported(content, "text/csv", query({"a": "name", "column 3": "name"}))
    assert uses_of(job) == {"phone": "phoneNumber", "a": "name", "column 3": "name"}
    assert [contact["name"] for contact in found] == ["Lan Anh"]


async def test_numbers_are_tried_in_the_order_of_the_client_and_what_is_ignored_is_not_stored(imported):
    _, found = await imported(ODD, "text/csv", query(USES))
    assert {(one["name"], one["phoneNumber"]) for one in found} == {("Lan", "0901000002"), ("Minh", "0901000001")}
    assert "Ghi chú" not in json.dumps(found, ensure_ascii=False)
