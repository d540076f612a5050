"""Campaigns: their list, one of them, its contacts, and the story of one contact."""

import re
from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Demo, Opened, assert_accessible

SIZE = 50
"""The contacts of a page of the screen."""


@pytest.fixture
def campaign(demo: Demo) -> Iterator[int]:
    """A campaign that was not started, with more contacts than a page has; the first is Đào."""
    with httpx2.Client(base_url=f"{demo.url}/v1", headers={"X-Api-Key": demo.key}, timeout=60) as client:
        made = client.post("/campaigns", json={"campaignName": "Tết 2027", "audioFile": "tet"})
        campaign_id = made.json()["campaignId"]
        for number in range(SIZE + 2):
            contact = {"phoneNumber": f"09012345{number:02}", "name": f"Đào {number}", "externalId": f"KH-{number}"}
            assert client.post(f"/campaigns/{campaign_id}/contacts", json=contact).is_success
        yield campaign_id


def of(campaign: int, more: str = "") -> str:
    return f"/campaigns/{campaign}{more}"


def heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def act(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()


def test_a_supervisor_starts_pauses_and_stops_a_campaign(opened: Opened, campaign: int) -> None:
    page = opened(of(campaign))
    heading(page, "Tết 2027")
    expect(page.get_by_text("The campaign was not started.")).to_be_visible()
    act(page, "Start")
    expect(page.get_by_text("Running", exact=True)).to_be_visible()
    act(page, "Pause")
    expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    expect(page.get_by_text("The campaign is paused.")).to_be_visible()
    act(page, "Stop for good")
    expect(page.get_by_text("Stopped", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Start")).to_have_count(0)


def test_contacts_are_paged_and_found_and_the_url_shows_the_same(opened: Opened, campaign: int) -> None:
    page = opened(of(campaign, "/contacts"))
    rows = page.get_by_role("table", name="Contacts").locator("tbody tr")
    expect(rows).to_have_count(SIZE)
    page.get_by_role("button", name="Next page").click()
    expect(rows).to_have_count(2)
    page.reload()
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="First page").click()
    expect(rows).to_have_count(SIZE)
    page.get_by_role("textbox", name="Whole phone number").fill("+84 901 234 507")
    page.get_by_role("textbox", name="Whole phone number").press("Enter")
    expect(rows).to_have_count(1)
    expect(page).to_have_url(re.compile("phone="))
    page.reload()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("0901 234 507")
    page.get_by_label("State").select_option("Done")
    expect(page.get_by_text("No contact is like that")).to_be_visible()


def test_one_contact_has_a_story_and_the_reason_why_it_waits(opened: Opened, campaign: int) -> None:
    page = opened(of(campaign, "/contacts?externalId=KH-3"))
    page.get_by_role("link", name="Đào 3", exact=True).click()
    heading(page, "Đào 3")
    expect(page.get_by_text("Not called yet")).to_be_visible()
    expect(page.get_by_text("The campaign was not started.")).to_be_visible()


def test_a_contact_of_the_demo_was_called(opened: Opened, demo: Demo) -> None:
    page = opened(of(calling(demo)))
    expect(page.get_by_role("table", name="Outcomes of the last calls").locator("tbody tr").first).to_be_visible()
    called = called_contact(demo)
    page.goto(of(called["campaignId"], f"/contacts/{called['contactId']}"))
    expect(page.get_by_role("table", name="Calls so far").locator("tbody tr").first).to_be_visible()
    assert_accessible(page)


def calling(demo: Demo) -> int:
    """A campaign of the demo that calls."""
    with httpx2.Client(base_url=f"{demo.url}/v1", headers={"X-Api-Key": demo.key}, timeout=60) as client:
        return client.get("/campaigns", params={"status": 2}).json()["data"][0]["campaignId"]


def called_contact(demo: Demo) -> dict[str, int]:
    """A call of the demo to a contact, which has ended."""
    with httpx2.Client(base_url=f"{demo.url}/v1", headers={"X-Api-Key": demo.key}, timeout=60) as client:
        calls = client.get("/calls", params={"state": "ended"}).json()["data"]
        return next(one for one in calls if one["contactId"] is not None)


def test_a_viewer_reads_and_may_not_act(opened: Opened, campaign: int) -> None:
    page = opened(of(campaign), "viewer")
    heading(page, "Tết 2027")
    expect(page.get_by_text("The campaign was not started.")).to_be_visible()
    expect(page.get_by_role("button", name="Start")).to_have_count(0)
    expect(page.get_by_role("link", name="Change settings")).to_have_count(0)
    page.get_by_role("link", name="Campaigns").first.click()
    heading(page, "Campaigns")
    expect(page.get_by_role("button", name="New campaign")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("locale", "title"), [("en-GB", "Campaigns"), ("vi-VN", "Chiến dịch")])
def test_they_are_accessible(opened: Opened, campaign: int, scheme: str, locale: str, title: str) -> None:
    page = opened("/campaigns", "owner", color_scheme=scheme, locale=locale)
    heading(page, title)
    expect(page.get_by_role("table", name=title)).to_be_visible()
    assert_accessible(page)
    page.goto(of(campaign))
    heading(page, "Tết 2027")
    expect(page.get_by_role("table").first).to_be_visible()
    assert_accessible(page)
    page.goto(of(campaign, "/contacts"))
    expect(page.get_by_role("table")).to_be_visible()
    assert_accessible(page)
