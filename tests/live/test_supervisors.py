"""A supervisor listens to a call, whispers to its agent and joins it. Their leaving changes nothing."""

import uuid

from tests.support.live import audio, scenarios
from tests.support.live.calls import answered, bridged, heard, leave, phone, second_phone
from tests.support.live.recordings import LOUD, overheard
from tests.support.live.testbed import AGENT_HZ, APP, CALLER_HZ, CUSTOMER_HZ, TRUNK, Testbed, number
from tests.support.switch import Listener
from tongdai.switch import commands
from tongdai.switch.commands.channels import Spied
from tongdai.switch.events import ChannelDestroyed, StasisStart


async def snooped(caller: Listener, channel_id: str, whisper: Spied = "none") -> str:
    snoop_id = str(uuid.uuid4())
    assert await commands.snoop(caller.ari, channel_id, snoop_id, APP, ["snoop"], spy="both", whisper=whisper)
    started = await caller.wait_for(StasisStart, snoop_id)
    assert (started.args, started.endpoint) == (("snoop",), "")
    assert await commands.subscribe_to_channel(caller.ari, APP, snoop_id)
    return snoop_id


async def test_supervisor_listens_then_whispers_then_joins(caller: Listener, testbed: Testbed) -> None:
    channel_id, _ = await answered(caller, testbed)
    agent, supervisor = await phone(caller), await second_phone(caller)
    bridge = await bridged(caller, channel_id, agent)
    snoop = await snooped(caller, agent)
    monitor = await bridged(caller, supervisor, snoop)
    assert await heard(caller, testbed, supervisor, agent, channel_id) == [
        {AGENT_HZ, CALLER_HZ}, {CALLER_HZ}, {AGENT_HZ},
    ]  # fmt: skip
    await leave(caller, snoop)
    snoop = await snooped(caller, agent, whisper="out")
    assert await commands.add_to_bridge(caller.ari, monitor, snoop)
    assert await heard(caller, testbed, supervisor, channel_id) == [
        {AGENT_HZ, CALLER_HZ}, {AGENT_HZ},
    ], "the caller does not hear what is whispered"  # fmt: skip
    await leave(caller, snoop)
    assert await commands.add_to_bridge(caller.ari, bridge, supervisor)
    assert await heard(caller, testbed, supervisor, agent, channel_id) == [
        {AGENT_HZ, CALLER_HZ}, {CALLER_HZ, CUSTOMER_HZ}, {AGENT_HZ, CUSTOMER_HZ},
    ], "a conference of three"  # fmt: skip
    assert await commands.remove_from_bridge(caller.ari, bridge, supervisor)
    assert await heard(caller, testbed, agent, channel_id) == [{CALLER_HZ}, {AGENT_HZ}]
    await leave(caller, supervisor, agent, channel_id)
    for one in (bridge, monitor):
        assert await commands.destroy_bridge(caller.ari, one)


async def test_phone_hears_what_is_whispered(caller: Listener, testbed: Testbed) -> None:
    """From a phone that echoes what it hears: one snoop does not hear what another whispers."""
    channel_id, _ = await answered(caller, testbed)
    echoing = await phone(caller, commands.endpoint_of(number(scenarios.ANSWER), TRUNK))
    supervisor, snoop = await second_phone(caller), await snooped(caller, echoing, whisper="out")
    bridge, monitor = await bridged(caller, channel_id, echoing), await bridged(caller, supervisor, snoop)
    [echoed] = await overheard(caller, testbed, (echoing, "in"), app=APP)
    assert audio.loudness(echoed, CUSTOMER_HZ) > LOUD
    await leave(caller, snoop, supervisor, echoing, channel_id)
    for one in (bridge, monitor):
        assert await commands.destroy_bridge(caller.ari, one)


async def test_call_that_was_listened_to_is_transferred_after_a_consultation(
    caller: Listener, testbed: Testbed
) -> None:
    """Listen, stop, transfer: what regressed in Asterisk 22.11."""
    channel_id, _ = await answered(caller, testbed)
    agent, second = await phone(caller), await second_phone(caller)
    bridge = await bridged(caller, channel_id, agent)
    snoop = await snooped(caller, channel_id)
    await leave(caller, snoop)
    # Consult: the caller waits with music, the agents talk; then the first leaves, and the second has the caller.
    assert await commands.remove_from_bridge(caller.ari, bridge, channel_id)
    assert await commands.start_music(caller.ari, channel_id)
    assert await commands.add_to_bridge(caller.ari, bridge, second)
    assert await heard(caller, testbed, agent, second) == [{CUSTOMER_HZ}, {AGENT_HZ}]
    assert await commands.remove_from_bridge(caller.ari, bridge, agent)
    assert await commands.stop_music(caller.ari, channel_id)
    assert await commands.add_to_bridge(caller.ari, bridge, channel_id)
    assert await heard(caller, testbed, channel_id, second, agent) == [{CUSTOMER_HZ}, {CALLER_HZ}, set()]
    await leave(caller, agent, second, channel_id)
    assert await commands.destroy_bridge(caller.ari, bridge)


async def test_listener_ends_with_the_call(caller: Listener, testbed: Testbed) -> None:
    channel_id, _ = await answered(caller, testbed)
    snoop = await snooped(caller, channel_id)
    await leave(caller, channel_id)
    await caller.wait_for(ChannelDestroyed, snoop)
    assert not await commands.snoop(caller.ari, channel_id, str(uuid.uuid4()), APP, spy="both", whisper="none")
