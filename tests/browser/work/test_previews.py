"""Contacts that agents look at before they are called, and the figures of their day."""

from typing import Any

import httpx2
import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import assert_accessible
from tests.browser.work.conftest import CALL_MS, Desk, Seated, created, quiet_queue

ALWAYS = [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "to": "24:00"}]
PEOPLE = (("0903111222", "Đào Thị Hương", "KH-1"), ("0903111333", "Lê Văn Nam", "KH-2"))


def card(desk: Desk) -> Locator:
    return desk.page.get_by_role("region", name="Contact to call")


def figure(desk: Desk, name: str) -> Locator:
    """A figure of the agent's day."""
    day, term = desk.page.get_by_role("region", name="My day"), desk.page.locator("dt").get_by_text(name, exact=True)
    return day.locator("div").filter(has=term).locator("dd")


@pytest.fixture
def previewer(request: pytest.FixtureRequest, seated: Seated, api: httpx2.Client) -> Desk:
    """An agent who is ready, and has a running preview campaign with two contacts."""
    queue_id = quiet_queue(api)
    name = request.node.originalname.removeprefix("test_").replace("_", "-")[:20]
    settings: dict[str, Any] = {"dialingMode": "preview", "queueId": queue_id, "callingWindows": ALWAYS}
    campaign_id = created(api, "/campaigns", {"campaignName": f"Khách cũ {name}", **settings})["campaignId"]
    for number, contact, reference in PEOPLE:
        body = {"phoneNumber": number, "name": contact, "externalId": reference, "attributes": {"nợ": "120.000 đ"}}
        created(api, f"/campaigns/{campaign_id}/contacts", body)
    api.post(f"/campaigns/{campaign_id}/start").raise_for_status()
    desk = seated(name, queue_id)
    desk.sign_in()
    card(desk).get_by_role("button", name="Next contact").click()
    expect(card(desk)).to_contain_text("left")
    return desk


def test_contact_is_shown_skipped_with_a_reason_and_the_next_one_called(previewer: Desk, api: httpx2.Client) -> None:
    shown = card(previewer)
    first = next(name for _, name, _ in PEOPLE if name in shown.inner_text())
    second = next(name for _, name, _ in PEOPLE if name != first)
    expect(shown).to_contain_text("120.000 đ")
    expect(shown).to_contain_text("called before: 0")
    assert_accessible(previewer.page)
    previewer.page.reload()
    expect(shown).to_contain_text(first)
    shown.get_by_role("button", name="Skip").click()
    dialog = previewer.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Not a good time").click()
    expect(shown).not_to_contain_text(first)
    audit = api.get("/audit", params={"action": "preview.skip", "size": 1}).json()["data"][0]
    assert audit["detail"] == {"agent": previewer.agent_id, "reason": "Not a good time"}
    shown.get_by_role("button", name="Next contact").click()
    expect(shown).to_contain_text(second)
    shown.get_by_role("button", name="Call", exact=True).click()
    expect(shown.get_by_role("button", name="Call", exact=True)).to_have_count(0)


def test_day_of_the_agent_is_shown(previewer: Desk, api: httpx2.Client) -> None:
    day = previewer.page.get_by_role("region", name="My day")
    expect(day).to_contain_text("Missed offers")
    expect(day).to_contain_text("Asia/Ho_Chi_Minh")


def test_call_counts_in_the_day(seated: Seated, alone: int) -> None:
    desk = seated("counted", alone)
    callers, talk = figure(desk, "Callers"), figure(desk, "Talk")
    expect(callers).to_have_text("0")
    desk.sign_in()
    expect(desk.call.get_by_role("button", name="Hold", exact=True)).to_be_visible(timeout=CALL_MS)
    expect(callers).to_have_text("1")
    expect(talk).not_to_have_text("0:00")
    expect(figure(desk, "Signed in")).not_to_have_text("0:00")
