"""Calls of both directions: the list with its filters, and one call."""

import re

import httpx2
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Demo, Opened, assert_accessible

Row = dict[str, object]


def calls_of(demo: Demo, **query: str) -> list[Row]:
    with httpx2.Client(base_url=f"{demo.url}/v1", headers={"X-Api-Key": demo.key}, timeout=60) as client:
        return client.get("/calls", params={"direction": "all", "size": 1000, **query}).json()["data"]


@pytest.fixture
def connected(opened: Opened, demo: Demo) -> Row:
    """A call that is or was connected with an agent; the callers of the demo see to it that there is one."""
    page = opened("/live")
    expect(page.get_by_role("button", name="Call of").first).to_be_visible()
    return next(one for one in calls_of(demo) if one["connectedAt"] and one["agentId"])


def test_both_directions_are_listed_and_a_filter_is_in_the_url(opened: Opened, connected: Row) -> None:
    page = opened("/calls")
    table = page.get_by_role("table", name="Calls")
    expect(table.locator("tbody tr").first).to_be_visible()
    page.get_by_label("Direction", exact=True).select_option("Inbound")
    expect(page).to_have_url(re.compile(r"direction=inbound"))
    expect(table.get_by_role("cell", name="Outbound", exact=True)).to_have_count(0)
    expect(table.get_by_role("cell", name="Inbound", exact=True).first).to_be_visible()
    page.reload()
    expect(page.get_by_label("Direction")).to_have_value("inbound")


def test_a_number_is_found_in_any_form_by_the_keyboard(opened: Opened, connected: Row) -> None:
    page = opened("/calls")
    number = str(connected["phoneNumber"])
    field = page.get_by_role("textbox", name="Whole phone number")
    field.focus()
    page.keyboard.type(f"+84 {number[1:4]} {number[4:]}" if number.startswith("0") else f" {number} ")
    page.keyboard.press("Enter")
    links = page.get_by_role("table", name="Calls").get_by_role("link")
    expect(links.first).to_be_visible()
    links.first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Call with")
    page.get_by_role("main").get_by_role("link", name="Calls", exact=True).click()
    expect(page.get_by_role("textbox", name="Whole phone number")).to_have_value(number)


def test_a_wrong_number_is_said_to_be_wrong_and_days_without_calls_are_empty(opened: Opened) -> None:
    page = opened("/calls?phone=nobody")
    expect(page.get_by_role("alert")).to_contain_text("phoneNumber")
    page.goto("/calls?from=2020-01-01&to=2020-01-02")
    expect(page.get_by_text("No call is like that")).to_be_visible()
    expect(page.get_by_label("From")).to_have_value("2020-01-01")


def test_a_call_shows_its_course_its_offers_and_its_agent(opened: Opened, connected: Row) -> None:
    page = opened(f"/calls/{connected['callId']}")
    expect(page.get_by_role("table", name="Course of the call")).to_contain_text("Talk")
    agent = page.get_by_role("table", name="Course of the call").get_by_role("link").first
    name = agent.inner_text()
    agent.click()
    expect(page.get_by_role("table", name="Agents")).to_contain_text(name)


def test_a_call_to_a_contact_leads_to_the_contact(opened: Opened, demo: Demo) -> None:
    page = opened("/calls?direction=outbound")
    expect(page.get_by_role("table", name="Calls").get_by_role("link").first).to_be_visible()
    one = next(one for one in calls_of(demo, direction="outbound") if one["contactId"])
    page.goto(f"/calls/{one['callId']}")
    page.get_by_role("link", name="Its contact").click()
    expect(page).to_have_url(re.compile(rf"/contacts/{one['contactId']}$"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_calls_of_another_tenant_are_not_there(opened: Opened, demo: Demo, connected: Row) -> None:
    page = opened(f"/calls/{connected['callId']}", "stranger", locale="en-GB")
    expect(page.get_by_role("alert")).to_be_visible()
    page.goto("/calls")
    expect(page.get_by_text("No call is like that")).to_be_visible()


def test_an_agent_has_no_list_of_all_calls(opened: Opened) -> None:
    page = opened("/calls", "agent")
    expect(page).not_to_have_url(re.compile(r"/calls$"))


def test_a_failure_is_shown_and_asked_again(opened: Opened) -> None:
    page = opened("/account")
    page.route(
        "**/v1/calls?*",
        lambda route: route.fulfill(status=503, json={"error_code": "BUSY", "error_message": "Too busy"}),
    )
    page.get_by_role("link", name="Calls", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Too busy")
    page.unroute("**/v1/calls?*")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("table", name="Calls")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("locale", "calls", "course"),
    [("en-GB", "Calls", "Course of the call"), ("vi-VN", "Cuộc gọi", "Diễn biến cuộc gọi")],
)
def test_they_are_accessible(opened: Opened, connected: Row, scheme: str, locale: str, calls: str, course: str) -> None:
    page = opened("/calls", "viewer", color_scheme=scheme, locale=locale)
    expect(page.get_by_role("table", name=calls).get_by_role("row").nth(1)).to_be_visible()
    assert_accessible(page)
    page.goto(f"/calls/{connected['callId']}")
    expect(page.get_by_role("table", name=course)).to_be_visible()
    assert_accessible(page)


def test_a_call_says_who_listened_to_it(opened: Opened, connected: Row, api: httpx2.Client, demo: Demo) -> None:
    live = next(one for one in calls_of(demo, state="answered") if one["connectedAt"] and one["agentId"])
    api.post(f"/calls/{live['callId']}/listen", json={"endpoint": "sup-9"}).raise_for_status()
    page = opened(f"/calls/{live['callId']}")
    table = page.get_by_role("table", name="Keys and supervisors")
    expect(table.get_by_role("row").filter(has_text="Listen sup-9")).to_contain_text("API key")
    expect(table).to_contain_text("The supervisor's phone is picked up")
    assert_accessible(page)
