"""Phones that ring for callers: not answered, declined, given up, and answered."""

import pytest

from tests.support.live import callers, scenarios
from tests.support.live.desk_phones import desk_phone
from tests.support.live.hotline import Hotline
from tests.support.live.scenarios import ANSWERED, CALLED, CANCELLED, HUNG_UP, LEFT
from tests.support.live.testbed import AGENT_HZ, CALLER_HZ, MUSIC_HZ

RING_S = 5
"""The shortest that a queue may have."""
PATIENCE_MS = 6000


async def test_phone_that_is_not_answered_leaves_the_caller_at_the_same_place(hotline: Hotline) -> None:
    first, second = "84901140001", "84901140002"
    await hotline.settings(ringTimeoutSec=RING_S, autoPauseAfter=1)
    async with (
        desk_phone(hotline, "Away", scenarios.ringing()) as away,
        desk_phone(hotline, "There") as there,
    ):
        await away.sign_in()
        somebody = hotline.rings(first)
        await away.noted(CALLED)
        hotline.rings(second)
        await hotline.waiting(first, second)
        assert await hotline.hears(await hotline.channel(first)) == [{MUSIC_HZ}], "while the phone rings"
        await away.noted(CANCELLED)
        await hotline.tenant.agent(away.agent_id, "paused")
        assert (await away.shown())["pauseReason"] == "no_answer"
        [waits, _] = await hotline.waiting(first, second)
        await there.sign_in()
        call_id = await hotline.talking(there.agent_id)
        assert call_id == waits["callId"]
        heard = await hotline.hears(await hotline.channel(first), await there.channel())
        assert heard == [{AGENT_HZ}, {CALLER_HZ}]
        await hotline.hang_up(call_id, there.agent_id)
        await hotline.noted(somebody, first, HUNG_UP)
        await hotline.hang_up(await hotline.talking(there.agent_id), there.agent_id)
        await there.noted(ANSWERED, 2)
        assert away.times(CALLED) == 1


@pytest.mark.parametrize("status", ["603", "486"])
async def test_caller_is_offered_to_the_next_phone_when_one_declines(hotline: Hotline, status: str) -> None:
    await hotline.settings(autoPauseAfter=1)
    async with (
        desk_phone(hotline, "Declines", scenarios.declining(status)) as declines,
        desk_phone(hotline, "Answers") as answers,
    ):
        for phone in (declines, answers):  # the longest idle comes first
            await phone.sign_in()
            await hotline.tenant.agent(phone.agent_id, "idle")
        hotline.rings("84901140003")
        call_id = await hotline.talking(answers.agent_id)
        assert declines.times(CALLED) == 1
        assert (await declines.shown())["state"] == "idle", "not paused: it was not missed"
        await hotline.hang_up(call_id, answers.agent_id)


async def test_phone_stops_ringing_when_the_caller_gives_up(hotline: Hotline) -> None:
    caller = "84901140004"
    async with desk_phone(hotline, "Rings", scenarios.ringing()) as phone:
        await phone.sign_in()
        somebody = hotline.testbed.ring_in(callers.caller(hotline.called, caller, talk_ms=PATIENCE_MS))
        await phone.noted(CALLED)
        await hotline.noted(somebody, caller, LEFT)
        await phone.noted(CANCELLED)
        await hotline.tenant.agent(phone.agent_id, "idle")
        await hotline.waiting()


async def test_phone_stops_ringing_when_its_agent_is_released(hotline: Hotline) -> None:
    caller = "84901140005"
    async with desk_phone(hotline, "Released", scenarios.ringing()) as phone:
        await phone.sign_in()
        hotline.rings(caller)
        await phone.noted(CALLED)
        await hotline.tenant.call("POST", f"/v1/agents/{phone.agent_id}/release")
        await phone.noted(CANCELLED)
        await hotline.tenant.agent(phone.agent_id, "offline")
        [waits] = await hotline.waiting(caller)
        detail = await hotline.tenant.call("GET", f"/v1/calls/{waits['callId']}")
        assert [offer["outcome"] for offer in detail["offers"]] == ["withdrawn"]
