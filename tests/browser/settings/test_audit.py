"""The audit: who changed what, with filters in the URL, for owners alone."""

import re

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened, assert_accessible

AUDIT = "/settings/audit"


def rows(page: Page):
    return page.get_by_role("table", name="Audit").locator("tbody tr")


def test_a_change_is_shown_with_its_author(opened: Opened, api: httpx2.Client) -> None:
    campaign_id = api.post("/campaigns", json={"campaignName": "Ai đã đổi"}).json()["campaignId"]
    page = opened(f"/campaigns/{campaign_id}/settings", "owner")
    page.get_by_label("Priority").fill("7")
    page.get_by_role("main").get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1, name="Ai đã đổi", exact=True)).to_be_visible()
    page.get_by_role("link", name="Audit").click()
    change = rows(page).filter(has_text=f"campaign {campaign_id}").filter(has_text="changed")
    expect(change).to_contain_text("Trần owner")
    expect(change).to_contain_text("priority")
    expect(rows(page).filter(has_text=f"campaign {campaign_id}").filter(has_text="created")).to_contain_text("Key")


def test_filters_and_pages_are_in_the_url(opened: Opened) -> None:
    page = opened(AUDIT, "owner")
    page.get_by_label("Author").select_option("Trần owner")
    page.get_by_label("What", exact=True).select_option("Person")
    expect(rows(page).filter(has_text="signed in").first).to_be_visible()
    expect(rows(page).filter(has_not_text="Trần owner")).to_have_count(0)
    expect(page).to_have_url(re.compile("user=.*action=user|action=user.*user="))
    page.reload()
    expect(rows(page).filter(has_text="signed in").first).to_be_visible()
    expect(rows(page).filter(has_not_text="Person –")).to_have_count(0)
    page.get_by_label("Up to and including").fill("2020-01-01")
    expect(page.get_by_text("No change is like that")).to_be_visible()


def test_others_than_owners_have_no_such_screen(opened: Opened) -> None:
    page = opened(AUDIT, "supervisor")
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    expect(page.get_by_role("link", name="Audit")).to_have_count(0)
    expect(page.get_by_role("table", name="Audit")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("locale", "title"), [("en-GB", "Audit"), ("vi-VN", "Nhật ký thay đổi")])
def test_it_is_accessible(opened: Opened, scheme: str, locale: str, title: str) -> None:
    page = opened(AUDIT, "owner", color_scheme=scheme, locale=locale)
    expect(page.get_by_role("table", name=title).locator("tbody tr").first).to_be_visible()
    assert_accessible(page)
