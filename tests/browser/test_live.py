"""The Live screen: data that move, their age, and the acts of a supervisor."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opened, assert_accessible


def test_queues_agents_and_campaigns_of_the_demo_are_shown(opened: Opened) -> None:
    page = opened("/")
    expect(page.get_by_role("heading", name="Live", exact=True)).to_be_visible()
    expect(page.get_by_role("table", name="Queues")).to_contain_text("Chăm sóc khách hàng")
    expect(page.get_by_role("table", name="Agents").get_by_role("row").nth(1)).to_be_visible()
    expect(page.get_by_role("table", name="Campaigns").get_by_text("Running").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("locale", "queues"), [("en-GB", "Queues"), ("vi-VN", "Hàng đợi")])
def test_it_is_accessible_in_both_themes_and_languages(opened: Opened, scheme: str, locale: str, queues: str) -> None:
    page = opened("/live", "owner", color_scheme=scheme, locale=locale)
    expect(page.get_by_role("table", name=queues)).to_be_visible()
    assert_accessible(page)


def test_a_second_tab_shows_the_same_with_the_stream_of_the_first(opened: Opened) -> None:
    first = opened("/live")
    expect(first.get_by_role("table", name="Queues")).to_be_visible()
    second = first.context.new_page()
    streams: list[str] = []
    second.on("request", lambda request: streams.append(request.url) if "/live/events" in request.url else None)
    second.goto("/live")
    expect(second.get_by_role("table", name="Queues")).to_be_visible()
    assert streams == []
    first.close()
    expect(second.locator("[data-old]")).to_have_count(0)
    expect(second.get_by_role("table", name="Agents")).to_be_visible()


def test_agents_are_found_without_accents_and_the_search_is_in_the_url(opened: Opened) -> None:
    page = opened("/live?agent=nobody+of+that+name")
    expect(page.get_by_role("searchbox")).to_have_value("nobody of that name")
    expect(page.get_by_text("There is no agent yet")).to_be_visible()


def test_a_supervisor_pauses_a_campaign_and_resumes_it(opened: Opened) -> None:
    page = opened("/live")
    page.get_by_role("button", name="Pause: ").filter(visible=True).last.click()
    page.get_by_role("dialog").get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Resume: ").first.click()
    expect(page.get_by_role("button", name="Resume: ")).to_have_count(0)


def test_a_viewer_sees_and_may_not_act(opened: Opened) -> None:
    page = opened("/live", "viewer", locale="en-GB")
    expect(page.locator("table").nth(1).get_by_role("row").nth(1)).to_be_visible()
    expect(page.get_by_role("main").get_by_role("button", name=": ")).to_have_count(0)
