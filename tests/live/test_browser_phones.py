"""The phone in an agent's browser: Chromium, whose microphone plays a tone, on a real Asterisk."""

import os
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from tests.browser.conftest import FLAGS, PASSWORD, PATIENCE_MS
from tests.live.conftest import Figures
from tests.support.live import audio
from tests.support.live.desk_phones import DeskPhone, desk_phone
from tests.support.live.hotline import Hotline
from tests.support.live.tenant import TENANT, LiveTenant, cli
from tests.support.live.testbed import AGENT_HZ, CALLER_HZ, Testbed
from tests.support.pages import PROCESSES, asleep
from tests.support.servers import eventually
from tongdai.switch import commands

MICROPHONE = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
TOLERANCE_HZ = 20
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
CONNECTIONS = """
const Peer = RTCPeerConnection, Socket = WebSocket;
window.peers = [], window.sockets = [], window.cut = false;
window.RTCPeerConnection = class extends Peer { constructor(...how) { super(...how); window.peers.push(this); } };
window.WebSocket = class extends Socket {
  constructor(url, ...how) { super(window.cut ? `${url}/nowhere` : url, ...how); window.sockets.push(this); }
};
"""
"""Keeps the connections of a page, so that a test can listen to them. While `cut`, websockets cannot be connected."""
CUT = "() => { window.cut = true; window.sockets.at(-1).close(); }"
LOUDEST = """
async () => {
  const context = new AudioContext(), analyser = context.createAnalyser();
  analyser.fftSize = 8192;
  const track = window.peers.at(-1).getReceivers()[0].track;
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  return bins.indexOf(Math.max(...bins)) * context.sampleRate / analyser.fftSize;
}
"""
"""The frequency that a page hears loudest."""
pytestmark = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="there is no Chromium")


@pytest.fixture
async def chromium(tmp_path: Path) -> AsyncGenerator[Browser]:
    """A browser that hears a tone."""
    spoken = tmp_path / "spoken.wav"
    audio.write_wav(spoken, audio.tone(AGENT_HZ, 4))
    async with async_playwright() as playwright:
        flags = [*FLAGS, *MICROPHONE, f"--use-file-for-fake-audio-capture={spoken}"]
        launched = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield launched
        await launched.close()


