"""Agents with their queues, skills and phones, and teams."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened, act, assert_accessible, in_dialog


def create(page: Page, name: str) -> None:
    """Create an agent with an account, and close the dialog with its password."""
    act(page, "New agent")
    page.get_by_label("Name", exact=True).fill(name)
    in_dialog(page, "New agent")
    in_dialog(page, "Close")


def test_an_agents_password_is_shown_once(opened: Opened) -> None:
    page = opened("/agents")
    act(page, "New agent")
    page.get_by_label("Name", exact=True).fill("Đào Thị Mận")
    page.get_by_label("Skills").fill("english:5, billing")
    in_dialog(page, "New agent")
    account = page.get_by_role("dialog", name="SIP account of Đào Thị Mận")
    expect(account).to_contain_text("never again")
    password = account.locator("code").nth(1).inner_text()
    assert len(password) >= 16
    page.keyboard.press("Escape")
    expect(account).to_be_visible()
    in_dialog(page, "Close")
    page.get_by_role("searchbox").fill("dao thi")
    row = page.get_by_role("table", name="Agents").get_by_role("row").nth(1)
    expect(row).to_contain_text("billing:1, english:5")
    act(page, "SIP account: Đào Thị Mận")
    expect(page.get_by_role("dialog")).to_contain_text("User name")
    expect(page.get_by_role("dialog")).not_to_contain_text(password)
    assert_accessible(page)


def test_a_new_password_of_a_phone_is_asked_about_first(opened: Opened) -> None:
    page = opened("/agents")
    create(page, "Vũ Sáu")
    act(page, "SIP account: Vũ Sáu")
    in_dialog(page, "New password")
    expect(page.get_by_role("dialog")).to_contain_text("stops working at once")
    in_dialog(page, "New password")
    expect(page.get_by_role("dialog")).to_contain_text("never again")


def test_an_agent_is_changed_and_deleted(opened: Opened) -> None:
    page = opened("/agents")
    create(page, "Ngô Bảy")
    act(page, "Change: Ngô Bảy")
    expect(page.get_by_role("group", name="Further queues").or_(page.get_by_label("Own queue")).first).to_be_visible()
    page.get_by_label("Seconds of wrap-up").fill("37")
    page.get_by_label("Phone", exact=True).select_option("Connected all day")
    in_dialog(page, "Save")
    row = page.get_by_role("row").filter(has_text="Ngô Bảy")
    expect(row).to_contain_text("37")
    expect(row).to_contain_text("Connected all day")
    act(page, "Delete: Ngô Bảy")
    in_dialog(page, "Delete")
    expect(row).to_have_count(0)


def test_what_the_server_refuses_is_said_where_it_was_written(opened: Opened) -> None:
    page = opened("/agents")
    act(page, "New agent")
    page.get_by_label("Name", exact=True).fill("Hồ Tám")
    page.get_by_label("Skills").fill("english:11")
    in_dialog(page, "New agent")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("level")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Hồ Tám")


def test_a_team_is_made_renamed_and_deleted(opened: Opened) -> None:
    page = opened("/agents")
    act(page, "New team")
    page.get_by_label("Name", exact=True).fill("Ca sáng")
    in_dialog(page, "Save")
    act(page, "Rename: Ca sáng")
    page.get_by_label("Name", exact=True).fill("Ca chiều")
    in_dialog(page, "Save")
    expect(page.get_by_role("table", name="Teams")).to_contain_text("Ca chiều")
    act(page, "Delete: Ca chiều")
    in_dialog(page, "Delete")
    expect(page.get_by_role("button", name="Delete: Ca chiều")).to_have_count(0)


def test_a_viewer_reads_and_may_not_act(opened: Opened) -> None:
    page = opened("/agents", "viewer", locale="en-GB")
    expect(page.get_by_role("table", name="Agents").get_by_role("row").nth(1)).to_be_visible()
    expect(page.get_by_role("main").get_by_role("button", name=": ")).to_have_count(0)
    expect(page.get_by_role("button", name="New agent")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("locale", "agents"), [("en-GB", "Agents"), ("vi-VN", "Tổng đài viên")])
def test_they_are_accessible(opened: Opened, scheme: str, locale: str, agents: str) -> None:
    page = opened("/agents", "owner", color_scheme=scheme, locale=locale)
    expect(page.get_by_role("table", name=agents).get_by_role("row").nth(1)).to_be_visible()
    assert_accessible(page)
    page.get_by_role("main").get_by_role("button").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert_accessible(page)
