"""The import of a file of contacts: check, import, refused rows, undo."""

from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Demo, Opened, assert_accessible

FILE = 'Điện thoại;Họ tên;Thành phố\r\n0901234567;Đào;"Hà Nội; quận 1"\r\n0902345678;Ngọc;Huế\r\n12;Bé;Vinh\r\n'


@pytest.fixture
def campaign(demo: Demo) -> Iterator[int]:
    """A campaign without contacts."""
    with httpx2.Client(base_url=f"{demo.url}/v1", headers={"X-Api-Key": demo.key}, timeout=60) as client:
        yield client.post("/campaigns", json={"campaignName": "Nhập thử", "audioFile": "hello"}).json()["campaignId"]


def choose(page: Page, label: str = "File", button: str = "Check without importing") -> None:
    page.get_by_label(label, exact=True).set_input_files(
        {"name": "khach.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
    )
    page.get_by_role("button", name=button).click()


def test_a_file_is_checked_imported_and_undone(opened: Opened, campaign: int) -> None:
    page = opened(f"/campaigns/{campaign}")
    page.get_by_role("link", name="Import contacts").click()
    choose(page)
    expect(page.get_by_role("table", name="What was detected")).to_contain_text("Phone number")
    expect(page.get_by_text("Separator: ;")).to_be_visible()
    refused = page.get_by_role("table", name="The first refused rows")
    expect(refused).to_contain_text("12 | Bé | Vinh")
    expect(refused).to_contain_text("too short")
    page.reload()
    expect(refused).to_contain_text("12 | Bé | Vinh")
    expect(page.get_by_text("Choose the file again")).to_be_visible()
    choose(page)
    page.get_by_role("button", name="Import now").click()
    expect(page.get_by_text("The import has finished.")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download refused rows").click()
    assert "Vinh" in saved.value.path().read_text(encoding="utf-8-sig")
    page.get_by_role("button", name="Undo the import").click()
    page.get_by_role("dialog").get_by_role("button", name="Undo the import").click()
    expect(page.get_by_text("Undone at")).to_be_visible()
    expect(page.locator("dl div").filter(has_text="Removed")).to_contain_text("2")


def test_a_file_that_is_none_is_refused_in_words(opened: Opened, campaign: int) -> None:
    page = opened(f"/campaigns/{campaign}/import")
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": b"nothing,here\r\n1,2\r\n"}
    )
    page.get_by_role("button", name="Check without importing").click()
    expect(page.get_by_role("alert")).to_contain_text("No column is named phoneNumber")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("locale", "file", "check", "refused"),
    [
        ("en-GB", "File", "Check without importing", "The first refused rows"),
        ("vi-VN", "Tệp", "Kiểm tra, chưa nhập", "Những dòng đầu tiên bị từ chối"),
    ],
)
def test_it_is_accessible(
    opened: Opened, campaign: int, scheme: str, locale: str, file: str, check: str, refused: str
) -> None:
    page = opened(f"/campaigns/{campaign}/import", "owner", color_scheme=scheme, locale=locale)
    choose(page, file, check)
    expect(page.get_by_role("table", name=refused)).to_be_visible()
    assert_accessible(page)


def test_a_viewer_imports_nothing(opened: Opened, campaign: int) -> None:
    page = opened(f"/campaigns/{campaign}/import", "viewer")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("button", name="Check without importing")).to_have_count(0)
