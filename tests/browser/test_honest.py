"""Honest screens: old data look old, durations are right by any clock, and nobody sees another tenant."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.cable import Cable
from tests.browser.conftest import PASSWORD, Demo, Opened, assert_accessible, login_of

SLACK_S = 60
"""How far a duration on the screen may be from the server's answer, which a slow machine reads a little later."""


def shown(page: Page) -> None:
    expect(page.get_by_role("table", name="Queues")).to_be_visible()
    expect(page.get_by_role("table", name="Agents")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_data_that_grow_old_are_greyed_with_their_age_and_recover(opened: Opened, scheme: str) -> None:
    page = opened("/account", color_scheme=scheme)
    cable = Cable(page.context)
    page.goto("/live")
    shown(page)
    expect(page.locator("[data-old]")).to_have_count(0)
    cable.cut()
    old = page.locator("section[data-old]")
    expect(old.filter(has=page.get_by_role("table", name="Queues"))).to_contain_text(re.compile(r"Data \d+:\d\d old"))
    shown(page)  # what was known is still there to read
    assert_accessible(page)
    cable.join()
    expect(old).to_have_count(0)


def test_three_tabs_have_one_stream_which_another_takes_over(opened: Opened) -> None:
    first = opened("/account")
    streams: list[Request] = []
    first.context.on("request", lambda request: streams.append(request) if "/live/events" in request.url else None)
    first.goto("/live")
    shown(first)
    tabs = [first.context.new_page() for _ in range(2)]
    for tab in tabs:
        tab.goto("/live")
        shown(tab)
    assert len({request.frame for request in streams}) == 1
    before = len(streams)
    first.close()
    with tabs[0].context.expect_event("request", lambda request: "/live/events" in request.url):
        pass
    for tab in tabs:
        expect(tab.locator("[data-old]")).to_have_count(0)
        shown(tab)
    assert len(streams) == before + 1


@pytest.fixture
def still(demo: Demo) -> Iterator[dict[str, str]]:
    """An agent who stays offline."""
    with httpx2.Client(base_url=f"{demo.url}/v1", headers={"X-Api-Key": demo.key}, timeout=60) as client:
        queue = client.get("/queues/inbound").json()["data"][0]["callinId"]
        made = client.post("/agents", json={"agentName": "Ngồi Yên", "endpoint": "nobody", "queueId": queue})
        path = f"/agents/{made.json()['agentId']}"
        yield client.get(path).json()
        assert client.delete(path).is_success


@pytest.mark.parametrize("wrong", [timedelta(hours=1), timedelta(hours=-1)])
def test_durations_are_the_servers_whatever_the_clock_of_the_pc(
    opened: Opened, still: dict[str, str], wrong: timedelta
) -> None:
    page = opened("/account", "supervisor")
    page.clock.install(time=datetime.now(UTC) + wrong)
    page.goto("/live")
    shown(page)
    expect(page.locator("[data-old]")).to_have_count(0)
    row = page.get_by_role("table", name="Agents").get_by_role("row").filter(has_text=still["agentName"])
    since = row.get_by_role("cell").nth(2)
    expect(since).not_to_have_text("0:00")
    real = datetime.now(UTC) - datetime.fromisoformat(still["stateSince"])
    assert abs(seconds(since.inner_text()) - real.total_seconds()) < SLACK_S


def seconds(text: str) -> int:
    """The seconds of `m:ss` or `h:mm:ss`."""
    total = 0
    for part in text.split(":"):
        total = total * 60 + int(part)
    return total


def test_a_person_of_another_tenant_sees_nothing_of_this_one(opened: Opened) -> None:
    mine = opened("/live", "owner")
    name = mine.get_by_role("table", name="Agents").get_by_role("row").nth(1).get_by_role("cell").first.inner_text()
    theirs = opened("/live", "stranger")
    expect(theirs.get_by_text("There is no queue yet")).to_be_visible()
    expect(theirs.get_by_text("There is no agent yet")).to_be_visible()
    expect(theirs.get_by_text(name)).to_have_count(0)


def test_a_tab_follows_who_signs_in_and_out_in_another(opened: Opened) -> None:
    first = opened("/live", "owner")
    shown(first)
    second = first.context.new_page()
    second.goto("/live")
    shown(second)
    second.get_by_role("button", name="Sign out", exact=True).click()
    expect(first.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(second.get_by_role("heading", name="Sign in")).to_be_visible()
    first.close()
    sign_in(second, login_of("stranger"))
    expect(second.get_by_text("There is no queue yet")).to_be_visible()


def sign_in(page: Page, login: str) -> None:
    page.get_by_label("E-mail or phone number").fill(login)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("locale", "said"), [("en-GB", "Ask an owner to add you"), ("vi-VN", "nhờ chủ sở hữu thêm")])
def test_the_screen_says_why_the_provider_refused(opened: Opened, scheme: str, locale: str, said: str) -> None:
    page = opened("/?openid=unknown_user", None, color_scheme=scheme, locale=locale)
    expect(page.get_by_role("alert")).to_contain_text(said)
    assert_accessible(page)


def test_a_reason_of_a_provider_is_never_shown_as_it_came(opened: Opened) -> None:
    page = opened("/?openid=%3Cb%3Ecall%20us%3C%2Fb%3E", "owner")
    expect(page.get_by_role("alert")).to_contain_text("Try again")
    expect(page.get_by_text("call us")).to_have_count(0)


def look_again(page: Page) -> None:
    """Tell the page that it is shown again, as a browser does."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_of_an_old_version_asks_to_be_loaded_again(opened: Opened, scheme: str) -> None:
    page = opened("/account", color_scheme=scheme)
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()
    with page.expect_response(lambda answer: answer.url.endswith("/")) as looked:
        look_again(page)
    assert looked.value.ok
    reload = page.get_by_role("button", name="Load again")
    expect(reload).to_have_count(0)
    index = looked.value.text().replace("/assets/index-", "/assets/index-of-another-build-")

    def answer(route: Route) -> None:
        if route.request.resource_type == "document":
            route.continue_()
        else:
            route.fulfill(body=index, content_type="text/html")

    page.route(re.compile(r"//[^/]+/$"), answer)
    look_again(page)
    expect(reload).to_be_visible()
    assert_accessible(page)
    with page.expect_navigation():
        reload.click()
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()
    expect(reload).to_have_count(0)