async def desk(browser: Browser, tenant: LiveTenant, queue_id: int, name: str) -> tuple[int, Page]:
    """An agent with an account, and their desk."""
    agent_id = (await tenant.call("POST", "/v1/agents", {"agentName": name, "queueId": queue_id}))["agentId"]
    tenant.server.environment["TONGDAI_USER_PASSWORD"] = PASSWORD
    who = ("--login", f"{name}@example.com", "--name", name, "--role", "agent", "--agent", str(agent_id))
    await cli(tenant.server, "user", "create", "--tenant", str(TENANT), *who)
    context = await browser.new_context(base_url=tenant.server.url, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    body = {"login": f"{name}@example.com", "password": PASSWORD}
    assert (await context.request.post("/v1/session", data=body)).ok
    await context.add_init_script(CONNECTIONS)
    page = await context.new_page()
    await page.goto("/desk")
    return agent_id, page


def said(page: Page) -> Locator:
    """The words of the desk about the phone."""
    return page.get_by_role("region", name="Phone in this browser").get_by_role("status")


async def ready(page: Page) -> None:
    """Take the phone, as the agent does."""
    await page.get_by_role("button", name="Take the phone here").click()
    await expect(said(page)).to_contain_text("ms to the switch", timeout=PATIENCE_MS)


async def signed_in(page: Page, tenant: LiveTenant, agent_id: int) -> None:
    await ready(page)
    await page.get_by_role("button", name="Sign in").click()
    await tenant.agent(agent_id, "idle", within_s=60)


async def colleague(phone: DeskPhone) -> None:
    """Somebody with a desk phone, who has waited for a shorter time than the agent with the browser."""
    await phone.sign_in()
    await phone.hotline.tenant.agent(phone.agent_id, "idle")


async def test_browser_signs_on_is_called_and_talks(
    hotline: Hotline, testbed: Testbed, tenant: LiveTenant, chromium: Browser
) -> None:
    agent_id, page = await desk(chromium, tenant, hotline.queue_id, "browser")
    await expect(said(page)).to_contain_text("Another phone is set up", timeout=PATIENCE_MS)
    await signed_in(page, tenant, agent_id)
    caller = "84901119901"
    hotline.rings(caller)
    call_id = await hotline.talking(agent_id)
    channel = await hotline.channel(caller)
    account = await tenant.call("GET", f"/v1/agents/{agent_id}/phone-account")
    assert account["inBrowser"] is True
    assert await hotline.hears(channel) == [{AGENT_HZ}]
    assert abs(await page.evaluate(LOUDEST) - CALLER_HZ) < TOLERANCE_HZ
    await hotline.hang_up(call_id, agent_id)
    await tenant.signed_out(agent_id)
    await page.context.close()

    async def removed() -> bool:
        return account["username"] not in await testbed.endpoints()

    await eventually(removed, 60, "the account to be removed from the switch", poll_s=0.5)


async def reachable(tenant: LiveTenant, agent_id: int, *, wanted: bool) -> None:
    async def shown() -> bool:
        return (await tenant.call("GET", f"/v1/agents/{agent_id}"))["phoneReachable"] is wanted

    await eventually(shown, 60, f"the phone to be {'' if wanted else 'un'}reachable", poll_s=0.1)


async def test_stopped_page_gets_no_caller_and_gets_them_again_when_it_wakes(
    hotline: Hotline, tenant: LiveTenant, chromium: Browser, figures: Figures
) -> None:
    agent_id, page = await desk(chromium, tenant, hotline.queue_id, "sleeper")
    await signed_in(page, tenant, agent_id)
    debugger = await chromium.new_browser_cdp_session()
    async with desk_phone(hotline, "awake") as other:
        await colleague(other)
        processes = await debugger.send(PROCESSES)
        with asleep(processes):
            stopped_at = time.monotonic()
            await reachable(tenant, agent_id, wanted=False)
            figures(f"a stopped page is missed after {time.monotonic() - stopped_at:.1f} s")
            hotline.rings("84901119911")
            await hotline.hang_up(await hotline.talking(other.agent_id), other.agent_id)
            await tenant.agent(agent_id, "offline", within_s=60)  # no sound comes from it
        account = (await tenant.call("GET", f"/v1/agents/{agent_id}/phone-account"))["username"]

        async def signed_on() -> bool:
            found = await commands.endpoint(hotline.recorder.ari, account)
            return found is not None and found.state == "online"

        await eventually(signed_on, 60, "the phone to sign on again", poll_s=0.2)
        await page.get_by_role("button", name="Sign in").click()
        await tenant.agent(agent_id, "idle", within_s=60)
    hotline.rings("84901119912")
    await hotline.hang_up(await hotline.talking(agent_id), agent_id)
    await tenant.signed_out(agent_id)
    await page.context.close()


async def test_call_survives_the_websocket_and_the_next_one_goes_elsewhere(
    hotline: Hotline, tenant: LiveTenant, chromium: Browser, figures: Figures
) -> None:
    agent_id, page = await desk(chromium, tenant, hotline.queue_id, "cut-off")
    await signed_in(page, tenant, agent_id)
    caller = "84901119921"
    hotline.rings(caller)
    call_id = await hotline.talking(agent_id)
    async with desk_phone(hotline, "connected") as other:
        await colleague(other)
        cut_at = time.monotonic()
        await page.evaluate(CUT)
        await reachable(tenant, agent_id, wanted=False)
        figures(f"a websocket that is killed is missed after {time.monotonic() - cut_at:.1f} s")
        assert await hotline.hears(await hotline.channel(caller)) == [{AGENT_HZ}]
        assert abs(await page.evaluate(LOUDEST) - CALLER_HZ) < TOLERANCE_HZ
        await hotline.hang_up(call_id, agent_id)
        await tenant.call("POST", f"/v1/agents/{agent_id}/ready")
        await tenant.agent(agent_id, "unreachable")
        hotline.rings("84901119922")
        await hotline.hang_up(await hotline.talking(other.agent_id), other.agent_id)
        await page.evaluate("() => { window.cut = false; }")
        await tenant.agent(agent_id, "idle", within_s=60)
    await tenant.signed_out(agent_id)
    await page.context.close()


async def test_second_tab_says_so_and_takes_the_phone_by_asking(
    hotline: Hotline, tenant: LiveTenant, chromium: Browser
) -> None:
    agent_id, first = await desk(chromium, tenant, hotline.queue_id, "tabs")
    await ready(first)
    second = await first.context.new_page()
    await second.goto("/desk")
    await expect(said(second)).to_contain_text("In another tab", timeout=PATIENCE_MS)
    await ready(second)
    await expect(said(first)).to_contain_text("Taken over elsewhere", timeout=PATIENCE_MS)
    await second.get_by_role("button", name="Sign in").click()
    await tenant.agent(agent_id, "idle", within_s=60)
    caller = "84901119931"
    hotline.rings(caller)
    call_id = await hotline.talking(agent_id)
    assert abs(await second.evaluate(LOUDEST) - CALLER_HZ) < TOLERANCE_HZ
    assert await first.evaluate("window.peers.length") == 0
    await hotline.hang_up(call_id, agent_id)
    await tenant.signed_out(agent_id)
    await first.context.close()
