"""Opening hours of queues, the switch "closed now", and holidays."""

import httpx2
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opened, act, assert_accessible, in_dialog


def test_hours_are_set_by_weekday(opened: Opened, api: httpx2.Client, queue: int) -> None:
    page = opened(f"/queues/{queue}?tab=hours")
    page.get_by_label("When it is open").select_option("By weekday")
    for day in ("Saturday", "Sunday"):
        act(page, f"Remove hours: {day} 1")
    page.get_by_label("Monday 1 to").fill("12:00")
    act(page, "Add hours: Monday")
    page.get_by_label("Monday 1 from").fill("08:00")
    page.get_by_label("Monday 2 from").fill("13:00")
    act(page, "Tuesday to Friday as Monday")
    page.get_by_label("While it is closed", exact=True).select_option("Message")
    page.get_by_label("While it is closed: sound").fill("tongdai/closed")
    act(page, "Save")
    expect(page.get_by_text("Opening hours saved")).to_be_visible()
    hours = api.get(f"/queues/inbound/{queue}/hours").json()
    days = ["mon", "tue", "wed", "thu", "fri"]
    assert hours["openingHours"] == [
        {"days": days, "from": "08:00", "to": "12:00"},
        {"days": days, "from": "13:00", "to": "17:30"},
    ]
    assert hours["afterHours"]["sound"] == "tongdai/closed"


def test_hours_that_the_server_refuses_are_said(opened: Opened, queue: int) -> None:
    page = opened(f"/queues/{queue}?tab=hours")
    page.get_by_label("When it is open").select_option("By weekday")
    page.get_by_label("Monday 1 from").fill("09:00")
    page.get_by_label("Monday 1 to").fill("09:00")
    act(page, "Save")
    expect(page.get_by_role("alert")).to_contain_text("must be from one time to another")


def test_a_queue_is_closed_now_and_opened_again(opened: Opened, queue: int) -> None:
    page = opened(f"/queues/{queue}?tab=hours")
    act(page, "Close now")
    page.get_by_role("dialog").get_by_label("Why").fill("Diễn tập")
    in_dialog(page, "Close now")
    expect(page.get_by_text("Diễn tập")).to_be_visible()
    expect(page.get_by_text("Closed by hand")).to_be_visible()
    act(page, "Open again")
    expect(page.get_by_role("button", name="Close now")).to_be_visible()


def test_a_day_off_is_added_and_a_holiday_worked(opened: Opened) -> None:
    page = opened("/hours?year=2027")
    act(page, "Add a day off")
    page.get_by_label("Day", exact=True).fill("2027-07-10")
    page.get_by_label("Name", exact=True).fill("Du lịch công ty")
    page.get_by_label("Still open").fill("08:00-10:00, 15:00-17:00")
    in_dialog(page, "Save")
    row = page.get_by_role("row").filter(has_text="10/07/2027")
    expect(row).to_contain_text("Own day off")
    act(page, "Change: 10/07/2027")
    page.get_by_label("Name", exact=True).fill("Du lịch hè")
    in_dialog(page, "Save")
    expect(row).to_contain_text("Du lịch hè")
    expect(row).to_contain_text("08:00–10:00, 15:00–17:00")
    act(page, "Undo the change: 10/07/2027")
    expect(row).to_have_count(0)
    act(page, "Make it an ordinary day: 01/05/2027")
    may = page.get_by_role("row").filter(has_text="01/05/2027")
    expect(may).to_contain_text("Ordinary day")
    act(page, "Undo the change: 01/05/2027")
    expect(may).to_contain_text("Public holiday")


def test_a_viewer_reads_and_may_not_act(opened: Opened) -> None:
    page = opened("/hours?year=2027", "viewer")
    expect(page.get_by_role("table", name="Holidays")).to_contain_text("01/05/2027")
    expect(page.get_by_label("When it is open")).to_be_disabled()
    for name in ("Save", "Close all queues now", "Add a day off"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("locale", "holidays"), [("en-GB", "Holidays"), ("vi-VN", "Ngày lễ")])
def test_they_are_accessible(opened: Opened, scheme: str, locale: str, holidays: str) -> None:
    page = opened("/hours?year=2027", "owner", color_scheme=scheme, locale=locale)
    expect(page.get_by_role("table", name=holidays)).to_be_visible()
    page.locator("select[name=openingHours]").select_option("own")
    assert_accessible(page)
