"""Calls that come in through the carrier: answered, refused, kept waiting with music, asked for keys, bridged."""

import asyncio
import os
from itertools import groupby

import pytest

from tests.support.live import callers
from tests.support.live.calls import (
    CALLED,
    CALLER,
    answered,
    bridged,
    heard,
    in_ledger,
    leave,
    phone,
    rung,
)
from tests.support.live.recordings import RECORDER
from tests.support.live.scenarios import ANSWERED, CANCELLED, HUNG_UP, LEFT
from tests.support.live.testbed import AGENT_HZ, APP, CALLER_HZ, GREETING_HZ, MUSIC_HZ, Testbed
from tests.support.servers import eventually
from tests.support.switch import Listener, listening
from tongdai.call_outcome import Refusal
from tongdai.switch import commands
from tongdai.switch.events import (
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelStateChange,
    PlaybackFinished,
    StasisStart,
)

STATUS = {
    Refusal.UNALLOCATED: 404,
    Refusal.DECLINED: 603,
    Refusal.BUSY: 486,
    Refusal.UNAVAILABLE: 480,
    Refusal.REJECTED: 403,
    Refusal.CONGESTION: 503,
}
"""The SIP status that the carrier gets for each."""


@pytest.mark.parametrize("why", list(Refusal))
async def test_refused_before_the_answer(caller: Listener, testbed: Testbed, why: Refusal) -> None:
    scenario = callers.caller(CALLED, CALLER, refused=STATUS[why])
    channel_id, somebody = await rung(caller, testbed, scenario)
    assert await commands.refuse(caller.ari, channel_id, why)
    assert (await caller.wait_for(ChannelDestroyed, channel_id)).cause == why
    await in_ledger(testbed, somebody, f"{callers.REFUSED} {STATUS[why]}")


async def test_number_with_a_plus_comes_in_as_it_is_sent(caller: Listener, testbed: Testbed) -> None:
    called = f"+{CALLED}"
    channel_id, somebody = await rung(caller, testbed, callers.caller(called, CALLER, refused=404), called)
    listed = await commands.channel(caller.ari, channel_id)
    assert listed is not None
    assert (listed.called, listed.caller, listed.endpoint, listed.state) == (called, CALLER, "carrier", "Ring")
    assert await commands.refuse(caller.ari, channel_id, Refusal.UNALLOCATED)
    await in_ledger(testbed, somebody, f"{callers.REFUSED} 404")


async def test_refused_with_503_while_no_application_is_there(testbed: Testbed) -> None:
    somebody = testbed.ring_in(callers.caller(CALLED, CALLER, refused=503))
    await in_ledger(testbed, somebody, f"{callers.REFUSED} 503")


async def test_call_from_an_address_that_is_not_the_carriers_is_refused(caller: Listener, testbed: Testbed) -> None:
    somebody = testbed.ring_in(callers.caller(CALLED, CALLER, refused=401), "NOBODY")
    await in_ledger(testbed, somebody, f"{callers.REFUSED} 401")
    assert not caller.of(StasisStart)


async def test_caller_hears_ringing_and_cancels(caller: Listener, testbed: Testbed) -> None:
    channel_id, somebody = await rung(caller, testbed, callers.caller(CALLED, CALLER, patience_ms=500))
    assert await commands.ring(caller.ari, channel_id)
    ended = await caller.wait_for(ChannelDestroyed, channel_id)
    assert (ended.cause, ended.tech_cause) == (127, 487)
    await in_ledger(testbed, somebody, CANCELLED)
    assert testbed.ledger(somebody)[CALLER, callers.RANG] == 1
    assert not await commands.answer(caller.ari, channel_id)


async def test_answered_caller_hears_music_and_a_message_and_music_again(caller: Listener, testbed: Testbed) -> None:
    channel_id, somebody = await answered(caller, testbed)
    await in_ledger(testbed, somebody, ANSWERED)
    assert await commands.answer(caller.ari, channel_id), "idempotent"
    assert await commands.start_music(caller.ari, channel_id)
    assert await heard(caller, testbed, channel_id) == [{MUSIC_HZ}]
    assert await commands.play(caller.ari, channel_id, f"p-{channel_id}", "custom/nonesuch", "custom/message")
    assert await heard(caller, testbed, channel_id) == [{GREETING_HZ}], "the sound that is missing is skipped"
    assert await commands.stop_playing(caller.ari, f"p-{channel_id}")
    assert (await caller.wait_for(PlaybackFinished)).done
    assert await heard(caller, testbed, channel_id) == [set()], "the music does not come back by itself"
    assert await commands.start_music(caller.ari, channel_id, "nonesuch")
    assert await heard(caller, testbed, channel_id) == [{MUSIC_HZ}], "the default class"
    assert await commands.stop_music(caller.ari, channel_id)
    assert await heard(caller, testbed, channel_id) == [set()]
    await leave(caller, channel_id)
    await in_ledger(testbed, somebody, HUNG_UP)


@pytest.mark.parametrize(("what", "query"), [("answer", {}), ("variable", {"variable": "TONGDAI_QUEUE", "value": "7"})])
async def test_requests_that_wait_for_the_end_of_a_sound_block_the_connection(
    caller: Listener, testbed: Testbed, what: str, query: dict[str, str]
) -> None:
    """Which is why `commands.ensure_answered` leaves a channel alone that is up."""
    channel_id, _ = await answered(caller, testbed)
    sound = f"p-{channel_id}"
    assert await commands.play(caller.ari, channel_id, sound, "custom/long")
    await eventually(lambda: commands.playing(caller.ari, sound), 5, "the sound")
    assert await commands.ensure_answered(caller.ari, channel_id)
    assert await commands.mute(caller.ari, channel_id)
    async with listening(testbed.client(RECORDER)) as other:
        await eventually(lambda: other.ari.up, 10, "up")
        waits = asyncio.create_task(caller.ari.request("POST", f"channels/{channel_id}/{what}", query))
        behind = asyncio.create_task(commands.channels(caller.ari))
        for _ in range(20):  # as many answers on another connection
            assert await commands.playing(other.ari, sound)
        assert not waits.done()
        assert not behind.done()
        assert await commands.stop_playing(other.ari, sound)
        assert (await waits).status == 204
        await behind
    await leave(caller, channel_id)


