"""The health screen: the state of each part, and what to do about a fault."""

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Opened, assert_accessible

URL = "**/v1/health"
PARTS = ("disk", "telephony", "switch", "dialing", "imports")


def body(faults: dict[str, tuple[str, str | None]], state: str = "ok") -> dict[str, Any]:
    """A body of the API, with faults by their part."""
    found = {part: faults.get(part, ("ok", None)) for part in PARTS}
    parts = [{"part": part, "state": one, "reason": why, "message": why} for part, (one, why) in found.items()]
    now = "2026-03-10T02:00:00Z"
    return {"state": state, "version": "9.9", "now": now, "switchSeenAt": None, "importsOpen": 2, "parts": parts}


def rows(page: Page) -> list[str]:
    return page.get_by_role("table").locator("tbody tr").all_inner_texts()


def test_a_running_server_works(opened: Opened) -> None:
    page = opened("/system-health")
    table = page.get_by_role("table", name="What your work needs")
    expect(table.get_by_text("Works", exact=True)).to_have_count(5)
    expect(page.get_by_role("link", name="Health")).to_be_visible()


def test_faults_are_reported_with_what_to_do_in_both_languages_and_themes(opened: Opened) -> None:
    faults = {"disk": ("warning", "disk_low"), "switch": ("failed", "no_switch"), "dialing": ("unknown", None)}
    for locale, scheme, word, todo in (
        ("en-GB", "light", "Does not work", "Start the Asterisk"),
        ("vi-VN", "dark", "Không hoạt động", "Hãy bật Asterisk"),
    ):
        page = opened("/account", locale=locale, color_scheme=scheme)
        page.route(URL, lambda route: route.fulfill(json=body(faults, "failed")))
        page.goto("/system-health")
        switch = page.get_by_role("table").locator("tbody tr").nth(2)
        expect(switch).to_contain_text(word)
        expect(switch).to_contain_text(todo)
        assert_accessible(page)


@pytest.mark.parametrize("role", ["owner", "viewer"])
def test_owners_and_viewers_see_it(opened: Opened, role: str) -> None:
    expect(opened("/system-health", role).get_by_role("table")).to_be_visible()


def test_an_agent_is_sent_home(opened: Opened) -> None:
    page = opened("/system-health", "agent")
    expect(page).not_to_have_url("/system-health")
    expect(page.get_by_role("link", name="Health")).to_have_count(0)


def test_a_server_that_does_not_answer_is_no_health(opened: Opened) -> None:
    page = opened("/account")
    page.clock.install()
    page.goto("/system-health")
    expect(page.get_by_role("table")).to_be_visible()
    page.route(URL, lambda route: route.abort("internetdisconnected"))
    page.clock.fast_forward(60_000)
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    page.unroute(URL)
    page.clock.fast_forward(60_000)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_refusal_is_shown(opened: Opened) -> None:
    def refuse(route: Route) -> None:
        refusal = {"success": "0", "error_code": "UNAVAILABLE", "error_message": "The database is away"}
        route.fulfill(status=503, json=refusal)

    page = opened("/account")
    page.route(URL, refuse)
    page.goto("/system-health")
    expect(page.get_by_text("The database is away")).to_be_visible()
