"""The choice of columns by hand in the import of a file of contacts."""

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened, assert_accessible
from tests.support.workbooks import workbook
from tongdai.files.media_type import XLSX

ODD = "Mã;Khách;Gọi;Nơi\r\nK1;Đào;0901234567;Huế\r\nK2;Ngọc;0902345678;Vinh\r\nK3;Bé;12;Vinh\r\n".encode()
"""No heading is known."""
LARGE = 50_000


@pytest.fixture
def campaign(api: httpx2.Client) -> int:
    """A campaign without contacts."""
    return api.post("/campaigns", json={"campaignName": "Chọn cột", "audioFile": "hello"}).json()["campaignId"]


def choose(
    page: Page, content: bytes = ODD, name: str = "khach.csv", kind: str = "text/csv", label: str = "File"
) -> None:
    page.get_by_label(label, exact=True).set_input_files({"name": name, "mimeType": kind, "buffer": content})


def use(page: Page, column: str, text: str) -> None:
    page.get_by_label(f"{column} is read as").select_option(label=text)


def test_columns_that_are_not_known_are_chosen_and_remembered(
    opened: Opened, campaign: int, api: httpx2.Client
) -> None:
    page = opened(f"/campaigns/{campaign}/import")
    choose(page)
    columns = page.get_by_role("table", name="Columns")
    expect(columns.get_by_role("row").filter(has_text="Gọi")).to_contain_text("0901234567 · 0902345678 · 12")
    expect(page.get_by_text("No column is known to have phone numbers")).to_be_visible()
    use(page, "Gọi", "Phone number")
    use(page, "Khách", "Name")
    use(page, "Nơi", "Not read")
    expect(page.get_by_text("No column is known to have phone numbers")).to_have_count(0)
    page.get_by_role("button", name="Check without importing").click()
    detected = page.get_by_role("table", name="What was detected")
    expect(detected.get_by_role("row").filter(has_text="Gọi")).to_contain_text("Phone number")
    refused = page.get_by_role("table", name="The first refused rows")
    expect(refused).to_contain_text("K3 | Bé | 12 | Vinh")
    expect(refused).to_contain_text("too short")
    page.get_by_role("button", name="Import now").click()
    expect(page.get_by_text("The import has finished.")).to_be_visible()
    (found,) = api.get(f"/campaigns/{campaign}/contact-lists").json()["data"]
    contacts = api.get(f"/campaigns/{campaign}/contact-lists/{found['listId']}/contacts").json()["data"]
    assert {(one["name"], one["attributes"].get("Mã"), "Nơi" in one["attributes"]) for one in contacts} == {
        ("Đào", "K1", False),
        ("Ngọc", "K2", False),
    }
    page.goto(f"/campaigns/{campaign}/import")
    choose(page)
    expect(page.get_by_label("Gọi is read as")).to_have_value("phoneNumber")
    expect(page.get_by_label("Nơi is read as")).to_have_value("ignored")
    page.get_by_role("button", name="As detected").click()
    expect(page.get_by_label("Gọi is read as")).to_have_value("attribute")


def test_a_use_that_one_column_alone_may_have_is_said(opened: Opened, campaign: int) -> None:
    page = opened(f"/campaigns/{campaign}/import")
    choose(page)
    use(page, "Mã", "Your id")
    use(page, "Nơi", "Your id")
    expect(page.get_by_text("Only one column can be read as: Your id")).to_be_visible()


def test_a_workbook_of_50_000_rows_is_checked_and_imported(opened: Opened, campaign: int) -> None:
    rows = [["Gọi", "Khách"], *([f"09{at:08}", f"Khách {at}"] for at in range(1_000_000, 1_000_000 + LARGE))]
    page = opened(f"/campaigns/{campaign}/import")
    choose(page, workbook(*rows), "khach.xlsx", XLSX)
    use(page, "Gọi", "Phone number")
    page.get_by_role("button", name="Check without importing").click()
    figures = page.locator("dl div")
    started = page.get_by_role("button", name="Import now")
    expect(started).to_be_visible(timeout=300_000)
    expect(figures.filter(has_text="Rows").first).to_contain_text("50,000")
    started.click()
    expect(page.get_by_text("The import has finished.")).to_be_visible(timeout=300_000)
    expect(page.get_by_role("button", name="Undo the import")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("locale", "label", "columns"), [("en-GB", "File", "Columns"), ("vi-VN", "Tệp", "Các cột")])
def test_the_choice_is_accessible(
    opened: Opened, campaign: int, scheme: str, locale: str, label: str, columns: str
) -> None:
    page = opened(f"/campaigns/{campaign}/import", color_scheme=scheme, locale=locale)
    choose(page, label=label)
    expect(page.get_by_role("table", name=columns)).to_be_visible()
    assert_accessible(page)


def test_the_choice_works_by_keyboard(opened: Opened, campaign: int) -> None:
    page = opened(f"/campaigns/{campaign}/import")
    choose(page)
    page.get_by_label("Gọi is read as").focus()
    page.keyboard.press("Home")
    expect(page.get_by_label("Gọi is read as")).to_have_value("phoneNumber")
