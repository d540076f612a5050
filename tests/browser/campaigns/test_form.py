"""The form of a campaign: one is created, all its settings are changed, and what is refused is said at its field."""

import re
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Opened, assert_accessible

NEW = "/campaigns/new"
OF_ONE = ("campaignId", "campaignName", "createdAt", "success")
OUTCOMES = {
    "No answer": "no_answer", "Busy": "busy", "Failed": "failed", "Invalid number": "invalid_number",
    "Answering machine": "machine", "Abandoned": "abandoned",
}  # fmt: skip


def made(api: httpx2.Client, name: str, **settings: object) -> int:
    return api.post("/campaigns", json={"campaignName": name, **settings}).json()["campaignId"]


def read(api: httpx2.Client, campaign_id: int) -> dict[str, Any]:
    """A campaign without what differs between any two."""
    found = api.get(f"/campaigns/{campaign_id}").json()
    return {name: value for name, value in found.items() if name not in OF_ONE}


def id_in(page: Page) -> int:
    found = re.search(r"/campaigns/(\d+)", page.url)
    assert found is not None
    return int(found[1])


def alert_of(field: Locator) -> Locator:
    """The alert beside a field."""
    expect(field).to_have_attribute("aria-invalid", "true")
    described = field.get_attribute("aria-describedby")
    assert described is not None
    return field.page.locator(f"[id='{described}'][role=alert]")


