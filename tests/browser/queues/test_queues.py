"""Queues: their settings, their agents, and what leads to them."""

import httpx2
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opened, act, assert_accessible, in_dialog


def test_a_queue_is_made_found_and_deleted(opened: Opened) -> None:
    page = opened("/queues")
    act(page, "New queue")
    page.get_by_label("Queue", exact=True).fill("Đặt hàng")
    page.get_by_role("dialog").get_by_label("Strategy").select_option("2")
    in_dialog(page, "New queue")
    expect(page.get_by_role("heading", level=1)).to_have_text("Đặt hàng")
    expect(page.get_by_role("main").get_by_text("VIP", exact=True)).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Queues").click()
    page.get_by_role("searchbox").fill("dat hang")
    row = page.get_by_role("table", name="Queues").get_by_role("row").nth(1)
    expect(row).to_contain_text("Đặt hàng")
    expect(row).to_contain_text("Open")
    act(page, "Delete: Đặt hàng")
    in_dialog(page, "Delete")
    expect(page.get_by_text("No queue is like that")).to_be_visible()


def test_settings_are_saved_group_by_group(opened: Opened, api: httpx2.Client, queue: int) -> None:
    page = opened(f"/queues/{queue}")
    page.get_by_label("Longest wait, in seconds").fill("120")
    page.get_by_label("Callers hear their place").select_option("Yes")
    act(page, "Save: Callers of the number")
    expect(page.get_by_text("Callers of the number: saved")).to_be_visible()
    page.get_by_label("Most callers who wait").fill("20")
    page.get_by_label("Callers may wait while no agent is signed in").check()
    page.get_by_label("After the longest wait", exact=True).select_option("Phone number")
    page.get_by_label("After the longest wait: phone number").fill("0283 999 8888")
    act(page, "Save: The wait")
    expect(page.get_by_text("The wait: saved")).to_be_visible()
    page.get_by_label("Agent who gets the next caller").select_option("All phones ring")
    page.get_by_label("Skills that are needed").fill("english:5, billing")
    act(page, "Save: How agents are chosen")
    expect(page.get_by_text("How agents are chosen: saved")).to_be_visible()
    record, settings = api.get(f"/queues/inbound/{queue}").json(), api.get(f"/queues/inbound/{queue}/settings").json()
    assert (record["timeWait"], record["nguongRanhRoi"]) == ("120", "1")
    assert (settings["maxLength"], settings["joinEmpty"]) == (20, True)
    assert (settings["overflow"]["kind"], settings["overflow"]["number"]) == ("number", "02839998888")
    assert settings["agentSelector"] == "ring_all"
    assert {one["skill"]: one["level"] for one in settings["skills"]} == {"english": 5, "billing": 1}
    page.reload()
    expect(page.get_by_label("After the longest wait: phone number")).to_have_value("02839998888")
    act(page, "Save: The wait")
    expect(page.get_by_text("Nothing was changed")).to_be_visible()


def test_what_the_server_refuses_is_said_at_its_field(opened: Opened, queue: int) -> None:
    page = opened(f"/queues/{queue}")
    length = page.get_by_label("Most callers who wait")
    length.fill("9999999")
    act(page, "Save: The wait")
    expect(page.get_by_role("alert")).to_contain_text("maxLength must be")
    expect(length).to_be_focused()
    expect(length).to_have_attribute("aria-invalid", "true")
    expect(length).to_have_value("9999999")
    length.fill("")
    page.get_by_label("After the longest wait", exact=True).select_option("Queue")
    page.get_by_label("After the longest wait: queue").select_option("Đầu mối thử")
    act(page, "Save: The wait")
    expect(page.get_by_role("alert")).to_contain_text("overflow.queueId must be another queue")
    expect(page.get_by_label("After the longest wait: queue")).to_have_attribute("aria-invalid", "true")


def test_agents_are_added_ordered_and_taken_out(opened: Opened, queue: int) -> None:
    page = opened(f"/queues/{queue}")
    page.get_by_role("tab", name="Settings").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Opening hours")).to_be_focused()
    page.keyboard.press("End")
    tab = page.get_by_role("tab", name="Agents and numbers")
    expect(tab).to_be_focused()
    expect(tab).to_have_attribute("aria-selected", "true")
    act(page, "Add an agent")
    agent = page.get_by_role("dialog").get_by_label("Agent").locator("option").first.inner_text()
    in_dialog(page, "Add an agent")
    row = page.get_by_role("table", name="Agents").get_by_role("row").filter(has_text=agent)
    expect(row).to_be_visible()
    act(page, f"Change: {agent}")
    page.get_by_role("dialog").get_by_label("Order").fill("3")
    in_dialog(page, "Save")
    expect(row.get_by_role("cell").first).to_have_text("3")
    act(page, f"Take out: {agent}")
    in_dialog(page, "Take out")
    expect(page.get_by_text("No agent serves this queue")).to_be_visible()


def test_a_viewer_reads_and_may_not_act(opened: Opened, queue: int) -> None:
    page = opened("/queues", "viewer")
    expect(page.get_by_role("link", name="Đầu mối thử")).to_be_visible()
    expect(page.get_by_role("button", name="New queue")).to_have_count(0)
    expect(page.get_by_role("button", name="Delete: Đầu mối thử")).to_have_count(0)
    page.get_by_role("link", name="Đầu mối thử").click()
    expect(page.get_by_label("Most callers who wait")).to_be_disabled()
    expect(page.get_by_role("main").get_by_role("button", name="Save")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("locale", "queues", "members"), [("en-GB", "Queues", "Agents"), ("vi-VN", "Hàng đợi", "Tổng đài viên")]
)
def test_they_are_accessible(opened: Opened, scheme: str, locale: str, queues: str, members: str) -> None:
    page = opened("/queues", "owner", color_scheme=scheme, locale=locale)
    served = page.get_by_role("table", name=queues).get_by_role("link", name="Chăm sóc khách hàng")
    expect(served).to_be_visible()
    assert_accessible(page)
    served.click()
    expect(page.get_by_role("form").nth(5)).to_be_visible()
    assert_accessible(page)
    page.get_by_role("tab").nth(1).click()
    expect(page.locator("select[name=openingHours]")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("tab").nth(2).click()
    expect(page.get_by_role("table", name=members)).to_be_visible()
    assert_accessible(page)