async def test_message_before_the_answer_is_early_media(caller: Listener, testbed: Testbed) -> None:
    """A closed message that costs the caller nothing."""
    channel_id, somebody = await rung(caller, testbed, callers.caller(CALLED, CALLER, refused=480))
    assert await commands.play(caller.ari, channel_id, f"p-{channel_id}", "custom/greeting")
    assert (await caller.wait_for(PlaybackFinished)).done
    assert not caller.of(ChannelStateChange, channel_id), "not answered"
    assert await commands.refuse(caller.ari, channel_id, Refusal.UNAVAILABLE)
    await in_ledger(testbed, somebody, f"{callers.REFUSED} 480")
    assert testbed.ledger(somebody)[CALLER, callers.PROGRESS] == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="SIPp presses keys through a raw socket, which only root may open")
async def test_keys_are_received_while_music_plays_and_in_a_bridge(caller: Listener, testbed: Testbed) -> None:
    channel_id, _ = await answered(caller, testbed, digits="1*9#")
    assert await commands.start_music(caller.ari, channel_id)
    await caller.wait_for(ChannelDtmfReceived, channel_id, 1)
    agent = await phone(caller)
    bridge = await bridged(caller, channel_id, agent)

    def pressed() -> str:
        # SIPp's packets are late on a busy machine, and a key that lasts then counts as two.
        return "".join(
            digit for digit, _ in groupby(event.digit for event in caller.of(ChannelDtmfReceived, channel_id))
        )

    await eventually(lambda: pressed() == "1*9#", 10, lambda: f"all keys, after {pressed()}")
    await leave(caller, channel_id, agent)
    assert await commands.destroy_bridge(caller.ari, bridge)


async def test_caller_and_agent_talk_are_muted_held_and_parted(caller: Listener, testbed: Testbed) -> None:
    channel_id, somebody = await answered(caller, testbed)
    agent = await phone(caller)
    assert await commands.start_music(caller.ari, channel_id)
    bridge = await bridged(caller, channel_id, agent)
    assert await heard(caller, testbed, channel_id, agent) == [{MUSIC_HZ}, {CALLER_HZ}], "music continues in a bridge"
    assert await commands.stop_music(caller.ari, channel_id)
    assert await heard(caller, testbed, channel_id, agent) == [{AGENT_HZ}, {CALLER_HZ}]
    assert await commands.mute(caller.ari, agent)
    assert await heard(caller, testbed, channel_id, agent) == [set(), {CALLER_HZ}]
    assert await commands.unmute(caller.ari, agent)
    # On hold: the caller is out of the bridge, with music.
    assert await commands.remove_from_bridge(caller.ari, bridge, channel_id)
    assert not await commands.remove_from_bridge(caller.ari, bridge, channel_id)
    assert await commands.start_music(caller.ari, channel_id)
    assert await heard(caller, testbed, channel_id, agent) == [{MUSIC_HZ}, set()]
    assert await commands.stop_music(caller.ari, channel_id)
    assert await commands.add_to_bridge(caller.ari, bridge, channel_id)
    assert await heard(caller, testbed, channel_id, agent) == [{AGENT_HZ}, {CALLER_HZ}]
    await leave(caller, agent)
    assert await commands.channel(caller.ari, channel_id) is not None, "the caller stays"
    await leave(caller, channel_id)
    await in_ledger(testbed, somebody, HUNG_UP)
    assert await commands.destroy_bridge(caller.ari, bridge)


async def test_caller_who_hangs_up_in_a_bridge_leaves_the_agent(caller: Listener, testbed: Testbed) -> None:
    channel_id, somebody = await answered(caller, testbed, talk_ms=1500)
    agent = await phone(caller)
    bridge = await bridged(caller, channel_id, agent)
    assert (await caller.wait_for(ChannelDestroyed, channel_id)).cause in {0, 16}
    await in_ledger(testbed, somebody, LEFT)
    [found] = [one for one in await commands.bridges(caller.ari) if one.bridge_id == bridge]
    assert found.channel_ids == (agent,)
    await leave(caller, agent)
    assert await commands.destroy_bridge(caller.ari, bridge)


async def test_variable_is_kept_with_the_channel_and_what_is_gone_is_not_commanded(
    caller: Listener, testbed: Testbed
) -> None:
    channel_id, _ = await answered(caller, testbed)
    assert await commands.set_variable(caller.ari, channel_id, "TONGDAI_QUEUE", "7")
    assert await commands.variable(caller.ari, channel_id, "TONGDAI_QUEUE") == "7"
    assert await commands.variable(caller.ari, channel_id, "TONGDAI_OTHER") is None
    await leave(caller, channel_id)
    assert await commands.variable(caller.ari, channel_id, "TONGDAI_QUEUE") is None
    assert not await commands.set_variable(caller.ari, channel_id, "TONGDAI_QUEUE", "7")
    for gone in (commands.answer, commands.ring, commands.start_music, commands.stop_music, commands.mute):
        assert not await gone(caller.ari, channel_id)
    assert not await commands.subscribe_to_channel(caller.ari, APP, channel_id)
    assert not await commands.hang_up(caller.ari, channel_id)
