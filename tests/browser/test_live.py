"""The Live screen: data that move, their age, and the acts of a supervisor."""

from http import HTTPStatus

import pytest
from playwright.sync_api import Page, expect

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
    campaigns = page.get_by_role("table", name="Campaigns")
    campaigns.get_by_role("button", name="Pause: ").last.click()
    page.get_by_role("dialog").get_by_role("button", name="Pause").click()
    campaigns.get_by_role("button", name="Resume: ").first.click()
    expect(campaigns.get_by_role("button", name="Resume: ")).to_have_count(0)


def test_a_viewer_sees_and_may_not_act(opened: Opened) -> None:
    page = opened("/live", "viewer", locale="en-GB")
    expect(page.locator("table").nth(1).get_by_role("row").nth(1)).to_be_visible()
    expect(page.get_by_role("main").get_by_role("button", name=": ")).to_have_count(0)


def talking_call(page: Page, name: str) -> None:
    """Open the acts on the call of some agent who talks; the callers of the demo see to it that there is one."""
    page.get_by_role("button", name=name).first.click()


LISTEN = "**/v1/calls/*/listen"


def answer(page: Page, status: int, message: str) -> None:
    """Answer those who listen as the server does: how long a call of the demo continues is not known."""
    body = {"success": "1" if status == HTTPStatus.OK else "0", "error_code": str(status), "error_message": message}
    page.route(LISTEN, lambda route: route.fulfill(status=status, json=body))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("locale", "of", "phone", "listen", "cut_off"),
    [
        ("en-GB", "Call of", "Your phone", "Listen", "You followed the call of"),
        ("vi-VN", "Cuộc gọi của", "Máy của bạn", "Nghe lén", "Bạn đang theo dõi cuộc gọi của"),
    ],
)
def test_a_supervisor_listens_and_reads_why_not(
    opened: Opened, scheme: str, locale: str, of: str, phone: str, listen: str, cut_off: str
) -> None:
    page = opened("/live", color_scheme=scheme, locale=locale)
    talking_call(page, of)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name=listen)).to_be_disabled()
    dialog.get_by_label(phone).fill("1009")
    answer(page, HTTPStatus.CONFLICT, "1009 is no phone of this tenant")
    dialog.get_by_role("button", name=listen).click()
    expect(dialog.get_by_role("alert")).to_have_text("1009 is no phone of this tenant")
    assert_accessible(page)
    page.unroute(LISTEN)
    answer(page, HTTPStatus.OK, "Supervisor listens as soon as the phone is answered")
    with page.expect_request(LISTEN) as sent:
        dialog.get_by_role("button", name=listen).click()
    assert sent.value.post_data_json == {"endpoint": "1009"}
    expect(dialog.get_by_role("status")).to_contain_text(listen)
    expect(dialog.get_by_role("alert")).to_have_count(0)
    page.reload()
    expect(page.get_by_text(cut_off)).to_be_visible()  # who listens by a phone in the browser hears nothing any more
    page.reload()
    expect(page.get_by_text(cut_off)).to_have_count(0)
    talking_call(page, of)
    expect(page.get_by_role("dialog").get_by_label(phone)).to_have_value("1009")


def test_a_supervisor_ends_a_call(opened: Opened) -> None:
    page = opened("/live")
    talking_call(page, "Call of")
    with page.expect_response(lambda answer: answer.url.endswith("/hang-up")) as ended:
        page.get_by_role("dialog").get_by_role("button", name="End the call").click()
    assert ended.value.request.method == "POST"
    # It may have ended by itself just then, which the dialog says.
    expect(page.get_by_text("– done").or_(page.get_by_role("dialog").get_by_role("alert"))).to_be_visible()
