"""`/docs`: the endpoints of this server, read and tried out without sign-in, and nothing from elsewhere."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Demo, Opened, assert_accessible

LIST = "List the tenant's campaigns"


def open_operation(page: Page) -> None:
    """Unfold the list of campaigns."""
    page.locator("#operations-tag-Campaigns button").first.click()
    page.get_by_role("button", name=LIST).first.click()


def test_an_endpoint_is_tried_with_a_key_and_shown_as_programs(opened: Opened, demo: Demo) -> None:
    page = opened("/docs", None)
    page.get_by_role("button", name="Authorize").first.click()
    asked = page.locator(".modal-ux .auth-container").filter(has_text="X-Api-Key")
    asked.get_by_label("Value:").fill(demo.key)
    asked.get_by_role("button", name="Apply credentials").click()
    asked.get_by_role("button", name="Close").click()
    open_operation(page)
    page.get_by_role("button", name="Try it out").click()
    with page.expect_response(lambda answer: "/v1/campaigns" in answer.url) as answered:
        page.get_by_role("button", name="Execute").click()
    assert answered.value.status == 200
    body = page.locator(".live-responses-table .response-col_description pre").first
    expect(body).to_contain_text("campaignName")
    assert json.loads(answered.value.text())["totalRecord"] >= 1
    for name, begins in (("Python", "import httpx"), ("JavaScript", "const answer = await fetch("), ("curl", "curl")):
        page.locator(".request-snippets").get_by_text(name, exact=True).click()
        expect(page.locator(".request-snippets pre")).to_contain_text(begins)
        expect(page.locator(".request-snippets pre")).to_contain_text("/v1/campaigns")


def test_the_cookie_of_a_session_is_not_sent(opened: Opened) -> None:
    """Nothing works here that a program could not do with the same key."""
    page = opened("/docs", "owner")
    open_operation(page)
    page.get_by_role("button", name="Try it out").click()
    with page.expect_response(lambda answer: "/v1/campaigns" in answer.url) as answered:
        page.get_by_role("button", name="Execute").click()
    assert answered.value.status == 401


def test_nothing_is_loaded_from_elsewhere_and_nothing_of_the_console(opened: Opened, demo: Demo) -> None:
    page = opened("/docs", None)
    loaded = list[str]()
    page.on("request", lambda request: loaded.append(request.url))
    page.reload()
    open_operation(page)
    expect(page.get_by_role("button", name="Try it out")).to_be_visible()
    assert [url for url in loaded if not url.startswith((demo.url, "data:"))] == []
    assert demo.url + "/openapi.json" in loaded
    assert [url for url in loaded if "/v1/" in url or "/index-" in url] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible(opened: Opened, scheme: str) -> None:
    page = opened("/docs", None, color_scheme=scheme)
    open_operation(page)
    expect(page.get_by_role("button", name="Try it out")).to_be_visible()
    assert_accessible(page)
