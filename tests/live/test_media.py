"""Audio: a tone that one side plays is found in a recording of the other side."""

import uuid

from tests.support.live import audio, scenarios
from tests.support.live.recordings import LOUD, SILENT, hear_each_other, record, recorded
from tests.support.live.testbed import AGENT, AGENT_HZ, APP, GREETING_HZ, TRUNK, Testbed, number
from tests.support.switch import Listener
from tongdai.switch import commands
from tongdai.switch.commands import Placed
from tongdai.switch.events import ChannelDestroyed, PlaybackFinished, StasisStart


async def answered(caller: Listener, endpoint: str) -> str:
    channel_id = str(uuid.uuid4())
    assert await commands.originate(caller.ari, channel_id, endpoint, APP) == Placed()
    await caller.wait_for(StasisStart, channel_id)
    return channel_id


async def test_callee_hears_the_file_that_is_played(caller: Listener, testbed: Testbed) -> None:
    """From a recording: the callee echoes what they hear."""
    channel_id = await answered(caller, commands.endpoint_of(number(scenarios.ANSWER), TRUNK))
    name = uuid.uuid4().hex
    snoop = await record(caller, channel_id, "in", name)
    assert await commands.play(caller.ari, channel_id, f"p-{name}", "custom/greeting")
    assert (await caller.wait_for(PlaybackFinished)).done
    heard = await recorded(caller, testbed, snoop, name)
    assert audio.loudness(heard[:16_000], GREETING_HZ) > LOUD
    assert audio.loudness(heard[:16_000], AGENT_HZ) < SILENT
    assert await commands.hang_up(caller.ari, channel_id)
    await caller.wait_for(ChannelDestroyed, channel_id)


async def test_file_that_does_not_exist_is_reported_and_the_call_continues(caller: Listener) -> None:
    channel_id = await answered(caller, commands.endpoint_of(number(scenarios.ANSWER), TRUNK))
    assert await commands.play(caller.ari, channel_id, f"p-{channel_id}", "nonesuch")
    assert not (await caller.wait_for(PlaybackFinished)).done
    assert await commands.hang_up(caller.ari, channel_id)
    await caller.wait_for(ChannelDestroyed, channel_id)


async def test_bridged_agent_and_customer_hear_each_other(caller: Listener, testbed: Testbed) -> None:
    customer = await answered(caller, commands.endpoint_of(number(scenarios.ANSWER), "talkers"))
    agent = await answered(caller, commands.agent_endpoint_of(AGENT))
    bridge = str(uuid.uuid4())
    await commands.create_bridge(caller.ari, bridge)
    await commands.create_bridge(caller.ari, bridge)
    assert await commands.add_to_bridge(caller.ari, bridge, agent, customer)
    await hear_each_other(caller, testbed, agent, customer, app=APP)
    assert await commands.hang_up(caller.ari, customer)
    await caller.wait_for(ChannelDestroyed, customer)
    assert await commands.channel(caller.ari, agent) is not None, "the agent stays"
    assert await commands.hang_up(caller.ari, agent)
    await caller.wait_for(ChannelDestroyed, agent)
    assert await commands.destroy_bridge(caller.ari, bridge)
