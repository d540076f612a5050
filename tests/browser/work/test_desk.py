"""The desk of an agent: their state, and the calls that the demo's callers bring."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import TENANT, Demo, Opened, assert_accessible, login_of, make_person

CALL_MS = 100_000
"""How long until the demo's callers reach one agent of several."""


@pytest.fixture(scope="module")
def api(demo: Demo) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=f"{demo.url}/v1", headers={"X-Api-Key": demo.key}, timeout=30) as client:
        yield client


def created(api: httpx2.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def agent_of(demo: Demo, api: httpx2.Client, name: str, queue_id: int) -> int:
    """An agent of the queue with a user of that name."""
    body = {"agentName": name, "endpoint": f"phone-{name}", "queueId": queue_id}
    agent_id = created(api, "/agents", body)["agentId"]
    make_person(demo.data_dir, TENANT, "agent", name, ["--agent", str(agent_id)], login_of(name))
    return agent_id


@pytest.fixture
def alone(api: httpx2.Client) -> Iterator[int]:
    """A queue that callers ring, whose other agents pause."""
    queue_id = api.get("/agents?size=1").json()["data"][0]["queueId"]
    agents = [agent["agentId"] for agent in api.get(f"/agents?queueId={queue_id}&size=100").json()["data"]]
    for agent_id in agents:
        api.post(f"/agents/{agent_id}/pause", json={"reason": "a test"})
    yield queue_id
    for agent_id in agents:
        api.post(f"/agents/{agent_id}/next-state", json={"state": "idle"})
        api.post(f"/agents/{agent_id}/force-ready")


def state(page: Page) -> Locator:
    return page.get_by_role("region", name="My state").get_by_role("status")


def test_an_agent_signs_in_pauses_with_a_reason_and_signs_out(opened: Opened, demo: Demo, api: httpx2.Client) -> None:
    agent_of(demo, api, "desk", created(api, "/queues/inbound", {"callinName": "Nobody calls"})["callinId"])
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
