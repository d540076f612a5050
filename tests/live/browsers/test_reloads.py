"""A page with a phone in a call is loaded again, or closed: Chromium on a real Asterisk."""

import time
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from tests.live.conftest import Figures
from tests.support.live.desk_phones import desk_phone
from tests.support.live.desks import CHROMIUM, CUT, LOUDEST, TOLERANCE_HZ, desk, signed_in
from tests.support.live.hotline import Hotline
from tests.support.live.tenant import Fields, LiveTenant
from tests.support.live.testbed import AGENT_HZ, CALLER_HZ, MUSIC_HZ
from tests.support.servers import eventually

pytestmark = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="there is no Chromium")
RETURN_S = 20
"""phone_return_s, as it is by default."""


async def talks(hotline: Hotline, tenant: LiveTenant, page: Page, agent_id: int, call_id: str) -> None:
    """The agent is with the caller, whom the page hears."""
    agent = await tenant.call("GET", f"/v1/agents/{agent_id}")
    assert (agent["state"], agent["callId"]) == ("talking", call_id)
    assert abs(await page.evaluate(LOUDEST) - CALLER_HZ) < TOLERANCE_HZ


async def parts(tenant: LiveTenant, call_id: str) -> list[str]:
    call: Fields = await tenant.call("GET", f"/v1/calls/{call_id}")
    return [one["kind"] for one in call["segments"]]


async def test_agent_talks_with_the_same_caller_after_the_page_was_loaded_again(
    hotline: Hotline, tenant: LiveTenant, chromium: Browser, figures: Figures
) -> None:
    agent_id, page = await desk(chromium, tenant, hotline.queue_id, "reloads")
    await signed_in(page, tenant, agent_id)
    caller = "84901119941"
    worn = await hotline.listens(caller)
    call_id = await hotline.talking(agent_id)
    channel = await hotline.channel(caller)
    await hotline.comes_to_hear({AGENT_HZ}, of=[channel])

    def music_s() -> float:
        return sum(one.seconds for one in worn.heard if one.tones == {MUSIC_HZ})

    waited_s, begun = music_s(), time.monotonic()
    await page.reload()
    await eventually(lambda: music_s() > waited_s, 20, "music", poll_s=0.05)
    figures(f"music after a page was loaded again: {time.monotonic() - begun:.1f} s")
    await hotline.comes_to_hear({AGENT_HZ}, of=[channel])
    figures(f"seconds of music until the agent was there again: {music_s() - waited_s:.1f}")
    await hotline.hang_up(call_id, agent_id)
    assert (await parts(tenant, call_id))[:4] == ["wait", "talk", "hold", "talk"]
    await tenant.signed_out(agent_id)
    await page.context.close()


async def test_caller_and_agent_hear_each_other_and_nobody_else_is_offered(
    hotline: Hotline, tenant: LiveTenant, chromium: Browser
) -> None:
    agent_id, page = await desk(chromium, tenant, hotline.queue_id, "hears-again")
    await signed_in(page, tenant, agent_id)
    caller, other = "84901119951", "84901119952"
    hotline.rings(caller)
    call_id = await hotline.talking(agent_id)
    channel = await hotline.channel(caller)
    hotline.rings(other)
    await hotline.waiting(other)
    await page.reload()
    await hotline.comes_to_hear({AGENT_HZ}, of=[channel])
    await talks(hotline, tenant, page, agent_id, call_id)
    await hotline.waiting(other)
    await hotline.hang_up(call_id, agent_id)
    await hotline.hang_up(await hotline.talking(agent_id), agent_id)
    await tenant.signed_out(agent_id)
    await page.context.close()


async def test_telephony_that_crashes_while_the_page_is_loaded_brings_both_together(
    hotline: Hotline, tenant: LiveTenant, chromium: Browser
) -> None:
    agent_id, page = await desk(chromium, tenant, hotline.queue_id, "crash")
    await signed_in(page, tenant, agent_id)
    caller = "84901119961"
    hotline.rings(caller)
    call_id = await hotline.talking(agent_id)
    channel = await hotline.channel(caller)
    await page.goto("about:blank")
    await hotline.comes_to_hear({MUSIC_HZ}, of=[channel])
    await tenant.server.kill("telephony")
    await page.goto("/desk")
    await hotline.comes_to_hear({AGENT_HZ}, of=[channel])
    await talks(hotline, tenant, page, agent_id, call_id)
    await hotline.hang_up(call_id, agent_id)
    assert (await parts(tenant, call_id))[:4] == ["wait", "talk", "hold", "talk"]
    await tenant.signed_out(agent_id)
    await page.context.close()


async def test_call_ends_when_the_page_was_closed_and_its_agent_gets_no_more(
    hotline: Hotline, tenant: LiveTenant, chromium: Browser
) -> None:
    agent_id, page = await desk(chromium, tenant, hotline.queue_id, "closes")
    await signed_in(page, tenant, agent_id)
    caller = "84901119971"
    hotline.rings(caller)
    call_id = await hotline.talking(agent_id)
    channel = await hotline.channel(caller)
    await page.close()
    await hotline.comes_to_hear({MUSIC_HZ}, of=[channel])
    await tenant.agent(agent_id, "offline", within_s=RETURN_S + 20)

    async def over() -> Fields | None:
        call: Fields = await tenant.call("GET", f"/v1/calls/{call_id}")
        return call if call["state"] == "ended" else None

    ended = await eventually(over, 20, "the end of the call", poll_s=0.2)
    assert [one["kind"] for one in ended["segments"]][:3] == ["wait", "talk", "hold"]
    await page.context.close()


async def test_call_continues_while_the_websocket_is_cut_for_a_moment(
    hotline: Hotline, tenant: LiveTenant, chromium: Browser
) -> None:
    agent_id, page = await desk(chromium, tenant, hotline.queue_id, "moment")
    await signed_in(page, tenant, agent_id)
    caller = "84901119981"
    hotline.rings(caller)
    call_id = await hotline.talking(agent_id)
    channel = await hotline.channel(caller)
    await page.evaluate(CUT)
    await page.wait_for_timeout(3000)
    await page.evaluate("() => { window.cut = false; }")

    async def reachable() -> bool:
        return (await tenant.call("GET", f"/v1/agents/{agent_id}"))["phoneReachable"]

    await eventually(reachable, 30, "the phone to be back", poll_s=0.1)
    assert await hotline.hears(channel) == [{AGENT_HZ}]
    await talks(hotline, tenant, page, agent_id, call_id)
    assert await page.evaluate("window.peers.length") == 1
    await hotline.hang_up(call_id, agent_id)
    assert "hold" not in await parts(tenant, call_id)
    await tenant.signed_out(agent_id)
    await page.context.close()


async def test_idle_agent_whose_page_was_loaded_again_gets_the_next_caller(
    hotline: Hotline, tenant: LiveTenant, chromium: Browser
) -> None:
    agent_id, page = await desk(chromium, tenant, hotline.queue_id, "idle-reload")
    await signed_in(page, tenant, agent_id)
    async with desk_phone(hotline, "unused"):
        await page.reload()
        await tenant.agent(agent_id, "unreachable")
        await tenant.agent(agent_id, "idle", within_s=30)
        caller = "84901119991"
        hotline.rings(caller)
        call_id = await hotline.talking(agent_id)
        assert await hotline.hears(await hotline.channel(caller)) == [{AGENT_HZ}]
        await talks(hotline, tenant, page, agent_id, call_id)
        await hotline.hang_up(call_id, agent_id)
    await tenant.signed_out(agent_id)
    await page.context.close()
