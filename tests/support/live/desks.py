"""An agent's desk in Chromium, whose microphone plays a tone, with its phone on a real Asterisk."""

import os

from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.conftest import PASSWORD, PATIENCE_MS
from tests.support.live.tenant import TENANT, LiveTenant, cli

MICROPHONE = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
TOLERANCE_HZ = 20
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
CONNECTIONS = """
const Peer = RTCPeerConnection, Socket = WebSocket;
window.peers = [], window.sockets = [], window.cut = false;
window.RTCPeerConnection = class extends Peer { constructor(...how) { super(...how); window.peers.push(this); } };
window.WebSocket = class extends Socket {
  constructor(url, ...how) {
    super(window.cut ? String(url).replace("/phone", "/nowhere") : url, ...how);
    window.sockets.push(this);
  }
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
