"""The desk of an agent: their state, and the calls that the demo's callers bring."""

import httpx2
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.cable import Cable
from tests.browser.conftest import Demo, Opened, assert_accessible
from tests.browser.work.conftest import CALL_MS, Seated, agent_of, created, quiet_queue


def state(page: Page) -> Locator:
    return page.get_by_role("region", name="My state").get_by_role("status")


def test_agents_choose_from_the_reasons_of_their_company(seated: Seated, api: httpx2.Client) -> None:
    api.put("/pause-reasons", json={"reasons": ["Uống nước", "Họp nhóm"]}).raise_for_status()
    desk = seated("pauser", quiet_queue(api))
    desk.sign_in()
    desk.act("Pause")
    expect(desk.page.get_by_role("dialog").get_by_role("button", name="Lunch")).to_have_count(0)
    desk.page.get_by_role("dialog").get_by_role("button", name="Uống nước").click()
    expect(desk.state).to_contain_text("Paused(Uống nước)")
    api.put("/pause-reasons", json={"reasons": []}).raise_for_status()


def test_a_state_that_is_old_is_not_shown_as_the_present_one(seated: Seated, api: httpx2.Client) -> None:
    desk = seated("sleepy", quiet_queue(api))
    desk.sign_in()
    cable = Cable(desk.page.context)
    desk.page.reload()
    expect(desk.state).to_contain_text("Ready")
    cable.cut()
    expect(desk.state).to_have_text("Not known")
    expect(desk.page.get_by_text("The server was heard last in: Ready")).to_be_visible()
    cable.join()
    expect(desk.state).to_contain_text("Ready")


def test_an_agent_signs_in_pauses_with_a_reason_and_signs_out(opened: Opened, demo: Demo, api: httpx2.Client) -> None:
    agent_of(demo, api, "desk", quiet_queue(api))
    page = opened("/", "desk")
    expect(page.get_by_role("heading", name="My desk", exact=True)).to_be_visible()
    expect(state(page)).to_contain_text("Signed out")
    page.get_by_role("button", name="Sign in").click()
    expect(state(page)).to_contain_text("Ready")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Lunch").click()
    expect(state(page)).to_contain_text("Paused(Lunch)")
    page.get_by_role("button", name="Ready", exact=True).click()
    expect(state(page)).to_contain_text("Ready")
    page.locator("main").get_by_role("button", name="Sign out").click()
    expect(state(page)).to_contain_text("Signed out")


def test_a_caller_comes_to_the_desk_and_gets_a_code_by_a_key(
    opened: Opened, demo: Demo, api: httpx2.Client, alone: int
) -> None:
    created(api, "/wrap-up-codes", {"name": "Sold"})
    agent_of(demo, api, "caller", alone)
    page = opened("/desk", "caller")
    page.get_by_role("button", name="Sign in").click()
    mute = page.get_by_role("button", name="Mute", exact=True)
    expect(mute).to_be_visible(timeout=CALL_MS)
    mute.click()
    expect(page.get_by_text("You are muted")).to_be_visible()
    page.locator("main").focus()
    page.keyboard.press("h")
    expect(page.get_by_text("On hold, ")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("On hold, ")).to_have_count(0)
    page.locator("main").focus()
    page.keyboard.press("1")
    expect(page.get_by_text("Saved: Sold")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("locale", "title"), [("en-GB", "My state"), ("vi-VN", "Trạng thái của tôi")])
def test_it_is_accessible_in_both_themes_and_languages(opened: Opened, scheme: str, locale: str, title: str) -> None:
    page = opened("/desk", "agent", color_scheme=scheme, locale=locale)
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    assert_accessible(page)


def test_no_other_role_has_a_desk(opened: Opened) -> None:
    page = opened("/desk", "supervisor")
    expect(page.get_by_role("heading", name="Live", exact=True)).to_be_visible()
