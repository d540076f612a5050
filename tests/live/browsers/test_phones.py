"""The phone in an agent's browser: Chromium, whose microphone plays a tone, on a real Asterisk."""

import time
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import PATIENCE_MS
from tests.live.conftest import Figures
from tests.support.live.desk_phones import DeskPhone, desk_phone
from tests.support.live.desks import CHROMIUM, CUT, LOUDEST, TOLERANCE_HZ, desk, ready, said, signed_in
from tests.support.live.hotline import Hotline
from tests.support.live.tenant import LiveTenant
from tests.support.live.testbed import AGENT_HZ, CALLER_HZ, Testbed
from tests.support.pages import PROCESSES, asleep
from tests.support.servers import eventually
from tongdai.switch import commands

pytestmark = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="there is no Chromium")


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
