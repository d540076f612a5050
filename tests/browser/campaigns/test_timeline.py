"""A campaign over time: the charts, their numbers as a table, and the period in the URL."""

import re

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Demo, Opened, assert_accessible

PAINTED = """chart => {
    const canvas = chart.querySelector("canvas");
    return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte > 0);
}"""


@pytest.fixture
def calling(api: httpx2.Client) -> int:
    """A campaign of the demo that calls."""
    return next(one["campaignId"] for one in api.get("/campaigns?status=2").json()["data"])


def rows(page: Page):
    page.get_by_text("As a table").click()
    return page.get_by_role("table", name="Over time").locator("tbody tr")


def test_calls_and_abandonment_are_drawn_and_listed_in_a_table(opened: Opened, calling: int) -> None:
    page = opened(f"/campaigns/{calling}")
    for title in ("Calls a minute", "Abandoned calls against the most allowed"):
        chart = page.get_by_role("img", name=title)
        expect(chart.locator("canvas")).to_be_visible()
        assert chart.evaluate(PAINTED)
    minutes = rows(page)
    expect(minutes).to_have_count(60)
    expect(minutes.filter(has_text=re.compile(r"\d\d/\d\d/\d{4} \d\d:\d\d[1-9]"))).not_to_have_count(0)
    expect(page.get_by_role("combobox", name="Period")).to_have_value("hour")


def test_the_period_is_chosen_and_is_in_the_url(opened: Opened, calling: int) -> None:
    page = opened(f"/campaigns/{calling}")
    page.get_by_label("Period").select_option("24 hours")
    expect(page.get_by_role("img", name="Calls an hour")).to_be_visible()
    expect(page).to_have_url(re.compile("span=day"))
    page.reload()
    expect(page.get_by_label("Period")).to_have_value("day")
    expect(rows(page)).to_have_count(24)


def test_the_chart_is_loaded_by_this_screen_alone(opened: Opened, demo: Demo, calling: int) -> None:
    page = opened("/campaigns")
    loaded = list[str]()
    page.on("request", lambda request: loaded.append(request.url))
    page.reload()
    expect(page.get_by_role("table", name="Campaigns")).to_be_visible()
    assert not [url for url in loaded if "/Chart-" in url]
    page.goto(f"/campaigns/{calling}")
    expect(page.locator("canvas").first).to_be_visible()
    assert [url for url in loaded if "/Chart-" in url and url.endswith(".js")]
    assert {url for url in loaded if not url.startswith(demo.url)} == set()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("locale", "title"), [("en-GB", "Calls a minute"), ("vi-VN", "Cuộc gọi mỗi phút")])
def test_they_are_accessible(opened: Opened, calling: int, scheme: str, locale: str, title: str) -> None:
    page = opened(f"/campaigns/{calling}", "viewer", color_scheme=scheme, locale=locale)
    expect(page.get_by_role("img", name=title).locator("canvas")).to_be_visible()
    page.locator("details summary").click()
    assert_accessible(page)
