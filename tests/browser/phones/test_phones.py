"""The phone in an agent's browser, as the server and other tabs see it; calls are simulated."""

import time

import httpx2
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import PATIENCE_MS, assert_accessible
from tests.browser.phones.conftest import Desk
from tests.browser.phones.registrar import Registrar
from tests.support.pages import PROCESSES, asleep

SOUNDS = """
() => {
window.sounds = [];
const begin = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function () {
  const context = this.context, output = context.sinkId;
  window.sounds.push({ context, output, sounds: this.buffer.getChannelData(0).some((one) => Math.abs(one) > 0.1) });
  return begin.call(this);
};
}
"""
"""Keeps what a page plays, and on which output."""


def phone(page: Page) -> Locator:
    return page.get_by_role("region", name="Phone in this browser").get_by_role("status")


def state(page: Page) -> Locator:
    return page.get_by_role("region", name="My state").get_by_role("status")


def becomes(api: httpx2.Client, agent_id: int, wanted: str) -> None:
    until = time.monotonic() + 2 * PATIENCE_MS / 1000
    while (shown := api.get(f"/agents/{agent_id}").json()["state"]) != wanted:
        assert time.monotonic() < until, f"the agent stays {shown}"


def test_page_that_sleeps_makes_its_agent_unreachable_until_it_wakes(
    desk: Desk, browser: Browser, api: httpx2.Client
) -> None:
    agent_id, page = desk("sleeper")
    page.get_by_role("button", name="Take the phone here").click()
    expect(phone(page)).to_contain_text("Ready")
    page.get_by_role("button", name="Sign in").click()
    expect(state(page)).to_contain_text("Ready")

    with asleep(browser.new_browser_cdp_session().send(PROCESSES)):
        becomes(api, agent_id, "unreachable")
    becomes(api, agent_id, "idle")
    expect(state(page)).to_contain_text("Ready")
    expect(phone(page)).to_contain_text("Ready")


def test_page_that_is_loaded_again_is_called_anew_and_its_agent_stays_signed_in(desk: Desk, api: httpx2.Client) -> None:
    agent_id, page = desk("reloader")
    page.get_by_role("button", name="Take the phone here").click()
    expect(phone(page)).to_contain_text("Ready")
    page.get_by_role("button", name="Sign in").click()
    expect(state(page)).to_contain_text("Ready")
    page.goto("about:blank")
    becomes(api, agent_id, "unreachable")
    page.goto("/desk")
    becomes(api, agent_id, "idle")
    expect(state(page)).to_contain_text("Ready")


def test_page_says_when_no_sound_comes_through_and_signs_on_again_by_asking(
    desk: Desk, switch: Registrar, api: httpx2.Client
) -> None:
    agent_id, page = desk("deaf")
    page.get_by_role("button", name="Take the phone here").click()
    expect(phone(page)).to_contain_text("Ready")
    switch.connect(api.get(f"/agents/{agent_id}/phone-account").json()["username"])
    expect(phone(page)).to_contain_text("Checking the sound")
    expect(phone(page)).to_contain_text("No sound comes through")
    expect(page.get_by_text("do not reach each other by the ports for sound")).to_be_visible()
    expect(page.get_by_role("button", name="Sign in")).to_be_disabled()
    assert_accessible(page)
    page.get_by_role("button", name="Try again").click()
    expect(phone(page)).to_contain_text("Ready")


INSECURE = "Object.defineProperty(window, 'isSecureContext', { get: () => false })"
DENIED = """
navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("not allowed", "NotAllowedError"));
"""
NONE = """
navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("none", "NotFoundError"));
"""
NO_WEBSOCKET = """
const Socket = WebSocket;
window.WebSocket = class extends Socket { constructor(url, ...how) { super(`${url.split("?")[0]}/nowhere`, ...how); } };
"""


@pytest.mark.parametrize(
    ("script", "says", "helps"),
    [
        (INSECURE, "No microphone on this page", "Open https://127.0.0.1/"),
        (DENIED, "Microphone not allowed", "Allow the microphone for this page"),
        (NONE, "No microphone", "Plug in a headset"),
        (NO_WEBSOCKET, "The connection was refused", "a proxy before it must pass /phone on"),
    ],
)
def test_page_says_in_words_what_the_phone_lacks(desk: Desk, script: str, says: str, helps: str) -> None:
    _, page = desk(says.lower().replace(" ", "-"))
    page.get_by_role("button", name="Take the phone here").click()
    expect(phone(page)).to_contain_text("Ready")
    page.context.add_init_script(script)
    page.reload()
    expect(phone(page)).to_contain_text(says)
    expect(page.get_by_text(helps)).to_be_visible()
    assert_accessible(page)


def test_second_tab_says_that_the_phone_is_in_another_and_takes_it_by_asking(desk: Desk) -> None:
    _, first = desk("tabs")
    first.get_by_role("button", name="Take the phone here").click()
    expect(phone(first)).to_contain_text("Ready")
    second = first.context.new_page()
    second.goto("/desk")
    expect(phone(second)).to_contain_text("In another tab")
    expect(second.get_by_role("button", name="Sign in")).to_be_disabled()
    second.get_by_role("button", name="Take the phone here").click()
    expect(phone(second)).to_contain_text("Ready")
    expect(phone(first)).to_contain_text("Taken over elsewhere")
    first.get_by_role("button", name="Take the phone here").click()
    expect(phone(first)).to_contain_text("Ready")
    expect(phone(second)).to_contain_text("Taken over elsewhere")


def test_tab_that_waits_is_the_phone_when_the_other_is_closed(desk: Desk) -> None:
    _, first = desk("heir")
    first.get_by_role("button", name="Take the phone here").click()
    expect(phone(first)).to_contain_text("Ready")
    second = first.context.new_page()
    second.goto("/desk")
    expect(phone(second)).to_contain_text("In another tab")
    first.close()
    expect(phone(second)).to_contain_text("Ready")


def test_microphone_is_tried_before_the_agent_signs_in(desk: Desk) -> None:
    _, page = desk("trial")
    page.get_by_role("button", name="Take the phone here").click()
    expect(phone(page)).to_contain_text("Ready")
    page.get_by_role("button", name="Try the microphone").click()
    expect(page.get_by_text("Speak for 3 seconds")).to_be_visible()
    expect(page.get_by_text("Your microphone works.")).to_be_visible()
    assert_accessible(page)


def test_phone_in_mode_ring_rings_on_the_output_of_choice_until_the_call_is_gone(
    desk: Desk, switch: Registrar, api: httpx2.Client
) -> None:
    agent_id, page = desk("ringer", mode="ring")
    page.evaluate(SOUNDS)
    page.get_by_role("button", name="Take the phone here").click()
    expect(phone(page)).to_contain_text("Ready")
    page.get_by_role("button", name="Try the ringtone").click()
    page.wait_for_function("sounds.length == 1 && sounds[0].output == '' && sounds[0].sounds")
    choice = page.get_by_label("Ring on")
    output = choice.locator("option").last.get_attribute("value")
    choice.select_option(output)
    assert_accessible(page)
    account = api.get(f"/agents/{agent_id}/phone-account").json()["username"]
    switch.ring(account)
    expect(page.get_by_role("button", name="Answer")).to_be_visible()
    page.wait_for_function("output => sounds.at(-1).output == output && sounds.at(-1).sounds", arg=output)
    switch.stop_ringing(account)
    expect(phone(page)).to_contain_text("Ready")
    page.wait_for_function("sounds.every(({ context }) => context.state == 'closed')")
    page.reload()
    expect(page.get_by_label("Ring on")).to_have_value(output or "")
