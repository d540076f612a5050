"""Reports of what happened, as numbers, lines and files."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened, assert_accessible

REPORTS = ("Queues", "Agents", "Offers to agents", "Missed calls", "Campaigns", "Imports")


def panel(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()
    expect(page.get_by_role("region", name=name, exact=True).first).to_be_visible()


def test_a_supervisor_reads_each_report(opened: Opened) -> None:
    page = opened("/reports", "supervisor")
    for name in REPORTS:
        panel(page, name)
        expect(page.get_by_text("This cannot be shown")).to_have_count(0)
        expect(page.locator("[aria-busy=true]")).to_have_count(0)


def test_time_of_agents_is_a_table_a_chart_and_a_file(opened: Opened, tmp_path: Path) -> None:
    page = opened("/reports?report=agents&interval=15", "owner")
    expect(page.get_by_role("img", name="Agents on average")).to_be_visible()
    table = page.get_by_role("table", name="By interval")
    expect(table.get_by_role("columnheader", name="Signed in")).to_be_visible()
    expect(table.get_by_role("row").nth(1)).to_be_visible()
    for link, suffix, begins in (("Download CSV", ".csv", b"\xef\xbb\xbffrom"), ("Download Excel", ".xlsx", b"PK")):
        with page.expect_download() as saved:
            page.get_by_role("link", name=link).click()
        file = tmp_path / saved.value.suggested_filename
        saved.value.save_as(file)
        assert file.name == f"agents{suffix}"
        assert file.read_bytes().startswith(begins)


def test_the_period_is_in_the_address(opened: Opened) -> None:
    page = opened("/reports", "viewer")
    expect(page.get_by_label("From")).to_have_value(re.compile("^20"))
    expect(page.get_by_label("Up to and including")).to_have_value(page.get_by_label("From").input_value())
    page.get_by_label("From").fill("2026-03-09")
    page.get_by_label("Up to and including").fill("2026-03-10")
    page.get_by_label("Interval", exact=True).select_option(label="Day")
    expect(page.get_by_text("Nothing happened in this period")).to_be_visible()
    expect(page).to_have_url(re.compile("(?=.*from=2026-03-09)(?=.*to=2026-03-10)(?=.*interval=day)"))
    assert "to=2026-03-11" in (page.get_by_role("link", name="Download CSV").get_attribute("href") or "")


def test_an_agent_has_no_reports(opened: Opened) -> None:
    expect(opened("/desk", "agent").get_by_role("link", name="Reports")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("locale", "title"), [("en-GB", "Reports"), ("vi-VN", "Báo cáo")])
def test_it_is_accessible_in_both_themes_and_languages(opened: Opened, scheme: str, locale: str, title: str) -> None:
    page = opened("/reports?report=agents&interval=60", "supervisor", color_scheme=scheme, locale=locale)
    expect(page.get_by_role("heading", name=title, exact=True, level=1)).to_be_visible()
    expect(page.get_by_role("img")).to_be_visible()
    assert_accessible(page)
