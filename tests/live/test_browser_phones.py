"""The phone in an agent's browser: Chromium, whose microphone plays a tone, on a real Asterisk."""

import os
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser.conftest import FLAGS, PASSWORD, PATIENCE_MS
from tests.support.live import audio
from tests.support.live.hotline import Hotline
from tests.support.live.tenant import TENANT, LiveTenant, cli
from tests.support.live.testbed import AGENT_HZ, CALLER_HZ, Testbed
from tests.support.servers import eventually

MICROPHONE = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
TOLERANCE_HZ = 20
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
PEERS = """
const Peer = RTCPeerConnection;
window.peers = [];
window.RTCPeerConnection = class extends Peer { constructor(...how) { super(...how); window.peers.push(this); } };
"""
"""Keeps the connections of a page, so that a test can listen to them."""
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
    await context.add_init_script(PEERS)
    page = await context.new_page()
    await page.goto("/desk")
    return agent_id, page


async def test_browser_signs_on_is_called_and_talks(
    hotline: Hotline, testbed: Testbed, tenant: LiveTenant, chromium: Browser
) -> None:
    agent_id, page = await desk(chromium, tenant, hotline.queue_id, "browser")
    phone = page.get_by_role("region", name="Phone in this browser")
    await expect(phone.get_by_role("status")).to_contain_text("Another phone is set up", timeout=PATIENCE_MS)
    await page.get_by_role("button", name="Take the phone here").click()
    await expect(phone.get_by_role("status")).to_contain_text("ms to the switch", timeout=PATIENCE_MS)
    await page.get_by_role("button", name="Sign in").click()
    await tenant.agent(agent_id, "idle", within_s=60)
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
