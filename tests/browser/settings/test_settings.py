"""Settings: people who sign in, API keys and wrap-up codes."""

from http import HTTPStatus

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, Demo, Opened, assert_accessible, in_dialog, login_of

PEOPLE, KEYS, CODES = "/settings/people", "/settings/keys", "/settings/wrap-up-codes"


def act(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).first.click()


def invite(page: Page, name: str, login: str) -> str:
    """Create somebody who watches; the address of the link by which they set a password."""
    act(page, "New person")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Login").fill(login)
    page.get_by_label("Role").select_option("Viewer")
    in_dialog(page, "New person")
    link = page.get_by_role("dialog", name=f"Link for {name}")
    expect(link).to_contain_text("never again")
    address = link.locator("code").inner_text()
    in_dialog(page, "Close")
    return address


def test_somebody_is_invited_signs_in_and_is_signed_out(opened: Opened, demo: Demo) -> None:
    page = opened(PEOPLE, "owner")
    address = invite(page, "Phan Mười", "muoi@example.com")
    row = page.get_by_role("row").filter(has_text="Phan Mười")
    expect(row).to_contain_text("Has no password yet")
    theirs = opened("/account", None)
    theirs.goto(address)
    passwords = theirs.locator("input[type=password]")
    expect(passwords).to_have_count(2)
    for field in passwords.all():
        field.fill(PASSWORD)
    theirs.get_by_role("main").locator("button[type=submit]").click()
    body = {"login": "muoi@example.com", "password": PASSWORD}
    expect(theirs.get_by_role("main").get_by_role("link").or_(theirs.get_by_label("Login")).first).to_be_visible()
    assert theirs.context.request.post("/v1/session", data=body).ok
    page.reload()
    expect(row).to_contain_text("May sign in")
    act(page, "Sessions: Phan Mười")
    sessions = page.get_by_role("dialog").get_by_role("table")
    ends = sessions.get_by_role("button", name="End: ")
    expect(ends.nth(1)).to_be_visible()  # of the link, and of the sign-in after it
    ends.first.click()
    expect(ends).to_have_count(1)
    in_dialog(page, "End all")
    expect(page.get_by_role("dialog")).to_contain_text("Not signed in anywhere")
    assert theirs.context.request.get("/v1/session").status == HTTPStatus.UNAUTHORIZED


def test_somebody_is_changed_disabled_and_enabled(opened: Opened) -> None:
    page = opened(PEOPLE, "owner")
    invite(page, "Tạ Mốt", "mot@example.com")
    act(page, "Change: Tạ Mốt")
    page.get_by_label("Role").select_option("Supervisor")
    in_dialog(page, "Save")
    row = page.get_by_role("row").filter(has_text="Tạ Mốt")
    expect(row).to_contain_text("Supervisor")
    act(page, "Disable: Tạ Mốt")
    expect(page.get_by_role("dialog")).to_contain_text("end at once")
    in_dialog(page, "Disable")
    expect(row).to_contain_text("Disabled")
    act(page, "Enable: Tạ Mốt")
    in_dialog(page, "Enable")
    expect(row).to_contain_text("Has no password yet")


def test_the_server_says_why_somebody_is_refused(opened: Opened) -> None:
    page = opened(PEOPLE, "owner")
    act(page, "New person")
    page.get_by_label("Name", exact=True).fill("Lặp Lại")
    page.get_by_label("Login").fill(login_of("viewer"))
    page.get_by_label("Role").select_option("Viewer")
    in_dialog(page, "New person")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Lặp Lại")


def status_of(demo: Demo, key: str) -> int:
    return httpx2.get(f"{demo.url}/v1/campaigns", headers={"X-Api-Key": key}, timeout=60).status_code


def test_a_key_is_shown_once_and_revoked(opened: Opened, demo: Demo) -> None:
    page = opened(KEYS, "owner")
    act(page, "New key")
    page.get_by_label("Name", exact=True).fill("Máy chủ CRM")
    in_dialog(page, "New key")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("at least one")
    page.get_by_label("Campaigns and contacts").check()
    page.get_by_label("Expires").fill("2099-12-31")
    in_dialog(page, "New key")
    shown = page.get_by_role("dialog", name="Máy chủ CRM")
    expect(shown).to_contain_text("never again")
    key = shown.locator("code").inner_text()
    assert status_of(demo, key) == HTTPStatus.OK
    page.keyboard.press("Escape")
    expect(shown).to_be_visible()
    in_dialog(page, "Close")
    row = page.get_by_role("row").filter(has_text="Máy chủ CRM")
    expect(row).to_contain_text("01/01/2100 00:00")
    expect(page.get_by_role("main")).not_to_contain_text(key)
    act(page, "Revoke: Máy chủ CRM")
    in_dialog(page, "Revoke")
    expect(row).to_contain_text("Revoked")
    expect(row.get_by_role("button")).to_have_count(0)


def test_a_code_is_made_changed_and_deleted(opened: Opened) -> None:
    page = opened(CODES)
    act(page, "New code")
    page.get_by_label("Name", exact=True).fill("Hẹn lại sau Tết")
    page.get_by_label("Asks for the time").check()
    page.get_by_label("Name", exact=True).press("Enter")
    row = page.get_by_role("row").filter(has_text="Hẹn lại sau Tết")
    expect(row).to_contain_text("Asks for the time of a callback")
    act(page, "Change: Hẹn lại sau Tết")
    page.get_by_label("Asks for the time").uncheck()
    page.get_by_label("Number is not called").check()
    in_dialog(page, "Save")
    expect(row).to_contain_text("Number is not called any more")
    expect(row).not_to_contain_text("callback")
    act(page, "Delete: Hẹn lại sau Tết")
    in_dialog(page, "Delete")
    expect(row).to_have_count(0)


def test_who_may_not_see_settings_is_led_away_and_a_viewer_changes_no_code(opened: Opened) -> None:
    for role in ("supervisor", "viewer", "agent"):
        page = opened(PEOPLE, role)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert PEOPLE not in page.url
        expect(page.get_by_role("link", name="API keys")).to_have_count(0)
    page = opened(CODES, "viewer")
    expect(page.get_by_role("heading", name="Wrap-up codes", level=1)).to_be_visible()
    expect(page.get_by_role("main").get_by_role("button")).to_have_count(0)


def test_people_and_keys_of_another_tenant_are_not_there(opened: Opened) -> None:
    page = opened(PEOPLE, "stranger")
    expect(page.get_by_role("table", name="People").locator("tbody tr")).to_have_count(1)
    page.goto(KEYS)
    expect(page.get_by_text("There is no key yet")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("locale", "headings"),
    [("en-GB", ("People", "API keys", "Wrap-up codes")), ("vi-VN", ("Người dùng", "Khóa API", "Mã kết quả cuộc gọi"))],
)
def test_they_are_accessible(opened: Opened, scheme: str, locale: str, headings: tuple[str, ...]) -> None:
    page = opened(PEOPLE, "owner", color_scheme=scheme, locale=locale)
    for path, heading in zip((PEOPLE, KEYS, CODES), headings, strict=True):
        page.goto(path)
        expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        expect(page.get_by_role("status").filter(has_text="…")).to_have_count(0)
        assert_accessible(page)
        page.get_by_role("main").get_by_role("button").first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert_accessible(page)
