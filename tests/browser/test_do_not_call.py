"""Do-not-call lists: check a number, add and remove one, import a file."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened, act, assert_accessible, in_dialog


def make(page: Page, name: str) -> None:
    act(page, "New list")
    page.get_by_label("Name of the list").fill(name)
    in_dialog(page, "New list")
    expect(page.get_by_role("heading", name=f"Numbers of {name}")).to_be_visible()


def test_a_number_is_added_found_and_removed(opened: Opened) -> None:
    page = opened("/do-not-call")
    make(page, "Khách yêu cầu")
    act(page, "Add a number")
    page.get_by_role("dialog").get_by_label("Phone number").fill("12")
    in_dialog(page, "Add a number")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("too short")
    page.get_by_role("dialog").get_by_label("Phone number").fill("+84 (90) 555-6677")
    page.get_by_role("dialog").get_by_label("Reason").fill("Không muốn nghe")
    in_dialog(page, "Add a number")
    row = page.get_by_role("table", name="Numbers of Khách yêu cầu").get_by_role("row").nth(1)
    expect(row).to_contain_text("0905 556 677")
    expect(row).to_contain_text("Never")
    page.get_by_role("form", name="May a number be called?").get_by_label("Phone number").fill("090.555.6677")
    page.keyboard.press("Enter")
    expect(page.get_by_text("0905 556 677 must not be called")).to_be_visible()
    expect(page.get_by_text("Khách yêu cầu: Không muốn nghe")).to_be_visible()
    act(page, "Delete: 0905 556 677")
    in_dialog(page, "Delete")
    expect(page.get_by_text("No number is like that")).to_be_visible()
    act(page, "Delete: Khách yêu cầu")
    in_dialog(page, "Delete")
    expect(page.get_by_role("button", name="Delete: Khách yêu cầu")).to_have_count(0)


def test_a_file_is_imported_with_its_refused_rows(opened: Opened) -> None:
    page = opened("/do-not-call")
    make(page, "Từ tệp")
    act(page, "Import a file")
    page.get_by_label("File (CSV, XLSX or NDJSON)").set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": b"phoneNumber,reason\n0901112223,a\n0901112224,b\n12,c\n"}
    )
    in_dialog(page, "Import")
    expect(page.get_by_role("dialog")).to_contain_text("2 added, 0 updated, 1 refused")
    expect(page.get_by_role("table", name="Refused rows")).to_contain_text("too short")
    assert_accessible(page)
    in_dialog(page, "Close")
    expect(page.get_by_role("table", name="Numbers of Từ tệp")).to_contain_text("0901 112 224")


def test_a_viewer_reads_and_may_not_act(opened: Opened) -> None:
    make(opened("/do-not-call"), "Chỉ xem")
    page = opened("/do-not-call", "viewer")
    expect(page.get_by_role("table", name="Lists")).to_contain_text("Chỉ xem")
    expect(page.get_by_role("button", name="New list")).to_have_count(0)
    expect(page.get_by_role("button", name="Add a number")).to_have_count(0)
    expect(page.get_by_role("button", name="Delete: Chỉ xem")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("locale", "title"), [("en-GB", "Do not call"), ("vi-VN", "Không gọi")])
def test_it_is_accessible(opened: Opened, scheme: str, locale: str, title: str) -> None:
    page = opened("/do-not-call", "owner", color_scheme=scheme, locale=locale)
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    expect(page.get_by_role("form").first).to_be_visible()
    assert_accessible(page)
