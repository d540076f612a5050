"""Wallboards: made and revoked by a supervisor, shown on a television without sign-in."""

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from playwright.sync_api import expect

from tests.browser.cable import Cable
from tests.browser.conftest import Opened, assert_accessible, in_dialog

BOARDS = "/settings/wallboards"
TELEVISION = {"width": 1920, "height": 1080}
WAITING = {"warn": 0, "alarm": 100_000}


@pytest.fixture
def board(api: httpx2.Client) -> Iterator[dict[str, Any]]:
    """A board in English that warns of any number of callers."""
    body = {"name": "Hall", "language": "en", "thresholds": {"waiting": WAITING}}
    made = api.post("/wallboards", json=body).json()
    yield made | {"path": f"/wall#{made['token']}"}
    api.delete(f"/wallboards/{made['wallboardId']}")


def test_board_is_made_opened_changed_and_revoked(opened: Opened, api: httpx2.Client) -> None:
    page = opened(BOARDS, "supervisor")
    page.get_by_role("button", name="New wallboard").click()
    page.get_by_label("Name", exact=True).fill("Sảnh")
    page.get_by_label("Callbacks").uncheck()
    page.get_by_role("dialog").get_by_label("Language").select_option("Tiếng Việt")
    in_dialog(page, "New wallboard")
    once = page.get_by_role("dialog", name="Sảnh")
    expect(once).to_contain_text("never again")
    address = once.locator("code").inner_text()
    assert once.get_by_role("link", name="Open").get_attribute("href") == address
    in_dialog(page, "Close")

    television = opened("/wall", None)
    asked: list[str] = []
    television.on("request", lambda request: asked.append(request.url))
    television.goto(address)
    television.reload()
    expect(television.get_by_role("heading", name="Sảnh")).to_be_visible()
    expect(television.get_by_role("group", name="Chờ lâu nhất")).to_be_visible()
    expect(television.get_by_role("group", name="Gọi lại")).to_have_count(0)
    token = address.partition("#")[2]
    assert not [url for url in asked if token in url.partition("#")[0]]
    queue = api.get("/queues/inbound").json()["data"][0]["callinName"]
    expect(television.get_by_role("rowheader", name=queue)).to_be_visible()
    assert re.search(r"\d{4} ?\d{3}", television.get_by_role("main").inner_text()) is None

    page.get_by_role("button", name="Change: Sảnh").click()
    page.get_by_label("Name", exact=True).fill("Hall two")
    page.get_by_role("dialog").get_by_label("Language").select_option("English")
    in_dialog(page, "Save")
    expect(television.get_by_role("heading", name="Hall two")).to_be_visible()
    expect(television.get_by_role("group", name="Longest wait")).to_be_visible()
    page.get_by_role("button", name="Revoke: Hall two").click()
    in_dialog(page, "Revoke")
    expect(television.get_by_role("heading", name="This board was revoked")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="Hall two")).to_have_count(0)


def test_threshold_has_a_word_and_a_shape(opened: Opened, board: dict[str, Any]) -> None:
    page = opened(board["path"], None)
    tile = page.get_by_role("group", name="Waiting")
    expect(tile.get_by_text("High")).to_be_visible()
    expect(page.get_by_role("cell").get_by_role("img", name="High").first).to_be_visible()


def test_stale_figures_say_so_and_come_back(opened: Opened, board: dict[str, Any]) -> None:
    page = opened("/wall", None)
    cable = Cable(page.context, "/wallboard/events")
    page.goto(board["path"])
    page.reload()
    expect(page.get_by_role("heading", name="Hall")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    cable.cut()
    expect(page.get_by_role("alert")).to_contain_text("old")
    cable.join()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_wait_is_right_whatever_the_clock_of_the_television(opened: Opened, board: dict[str, Any]) -> None:
    page = opened("/wall", None)
    page.add_init_script("const now = Date.now; Date.now = () => now() + 3_600_000")
    page.goto(board["path"])
    page.reload()
    expect(page.get_by_role("heading", name="Hall")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    longest = page.get_by_role("group", name="Longest wait")
    expect(longest).to_contain_text(re.compile(r"–|\d+:\d\d"))
    assert re.search(r"\d+:\d\d:\d\d", longest.inner_text()) is None


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("language", ["en", "vi"])
def test_board_fits_its_screen_and_is_accessible(
    opened: Opened, api: httpx2.Client, board: dict[str, Any], theme: str, language: str
) -> None:
    body = {"theme": theme, "language": language}
    assert api.patch(f"/wallboards/{board['wallboardId']}", json=body).status_code == httpx2.codes.OK
    page = opened(board["path"], None)
    expect(page.locator(f"html[data-theme={theme}][lang={language}]")).to_have_count(1)
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    assert_accessible(page)
    for size in ({"width": 1366, "height": 768}, TELEVISION):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        figure = page.get_by_role("group").first.locator("div").first
        assert figure.evaluate("one => parseFloat(getComputedStyle(one).fontSize) >= innerHeight * 0.08")


def test_unknown_token_says_so(opened: Opened) -> None:
    page = opened("/wall#wb_unknown", None)
    expect(page.get_by_role("main").get_by_role("heading")).to_be_visible()
    expect(page.get_by_text(re.compile("revoked|thu hồi")).first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("locale", "title"), [("en-GB", "Wallboards"), ("vi-VN", "Bảng hiển thị")])
def test_list_is_accessible_in_both_languages(
    opened: Opened, board: dict[str, Any], scheme: str, locale: str, title: str
) -> None:
    page = opened(BOARDS, "viewer", locale=locale, color_scheme=scheme)
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    expect(page.get_by_role("cell", name="Hall", exact=True)).to_be_visible()
    expect(page.get_by_role("main").get_by_role("button")).to_have_count(0)
    assert board["token"] not in page.content()
    assert_accessible(page)
