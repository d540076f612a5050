"""Restarts of Asterisk, and a takeover by another process."""

import uuid

import pytest

from tests.support.live import scenarios
from tests.support.live.testbed import APP, TRUNK, Testbed, number
from tests.support.servers import eventually
from tests.support.switch import Listener, listening
from tongdai.switch import commands
from tongdai.switch.commands import Placed
from tongdai.switch.events import ChannelDestroyed, Connected, Disconnected, Replaced, StasisStart
from tongdai.switch.interface import SwitchUnreachable


async def answered(caller: Listener, n: int = 0) -> str:
    channel_id = str(uuid.uuid4())
    endpoint = commands.endpoint_of(number(scenarios.ANSWER, n), TRUNK)
    assert await commands.originate(caller.ari, channel_id, endpoint, APP) == Placed()
    await caller.wait_for(StasisStart, channel_id)
    return channel_id


async def test_asterisk_restarted_mid_calls(caller: Listener, testbed: Testbed) -> None:
    calls = [await answered(caller, n) for n in range(5)]
    first_start = await commands.started_at(caller.ari)
    assert first_start is not None
    assert await commands.started_at(caller.ari) == first_start
    await testbed.kill_asterisk()
    await caller.wait_for(Disconnected)
    assert not caller.ari.up
    with pytest.raises(SwitchUnreachable):
        await commands.channels(caller.ari)
    await testbed.start_asterisk()
    await caller.wait_for(Connected, count=2, within_s=20)
    assert await commands.channels(caller.ari) == []
    assert await commands.started_at(caller.ari) not in {None, first_start}
    assert not [event for event in caller.of(ChannelDestroyed) if event.channel_id in calls], (
        "their end is not reported"
    )
    await eventually(lambda: caller.ari.up, 5, "up")
    again = await answered(caller, 9)
    assert await commands.hang_up(caller.ari, again)
    await caller.wait_for(ChannelDestroyed, again)


async def test_second_process_takes_over_and_the_calls(caller: Listener, testbed: Testbed) -> None:
    channel_id = await answered(caller)
    async with listening(testbed.client()) as second:
        await second.wait_for(Connected)
        await caller.wait_for(Replaced)
        await eventually(lambda: second.ari.up, 5, "up")
        assert not caller.ari.up
        assert [channel.channel_id for channel in await commands.channels(second.ari)] == [channel_id]
        assert await commands.hang_up(second.ari, channel_id)
        await second.wait_for(ChannelDestroyed, channel_id)
        assert not caller.of(ChannelDestroyed, channel_id)
        fresh = await answered(second)
        assert await commands.hang_up(second.ari, fresh)
        await second.wait_for(ChannelDestroyed, fresh)


async def test_call_survives_the_end_of_the_client(testbed: Testbed) -> None:
    async with listening(testbed.client()) as first:
        await first.wait_for(Connected)
        channel_id = await answered(first)
    async with listening(testbed.client()) as second:
        await second.wait_for(Connected)
        assert [channel.channel_id for channel in await commands.channels(second.ari)] == [channel_id]
        assert await commands.hang_up(second.ari, channel_id)
        await second.wait_for(ChannelDestroyed, channel_id)