def press(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def test_a_campaign_of_the_form_as_it_is_has_the_defaults_of_the_server(opened: Opened, api: httpx2.Client) -> None:
    page = opened("/campaigns")
    press(page, "New campaign")
    page.get_by_label("Name", exact=True).fill("Tri ân 1")
    press(page, "Create campaign")
    expect(page.get_by_role("heading", level=1, name="Tri ân 1")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Import its contacts")).to_be_visible()
    assert read(api, id_in(page)) == read(api, made(api, "Tri ân 2"))


def test_the_usual_rules_that_it_shows_are_those_in_effect(opened: Opened, api: httpx2.Client) -> None:
    in_effect = read(api, made(api, "Quy tắc"))["effectiveRetryRules"]
    page = opened(NEW)
    for name, outcome in OUTCOMES.items():
        rule = in_effect[outcome]
        expect(page.get_by_label(f"Times after: {name}")).to_have_attribute("placeholder", str(rule["times"]))
        expect(page.get_by_label(f"Minutes after: {name}")).to_have_attribute("placeholder", str(rule["afterMin"]))
    assert set(in_effect) == set(OUTCOMES.values())


def test_a_campaign_with_agents_hours_and_rules_is_created_by_keyboard(opened: Opened, api: httpx2.Client) -> None:
    queue = api.get("/queues/inbound").json()["data"][0]
    page = opened(NEW)
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("Thu cuoc")
    page.get_by_label("Purpose").select_option("Collection")
    page.get_by_label("Way of dialling").select_option("progressive")
    expect(page.get_by_label("Sound that is played")).to_have_count(0)
    page.get_by_label("Queue", exact=True).select_option(queue["callinName"])
    page.get_by_label("Number that the called see").fill("1900636363")
    page.get_by_label("Hours", exact=True).select_option("By weekday, within the rules")
    monday = page.get_by_role("group", name="Monday")
    monday.get_by_label("Monday 1 to").fill("11:30")
    page.get_by_role("button", name="Tuesday to Friday as Monday").click()
    page.get_by_label("Times after: Busy").fill("7")
    page.get_by_label("Calls: One number, in all campaigns").fill("2")
    page.get_by_label("Hours: One number, in all campaigns").fill("24")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Thu cuoc")).to_be_visible()
    found = read(api, id_in(page))
    assert (found["purpose"], found["dialingMode"], found["queueId"]) == (
        "collection",
        "progressive",
        queue["callinId"],
    )
    assert found["callerId"] == "1900636363"
    assert found["callingWindows"] == [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:00", "to": "11:30"}]
    assert found["retryRules"] == {"busy": {"afterMin": 10, "times": 7}}
    assert found["numberCeiling"] == {"calls": 2, "periodHours": 24}


@pytest.mark.parametrize(
    ("label", "value", "said"),
    [
        ("Number that the called see", "12", "callerId must be 3 to 15 digits"),
        ("Seconds to ring", "5", "ringTimeoutSec must be 15 to 60"),
        ("Type", "small", "type must be capital letters"),
        ("Times after: Busy", "101", "retryRules.busy.times must be 0 to 100"),
        ("Hours: One contact, in this campaign", "9000", "contactCeiling.periodHours must be 1 to 8760"),
    ],
)
def test_what_is_refused_is_said_at_its_field_and_what_was_written_stays(
    opened: Opened, label: str, value: str, said: str
) -> None:
    page = opened(NEW)
    page.get_by_label("Name", exact=True).fill("Từ chối")
    page.get_by_label("Calls: One contact, in this campaign").fill("6")
    field = page.get_by_label(label, exact=True)
    field.fill(value)
    press(page, "Create campaign")
    expect(alert_of(field)).to_contain_text(said)
    expect(field).to_be_focused()
    expect(field).to_have_value(value)
    expect(page.get_by_label("Name", exact=True)).to_have_value("Từ chối")


def test_agents_need_a_queue_and_advertising_its_rules(opened: Opened) -> None:
    page = opened(NEW)
    page.get_by_label("Name", exact=True).fill("Quảng cáo")
    page.get_by_label("Purpose").select_option("Advertising")
    page.get_by_label("Rules").select_option("None")
    press(page, "Create campaign")
    expect(alert_of(page.get_by_label("Rules"))).to_contain_text("preset must be")
    page.get_by_label("Rules").select_option("As purpose and country ask")
    page.get_by_label("Way of dialling").select_option("predictive")
    press(page, "Create campaign")
    expect(alert_of(page.get_by_label("Way of dialling"))).to_contain_text("needs a queueId")


def test_only_the_settings_that_were_changed_are_sent(opened: Opened, api: httpx2.Client) -> None:
    campaign_id = made(api, "Tết 2027", audioFile="tet", retryRules={"busy": {"afterMin": 5, "times": 1}}, priority=3)
    before = read(api, campaign_id)
    page = opened(f"/campaigns/{campaign_id}")
    page.get_by_role("link", name="Change settings").click()
    ring = page.get_by_label("Seconds to ring")
    ring.fill("0")
    press(page, "Save")
    expect(alert_of(ring)).to_contain_text("ringTimeoutSec must be 15 to 60")
    ring.fill("21")
    page.get_by_label("Name", exact=True).fill("Tết Đinh Mùi")
    api.patch(f"/campaigns/{campaign_id}", json={"priority": 9})
    press(page, "Save")
    expect(page.get_by_role("heading", level=1, name="Tết Đinh Mùi", exact=True)).to_be_visible()
    expect(page.locator("dl").filter(has_text="Seconds to ring")).to_contain_text("21")
    assert read(api, campaign_id) == before | {"ringTimeoutSec": 21, "priority": 9}


def test_own_hours_and_rules_are_taken_back(opened: Opened, api: httpx2.Client) -> None:
    hours = [{"days": ["sat"], "from": "09:00", "to": "11:00"}]
    rules = {"busy": {"afterMin": 5, "times": 1}}
    campaign_id = made(api, "Cuối tuần", callingWindows=hours, retryRules=rules)
    page = opened(f"/campaigns/{campaign_id}/settings")
    expect(page.get_by_label("Saturday 1 from")).to_have_value("09:00")
    page.get_by_label("Hours", exact=True).select_option("As the rules say")
    for label in ("Times after: Busy", "Minutes after: Busy"):
        page.get_by_label(label).fill("")
    press(page, "Save")
    expect(page.get_by_role("heading", level=1, name="Cuối tuần", exact=True)).to_be_visible()
    found = read(api, campaign_id)
    assert (found["callingWindows"], found["retryRules"]) == (None, None)


def test_a_viewer_has_no_form(opened: Opened, api: httpx2.Client) -> None:
    campaign_id = made(api, "Chỉ xem")
    for path in (NEW, f"/campaigns/{campaign_id}/settings"):
        page = opened(path, "viewer")
        expect(page.get_by_role("heading", level=1).first).to_be_visible()
        expect(page.get_by_role("main").locator("form[aria-label]")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("locale", "title"), [("en-GB", "New campaign"), ("vi-VN", "Chiến dịch mới")])
def test_it_is_accessible(opened: Opened, scheme: str, locale: str, title: str) -> None:
    page = opened(NEW, "owner", color_scheme=scheme, locale=locale)
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
    page.locator("select[name=callingWindows]").select_option("own")
    page.locator("select[name=dialingMode]").select_option("predictive")
    assert_accessible(page)
