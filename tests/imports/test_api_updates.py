"""`onDuplicate=update` of bulk imports, on the wire."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.support.api import Tenant, refused
from tongdai.imports.worker import Worker

CSV = "phone,name,Nợ\n0901234567,,7\n0901234568,B,\n09,C,\n0901234568,,9\n".encode()
FORM = (
    b'--x\r\nContent-Disposition: form-data; name="onDuplicate"\r\n\r\nupdate\r\n'
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n' + CSV + b"\r\n--x--\r\n"
)


async def post(tenant: Tenant, campaign_id: int, content: bytes = CSV, kind: str = "text/csv", query: str = "") -> Any:
    path = f"/v1/campaigns/{campaign_id}/contacts/bulk{query}"
    return await tenant.post(path, content=content, headers={"content-type": kind})


async def imported(tenant: Tenant, campaign_id: int, **how: Any) -> str:
    """Import, and return the path of the job."""
    response = await post(tenant, campaign_id, **how)
    assert response.status_code == 200, response.text
    worker = Worker(tenant.api.pool, timedelta(seconds=30), asyncio.Event())
    while await worker.step():
        continue
    return f"/v1/campaigns/{campaign_id}/contacts/import/{response.json()['job_id']}"


@pytest.fixture
async def campaign_id(tenant: Tenant) -> int:
    campaign_id = await tenant.campaign()
    await tenant.contact(campaign_id, "0901234567", name="A", attributes={"Nợ": "5", "Tỉnh": "HN"})
    return campaign_id


@pytest.mark.parametrize(
    "how", [{"query": "?onDuplicate=update"}, {"content": FORM, "kind": "multipart/form-data; boundary=x"}]
)
async def test_rows_update_contacts_and_are_counted(tenant: Tenant, campaign_id: int, how: dict[str, Any]) -> None:
    job = await imported(tenant, campaign_id, **how)
    view = await tenant.done("GET", job)
    counts = [view[name] for name in ("createdRows", "updatedRows", "duplicateRows", "failedRows", "processedRows")]
    assert counts == [1, 2, 0, 1, 4]
    rows = (await tenant.done("GET", f"{job}/rows"))["data"]
    assert [(row["outcome"], row["reason"]) for row in rows if row["outcome"] != "failed"] == [
        ("updated", None), ("created", None), ("updated", None),
    ]  # fmt: skip
    contact = await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contacts/{rows[0]['contactId']}")
    assert (contact["name"], contact["attributes"]) == ("A", {"Nợ": "7", "Tỉnh": "HN"})
    created = await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contacts/{rows[3]['contactId']}")
    assert (created["name"], created["attributes"]) == ("B", {"Nợ": "9"})


@pytest.mark.parametrize("query", ["", "?onDuplicate=skip"])
async def test_without_the_option_the_job_has_the_documented_fields_alone(
    tenant: Tenant, campaign_id: int, query: str
) -> None:
    view = await tenant.done("GET", await imported(tenant, campaign_id, query=query))
    assert "updatedRows" not in view
    assert (view["createdRows"], view["duplicateRows"]) == (1, 2)
    jobs = await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contacts/import")
    assert jobs["data"] == [view]


@pytest.mark.parametrize("outcome", ["created", "updated", "duplicate", "failed"])
async def test_rows_are_listed_by_outcome(tenant: Tenant, campaign_id: int, outcome: str) -> None:
    job = await imported(tenant, campaign_id, query="?onDuplicate=update")
    listed = [row for row in (await tenant.done("GET", f"{job}/rows"))["data"] if row["outcome"] == outcome]
    page = await tenant.done("GET", f"{job}/rows?outcome={outcome}")
    assert (page["totalRecord"], page["data"]) == (len(listed), listed)
    assert (await tenant.done("GET", f"{job}/rows?outcome={outcome}&cursor=*"))["data"] == listed


@pytest.mark.parametrize("value", ["", "true", "UPDATE"])
async def test_other_values_are_refused(tenant: Tenant, campaign_id: int, value: str) -> None:
    response = await post(tenant, campaign_id, query=f"?onDuplicate={value}")
    assert refused(response, 400, "INVALID_INPUT").startswith("onDuplicate is ")


async def test_query_and_form_that_say_different_things_are_refused(tenant: Tenant, campaign_id: int) -> None:
    response = await post(tenant, campaign_id, FORM, "multipart/form-data; boundary=x", "?onDuplicate=skip")
    assert refused(response, 400, "INVALID_INPUT").startswith("onDuplicate is skip and update")


async def test_undo_says_that_updated_contacts_keep_what_they_were_given(tenant: Tenant, campaign_id: int) -> None:
    job = await imported(tenant, campaign_id, query="?onDuplicate=update")
    worker = Worker(tenant.api.pool, timedelta(seconds=30), asyncio.Event())

    async def worked() -> None:
        while not await worker.step():
            await asyncio.sleep(0)

    undone, _ = await asyncio.gather(tenant.done("DELETE", job), worked())
    assert undone["error_message"] == "Import undone: 1 contact removed; what 2 updated rows changed stays"
    page = await tenant.done("GET", f"{job}/rows?outcome=updated")
    contact = await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contacts/{page['data'][0]['contactId']}")
    assert contact["attributes"]["Nợ"] == "7"


async def test_same_body_with_and_without_the_option_is_not_the_same_request(tenant: Tenant, campaign_id: int) -> None:
    path, headers = f"/v1/campaigns/{campaign_id}/contacts", {"Idempotency-Key": "k"}
    body = {"phoneNumber": "0901234567", "name": "B"}
    await tenant.post(path, body, headers=headers)
    response = await tenant.post(f"{path}?onDuplicate=update", body, headers=headers)
    assert refused(response, 400, "INVALID_INPUT").startswith("Idempotency-Key was used before")
