"""Missed calls and callbacks for supervisors: filters, who sees to a caller, and calling back."""

import re
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Opened, assert_accessible

CALL_S = 100
"""How long until the demo's callers have rung a queue that is closed."""
Row = dict[str, Any]


def missed_of(api: httpx2.Client, **query: str) -> list[Row]:
    return api.get("/missed-calls", params={"size": 100, **query}).json()["data"]


@pytest.fixture
def closed(api: httpx2.Client) -> Iterator[int]:
    """A queue that callers ring, whom it sends away as closed."""
    queue_id = next(
        queue["callinId"] for queue in api.get("/queues/inbound").json()["data"] if queue["callinNumber"] == "19006365"
    )
    api.put(f"/queues/inbound/{queue_id}/closed", json={"note": "a test"}).raise_for_status()
    yield queue_id
    api.delete(f"/queues/inbound/{queue_id}/closed")


@pytest.fixture
def missed(api: httpx2.Client, closed: int) -> Row:
    """An open missed call of the queue, of a number that shows and has no other call that was missed."""
    until = time.monotonic() + CALL_S
    while True:
        rows = missed_of(api, queueId=str(closed), state="open")
        numbers = [row["phoneNumber"] for row in rows]
        for row in rows:
            if row["phoneNumber"] and numbers.count(row["phoneNumber"]) == 1:
                return row
        assert time.monotonic() < until, "nobody rang"


def shown(number: str) -> str:
    return f"{number[:4]} {number[4:7]} {number[7:]}"


def row_of(page: Page, number: str) -> Locator:
    return page.get_by_role("table", name="Missed calls").get_by_role("row").filter(has_text=shown(number))


def test_supervisor_assigns_a_missed_call_and_sees_when_the_claim_lapses(
    opened: Opened, api: httpx2.Client, missed: Row
) -> None:
    page = opened(f"/missed-calls?queue={missed['queueId']}")
    row = row_of(page, missed["phoneNumber"])
    expect(row).to_contain_text("Open")
    row.get_by_role("button", name="Assign").click()
    dialog = page.get_by_role("dialog")
    name = dialog.get_by_label("Agent").locator("option").first.inner_text()
    dialog.get_by_role("button", name="Assign").click()
    expect(row).to_contain_text(re.compile(rf"{re.escape(name)}, lapses in (1:00:00|59:\d\d)"))
    found = next(one for one in missed_of(api, state="claimed") if one["callId"] == missed["callId"])
    assert api.get(f"/agents/{found['agentId']}").json()["agentName"] == name
    row.get_by_role("button", name="Give back").click()
    expect(row).to_contain_text("Open")


def test_number_is_called_back_now_and_the_callback_is_listed_and_cancelled(
    opened: Opened, api: httpx2.Client, missed: Row
) -> None:
    page = opened("/missed-calls")
    page.get_by_label("Queue", exact=True).select_option(str(missed["queueId"]))
    page.get_by_label("State", exact=True).select_option("Open")
    row = row_of(page, missed["phoneNumber"])
    row.get_by_role("button", name="Call back now").click()
    page.get_by_role("dialog").get_by_role("button", name="Call back now").click()
    expect(row).to_contain_text("Callback pending")
    expect(row.get_by_role("button", name="Call back now")).to_have_count(0)
    pending = api.get("/callbacks", params={"state": "pending", "queueId": missed["queueId"]}).json()["data"]
    assert missed["phoneNumber"] in [one["phoneNumber"] for one in pending]

    page.get_by_role("tab", name="Callbacks").click()
    page.get_by_label("State", exact=True).select_option("Pending")
    callback = (
        page.get_by_role("table", name="Callbacks").get_by_role("row").filter(has_text=shown(missed["phoneNumber"]))
    )
    expect(callback).to_contain_text("Any of the queue")
    callback.get_by_role("button", name="Cancel callback").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel callback").click()
    expect(callback).to_have_count(0)


def test_missed_call_is_closed_and_found_by_its_state(opened: Opened, missed: Row) -> None:
    page = opened(f"/missed-calls?queue={missed['queueId']}")
    row_of(page, missed["phoneNumber"]).get_by_role("button", name="Close").click()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(row_of(page, missed["phoneNumber"])).to_contain_text("Closed")
    page.get_by_label("State", exact=True).select_option("Closed")
    expect(page).to_have_url(re.compile("state=closed"))
    expect(row_of(page, missed["phoneNumber"]).get_by_role("button")).to_have_count(0)


def test_viewer_sees_them_and_may_not_act(opened: Opened, missed: Row) -> None:
    page = opened(f"/missed-calls?queue={missed['queueId']}", "viewer", locale="en-GB")
    expect(row_of(page, missed["phoneNumber"])).to_be_visible()
    expect(page.get_by_role("table", name="Missed calls").get_by_role("button")).to_have_count(0)


def test_another_tenant_has_none(opened: Opened, missed: Row) -> None:
    page = opened("/missed-calls", "stranger", locale="en-GB")
    expect(page.get_by_text("No missed call is like that")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("locale", "missed_calls", "callbacks"),
    [("en-GB", "Missed calls", "Callbacks"), ("vi-VN", "Cuộc gọi nhỡ", "Lịch gọi lại")],
)
def test_they_are_accessible(
    opened: Opened, missed: Row, scheme: str, locale: str, missed_calls: str, callbacks: str
) -> None:
    page = opened(f"/missed-calls?queue={missed['queueId']}", color_scheme=scheme, locale=locale)
    expect(page.get_by_role("table", name=missed_calls).get_by_role("row").nth(1)).to_be_visible()
    assert_accessible(page)
    page.get_by_role("tab", name=callbacks).click()
    expect(page.get_by_role("heading", name=callbacks, level=2)).to_be_visible()
    assert_accessible(page)
