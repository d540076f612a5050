"""The numbers of a company, and the reasons for pauses that it offers its agents."""

from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened, assert_accessible


def test_numbers_lead_to_their_queues_and_caller_ids_to_their_campaigns(opened: Opened, api: httpx2.Client) -> None:
    shown = {"campaignName": "Shows a number", "callerId": "19006363"}
    campaign_id = api.post("/campaigns", json=shown).json()["campaignId"]
    page = opened("/settings/numbers")
    row = page.get_by_role("table", name="Numbers that callers dial").get_by_role("row").filter(has_text="19006363")
    expect(row).to_contain_text("Chăm sóc khách hàng")
    expect(row).to_contain_text("Shows a number")
    row = (
        page.get_by_role("table", name="Numbers that called persons see").get_by_role("row").filter(has_text="19006363")
    )
    link = row.get_by_role("link", name="Shows a number")  # other campaigns may show this number, too
    expect(link).to_have_attribute("href", f"/campaigns/{campaign_id}")
    assert_accessible(page)
    stranger = opened("/settings/numbers", "stranger", locale="en-GB")
    expect(stranger.get_by_text("No number was given to this company yet")).to_be_visible()


@pytest.fixture
def reasons(api: httpx2.Client) -> Iterator[list[str]]:
    kept = ["Nghỉ trưa", "Họp"]
    api.put("/pause-reasons", json={"reasons": kept}).raise_for_status()
    yield kept
    api.put("/pause-reasons", json={"reasons": []}).raise_for_status()


def rows(page: Page) -> list[str]:
    return page.get_by_role("table", name="Pause reasons").locator("tbody tr td:first-child").all_inner_texts()


def test_pause_reasons_are_added_ordered_and_removed(opened: Opened, api: httpx2.Client, reasons: list[str]) -> None:
    page = opened("/settings/pause-reasons")
    field = page.get_by_role("textbox", name="Reason")
    field.fill("Họp")
    expect(page.get_by_role("button", name="Add")).to_be_disabled()
    field.fill("Đào tạo")
    field.press("Enter")
    expect(page.get_by_text("Đào tạo is added")).to_be_visible()
    page.get_by_role("button", name="Move up: Đào tạo").click()
    expect(page.get_by_role("table", name="Pause reasons").locator("tbody tr").nth(1)).to_contain_text("Đào tạo")
    page.get_by_role("button", name="Remove: Nghỉ trưa").click()
    expect(page.get_by_role("cell", name="Nghỉ trưa", exact=True)).to_have_count(0)
    assert rows(page) == ["Đào tạo", "Họp"]
    assert api.get("/pause-reasons").json()["reasons"] == ["Đào tạo", "Họp"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("locale", "title"), [("en-GB", "Pause reasons"), ("vi-VN", "Lý do tạm nghỉ")])
def test_they_are_accessible_and_a_viewer_may_not_act(
    opened: Opened, reasons: list[str], scheme: str, locale: str, title: str
) -> None:
    page = opened("/settings/pause-reasons", "viewer", color_scheme=scheme, locale=locale)
    expect(page.get_by_role("table", name=title)).to_contain_text("Họp")
    expect(page.get_by_role("table", name=title).get_by_role("button")).to_have_count(0)
    assert_accessible(page)
