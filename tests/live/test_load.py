"""100 calls a second for 20 seconds: each is placed, answered, hung up and reported; none is lost."""

import asyncio
import time
import uuid

from tests.live.conftest import Figures
from tests.support.live import scenarios
from tests.support.live.testbed import APP, TRUNK, number
from tests.support.servers import eventually
from tests.support.switch import Listener
from tongdai.switch import commands
from tongdai.switch.commands import Placed
from tongdai.switch.events import ChannelDestroyed, StasisStart

CALLS_PER_S, SECONDS = 100, 20


async def test_100_calls_a_second_for_20_seconds(caller: Listener, figures: Figures) -> None:
    calls = CALLS_PER_S * SECONDS
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        hanging_up = group.create_task(_hang_up_each(caller, group, calls))
        placing: list[asyncio.Task[str]] = []
        for n in range(calls):
            await asyncio.sleep(began + n / CALLS_PER_S - time.monotonic())
            placing.append(group.create_task(_place(caller, n)))
        placed_in_s = time.monotonic() - began
        await hanging_up
    ids = {task.result() for task in placing}
    assert len(ids) == calls
    await eventually(lambda: len(caller.of(ChannelDestroyed)) == calls, 10, "all to end")
    ended = {event.channel_id: event.cause for event in caller.of(ChannelDestroyed)}
    assert ended == dict.fromkeys(ids, 16)
    figures(f"{calls / placed_in_s:.0f} calls/s placed, {calls / (time.monotonic() - began):.0f} calls/s to their end")


async def _place(caller: Listener, n: int) -> str:
    channel_id = str(uuid.uuid4())
    endpoint = commands.endpoint_of(number(scenarios.ANSWER, n), TRUNK)
    assert await commands.originate(caller.ari, channel_id, endpoint, APP) == Placed()
    return channel_id


async def _hang_up_each(caller: Listener, group: asyncio.TaskGroup, calls: int) -> None:
    """Hang up each call when it is answered."""
    seen = 0
    for _ in range(calls):
        while True:
            while seen < len(caller.heard) and not isinstance(caller.heard[seen], StasisStart):
                seen += 1
            if seen < len(caller.heard):
                break
            await caller.more()
        event = caller.heard[seen]
        seen += 1
        assert isinstance(event, StasisStart)
        group.create_task(commands.hang_up(caller.ari, event.channel_id))
