"""Calls of live tests: callers who are answered, phones that are called, and the tones that each hears."""

import uuid

from tests.support.live import audio, callers, scenarios
from tests.support.live.recordings import overheard
from tests.support.live.testbed import (
    AGENT,
    AGENT_HZ,
    APP,
    CALLER_HZ,
    CUSTOMER_HZ,
    GREETING_HZ,
    MUSIC_HZ,
    Child,
    Testbed,
    number,
)
from tests.support.servers import eventually
from tests.support.switch import Listener
from tongdai.switch import commands
from tongdai.switch.commands import Placed
from tongdai.switch.events import INBOUND, ChannelDestroyed, ChannelStateChange, StasisStart

CALLED, CALLER = "842871001234", "84901112233"


async def rung(caller: Listener, testbed: Testbed, scenario: str, called: str = CALLED) -> tuple[str, Child]:
    """The channel of a caller who has just rung in, and the caller."""
    before = len(_inbound(caller))
    somebody = testbed.ring_in(scenario)
    await eventually(lambda: len(_inbound(caller)) > before, 10, "a call to come in", poll_s=0.02)
    started = _inbound(caller)[-1]
    assert (started.args, started.endpoint, started.state) == ((INBOUND, called), "carrier", "Ring")
    assert started.caller == CALLER
    assert await commands.subscribe_to_channel(caller.ari, APP, started.channel_id)
    return started.channel_id, somebody


def _inbound(caller: Listener) -> list[StasisStart]:
    return [event for event in caller.of(StasisStart) if event.args[:1] == (INBOUND,)]


async def answered(
    caller: Listener, testbed: Testbed, *, talk_ms: int | None = None, digits: str = ""
) -> tuple[str, Child]:
    scenario = callers.caller(CALLED, CALLER, talk_ms=talk_ms, digits=digits)
    channel_id, somebody = await rung(caller, testbed, scenario)
    assert await commands.answer(caller.ari, channel_id)
    await caller.wait_for(ChannelStateChange, channel_id)
    return channel_id, somebody


async def in_ledger(testbed: Testbed, somebody: Child, what: str) -> None:
    """Wait until the caller's ledger has it."""
    await eventually(lambda: testbed.ledger(somebody)[CALLER, what], 10, f"the caller to be {what}")


async def phone(caller: Listener, endpoint: str = f"PJSIP/{AGENT}") -> str:
    """Call a phone; its channel, once it has answered."""
    channel_id = str(uuid.uuid4())
    assert await commands.originate(caller.ari, channel_id, endpoint, APP) == Placed()
    await caller.wait_for(StasisStart, channel_id)
    return channel_id


async def second_phone(caller: Listener) -> str:
    """Another phone, which plays CUSTOMER_HZ."""
    return await phone(caller, commands.endpoint_of(number(scenarios.ANSWER), "talkers"))


async def bridged(caller: Listener, *channels: str) -> str:
    bridge_id = str(uuid.uuid4())
    await commands.create_bridge(caller.ari, bridge_id)
    assert await commands.add_to_bridge(caller.ari, bridge_id, *channels)
    return bridge_id


async def leave(caller: Listener, *channels: str) -> None:
    for channel_id in channels:
        assert await commands.hang_up(caller.ari, channel_id)
        await caller.wait_for(ChannelDestroyed, channel_id)


async def heard(caller: Listener, testbed: Testbed, *channels: str, app: str = APP) -> list[set[int]]:
    """The tones that each of these channels hears at the same time. `app` is the listener's application."""
    found = await overheard(caller, testbed, *((channel_id, "out") for channel_id in channels), app=app)
    tones = (AGENT_HZ, CALLER_HZ, CUSTOMER_HZ, GREETING_HZ, MUSIC_HZ)
    return [{hz for hz in tones if audio.loudness(samples, hz) > AUDIBLE} for samples in found]


AUDIBLE = 800
"""Amplitude: a tenth of what is played. Three tones that are mixed are not as loud as one alone."""
