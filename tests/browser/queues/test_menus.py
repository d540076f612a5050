"""Keypad menus: made, changed and deleted, what uses them, and what a caller hears."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Opened, act, assert_accessible

LATER = {"kind": "callback"}


def made(api: httpx2.Client, name: str, **fields: Any) -> int:
    body = {"name": name, "options": {"1": LATER}} | fields
    return api.post("/queues/menus", json=body).json()["menuId"]


@pytest.fixture
def levels(api: httpx2.Client) -> Iterator[tuple[int, int, int]]:
    """A menu that leads to a second one, and that to a third."""
    third = made(api, "Thử ba", greeting="tongdai/third")
    second = made(api, "Thử hai", options={"1": {"kind": "menu", "menuId": third}, "*": {"kind": "hang_up"}})
    first = made(api, "Thử một", greeting="tongdai/first", options={"2": {"kind": "menu", "menuId": second}})
    yield first, second, third
    for menu_id in (first, second, third):
        assert api.delete(f"/queues/menus/{menu_id}").is_success


@pytest.fixture
def queue(api: httpx2.Client) -> Iterator[int]:
    body = {"callinName": "Có menu", "callinNumber": "02839997777"}
    queue_id = api.post("/queues/inbound", json=body).json()["callinId"]
    yield queue_id
    assert api.delete(f"/queues/inbound/{queue_id}").is_success


def panel(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def test_a_menu_is_made_changed_and_deleted(opened: Opened, api: httpx2.Client) -> None:
    page = opened("/menus")
    act(page, "New menu")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("Bảo hành")
    page.get_by_label("Greeting").fill("tongdai/welcome")
    page.get_by_label("Key 1", exact=True).select_option("Phone number")
    page.get_by_label("Key 1: phone number").fill("0283 999 8888")
    page.get_by_label("Add the key", exact=True).select_option("0")
    act(page, "Add the key 0")
    page.get_by_label("Key 0", exact=True).select_option("Callback")
    page.get_by_label("When no key is pressed", exact=True).select_option("Message")
    page.get_by_label("When no key is pressed: sound").fill("tongdai/closed")
    act(page, "New menu")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bảo hành")
    hears = panel(page, "What a caller hears")
    expect(hears).to_contain_text("hears “tongdai/welcome”, has 5 s to press a key, and hears it again up to 2 times")
    expect(hears.get_by_role("listitem")).to_contain_text(
        ["1 Phone number: 028 3999 8888", "0 Callback", "No key Message: tongdai/closed"]
    )
    act(page, "Take out key 1")
    page.get_by_label("Played again").fill("0")
    act(page, "Save")
    expect(hears).to_contain_text("has 5 s to press a key:")
    menu = next(one for one in api.get("/queues/menus?size=100").json()["data"] if one["name"] == "Bảo hành")
    assert (menu["greeting"], menu["repeats"], list(menu["options"])) == ("tongdai/welcome", 0, ["0"])
    page.get_by_role("main").get_by_role("link", name="Keypad menus").click()
    page.get_by_role("searchbox").fill("bao hanh")
    act(page, "Delete: Bảo hành")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No menu is like that")).to_be_visible()


def test_three_levels_are_shown_as_a_tree(opened: Opened, levels: tuple[int, int, int]) -> None:
    page = opened(f"/menus/{levels[0]}")
    tree = panel(page, "What a caller hears")
    below = tree.get_by_role("listitem").filter(has_text="2 Menu: Thử hai")
    third = below.get_by_role("listitem").filter(has_text="1 Menu: Thử ba")
    expect(third).to_contain_text("hears “tongdai/third”")
    expect(third.get_by_role("listitem").first).to_have_text("1 Callback")
    expect(below.get_by_role("listitem").filter(has_text="* Hang up")).to_be_visible()


def test_what_the_server_refuses_is_said_at_its_field(
    opened: Opened, api: httpx2.Client, levels: tuple[int, int, int]
) -> None:
    page = opened(f"/menus/{levels[2]}")
    greeting = page.get_by_label("Greeting")
    greeting.fill("/etc/passwd")
    act(page, "Save")
    expect(page.get_by_role("alert")).to_contain_text("greeting must be a sound")
    expect(greeting).to_be_focused()
    greeting.fill("")
    page.get_by_label("Key 1", exact=True).select_option("Phone number")
    page.get_by_label("Key 1: phone number").fill("12")
    act(page, "Save")
    expect(page.get_by_label("Key 1: phone number")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("alert")).to_contain_text("options.1.number")
    page.get_by_label("Key 1", exact=True).select_option("Menu")
    page.get_by_label("Key 1: menu").select_option("Thử một")
    act(page, "Save")
    expect(page.get_by_role("alert")).to_contain_text("must not lead back to a menu")
    assert api.get(f"/queues/menus/{levels[2]}").json()["greeting"] == "tongdai/third"


def test_a_menu_in_use_names_its_queues_and_numbers_and_stays(opened: Opened, api: httpx2.Client, queue: int) -> None:
    menu_id = made(api, "Dùng rồi")
    assert api.patch(f"/queues/inbound/{queue}/settings", json={"menuId": menu_id}).is_success
    page = opened(f"/menus/{menu_id}")
    expect(panel(page, "Used by")).to_contain_text("Queue Có menu · 028 3999 7777")
    expect(panel(page, "What a caller hears")).to_contain_text("Whoever calls 028 3999 7777")
    act(page, "Delete: Dùng rồi")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Queue Có menu")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_text(f"Cannot delete a menu that is used by queue {queue}")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    panel(page, "Used by").get_by_role("link", name="Queue Có menu").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Có menu")
    assert api.patch(f"/queues/inbound/{queue}/settings", json={"menuId": None}).is_success
    assert api.delete(f"/queues/menus/{menu_id}").is_success


def test_a_menu_that_is_not_there_is_said_to_be_missing(opened: Opened) -> None:
    page = opened("/menus/999999")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such menu")


def test_a_tenant_without_menus_reads_what_they_are(opened: Opened) -> None:
    page = opened("/menus", "stranger")
    expect(page.get_by_text("There is no menu yet")).to_be_visible()


def test_a_viewer_reads_and_may_not_act(opened: Opened, levels: tuple[int, int, int]) -> None:
    page = opened("/menus", "viewer")
    expect(page.get_by_role("link", name="Thử một", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="New menu")).to_have_count(0)
    expect(page.get_by_role("button", name="Delete: Thử một")).to_have_count(0)
    page.get_by_role("link", name="Thử một", exact=True).click()
    expect(page.get_by_label("Greeting")).to_be_disabled()
    expect(page.get_by_role("main").get_by_role("button", name="Save")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("locale", "menus", "greeting"), [("en-GB", "Keypad menus", "Greeting"), ("vi-VN", "Menu phím bấm", "Lời chào")]
)
def test_they_are_accessible(
    opened: Opened, levels: tuple[int, int, int], scheme: str, locale: str, menus: str, greeting: str
) -> None:
    page = opened("/menus", "owner", color_scheme=scheme, locale=locale)
    link = page.get_by_role("table", name=menus).get_by_role("link", name="Thử một", exact=True)
    expect(link).to_be_visible()
    assert_accessible(page)
    link.click()
    expect(page.get_by_label(greeting)).to_be_visible()
    assert_accessible(page)
