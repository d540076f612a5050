"""Sign-in, languages, themes and the keyboard: what is around every screen."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, Opened, assert_accessible, login_of


def fill_in(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("E-mail or phone number").fill(login_of("supervisor"))
    page.get_by_label("Password").fill(password)


def signed_in(page: Page) -> None:
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()


def test_a_person_signs_in_and_out(opened: Opened) -> None:
    page = opened("/account", None)
    expect(page).to_have_url(re.compile(r"/sign-in\?next="))
    fill_in(page)
    page.get_by_role("button", name="Sign in").click()
    signed_in(page)
    expect(page).to_have_url(re.compile("/account$"))
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/account")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_wrong_password_is_refused_in_words(opened: Opened) -> None:
    page = opened("/sign-in", None)
    fill_in(page, "not the password at all")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("is wrong")


def test_a_session_that_ends_leads_to_the_sign_in(opened: Opened) -> None:
    page = opened("/account")
    signed_in(page)
    page.context.clear_cookies()
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.parametrize(("locale", "word", "language"), [("vi-VN", "Đăng nhập", "vi"), ("en-US", "Sign in", "en")])
def test_the_browsers_language_comes_first(opened: Opened, locale: str, word: str, language: str) -> None:
    page = opened("/sign-in", None, locale=locale)
    expect(page.get_by_role("heading", name=word)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", language)


def test_a_chosen_language_is_kept_with_the_person(opened: Opened) -> None:
    page = opened("/account", "viewer")
    signed_in(page)
    with page.expect_response(lambda answer: answer.request.method == "PATCH") as kept:
        page.get_by_label("Language").select_option("vi")
    assert kept.value.ok
    expect(page.get_by_role("button", name="Đăng xuất")).to_be_visible()
    other = opened("/account", "viewer")
    expect(other.get_by_role("button", name="Đăng xuất")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/sign-in", "/first-run", "/reset#token", "/nothing/here"])
def test_pages_before_the_sign_in_are_accessible(opened: Opened, path: str, scheme: str) -> None:
    page = opened(path, "supervisor" if "nothing" in path else None, color_scheme=scheme)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert_accessible(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_layout_is_accessible(opened: Opened, scheme: str) -> None:
    page = opened("/account", color_scheme=scheme)
    signed_in(page)
    assert_accessible(page)


def test_a_theme_is_chosen_whatever_the_system_has(opened: Opened) -> None:
    page = opened("/account", color_scheme="light")
    ground = page.locator("html")
    light = ground.evaluate("one => getComputedStyle(one).backgroundColor")
    page.get_by_label("Theme").select_option("dark")
    expect(ground).to_have_attribute("data-theme", "dark")
    assert ground.evaluate("one => getComputedStyle(one).backgroundColor") != light
    page.reload()
    expect(ground).to_have_attribute("data-theme", "dark")


def test_everything_is_reached_by_the_keyboard(opened: Opened) -> None:
    page = opened("/sign-in", None)
    expect(page.get_by_label("E-mail or phone number")).to_be_focused()
    page.keyboard.type(login_of("owner"))
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    signed_in(page)
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_places_are_found_by_name_without_accents_and_calls_by_number(opened: Opened) -> None:
    page = opened("/account", locale="vi-VN")
    dialog = page.get_by_role("dialog")
    field, options = dialog.get_by_role("combobox", name="Đi tới"), dialog.get_by_role("option")
    page.get_by_label("Mật khẩu hiện tại").press("Control+k")  # in a field too
    expect(field).to_be_focused()
    assert_accessible(page)
    field.fill("khong co gi nhu the")
    expect(dialog.get_by_role("status")).to_have_text("Không có mục nào mang tên này.")
    field.fill("hang doi")
    expect(options.first).to_have_attribute("aria-selected", "true")
    field.press("Enter")
    expect(page).to_have_url(re.compile(r"/queues$"))

    page.keyboard.press("Control+k")
    field.fill("0901 234 567")
    expect(options).to_have_text(["0901 234 567Cuộc gọi"])
    options.first.click()
    expect(page).to_have_url(re.compile(r"/calls\?phone=.*0901234567"))


def test_an_agent_finds_their_screens_only(opened: Opened) -> None:
    page = opened("/account", "agent")
    page.get_by_role("button", name="Go to").click()
    found = page.get_by_role("dialog").get_by_role("option")
    expect(found).to_have_text([re.compile("Screen$")] * page.locator("nav li").count())


def test_no_shortcut_is_meant_while_somebody_types_or_composes(opened: Opened) -> None:
    page = opened("/account")
    page.get_by_label("Present password").press("?")
    page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '?', bubbles: true, isComposing: true}))"
    )
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_link_of_a_sign_in_leads_nowhere_else(opened: Opened) -> None:
    page = opened("/sign-in?next=https://evil.example/", None)
    fill_in(page)
    page.get_by_role("button", name="Sign in").click()
    signed_in(page)
    assert "evil" not in page.url
