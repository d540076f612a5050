"""Scenes with one client of a simulated switch, in virtual time."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any

from tests.support.switch import Listener, listening
from tests.switch.conftest import APP
from tongdai.switch import commands
from tongdai.switch.events import (
    Connected,
)
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.switch.simulated.callees import Callee
from tongdai.switch.simulated.client import Faults, SimulatedAri
from tongdai.testing import virtual_time

Scene = Callable[[SimulatedAsterisk, Listener], Coroutine[Any, Any, Any]]


def play(
    scene: Scene, callee: Callee | None = None, faults: Faults | None = None, seed: int = 1, **options: Any
) -> SimulatedAsterisk:
    """Run a scene with a connected client; return the simulated Asterisk."""
    rng = random.Random(seed)

    async def main() -> SimulatedAsterisk:
        asterisk = SimulatedAsterisk(rng, virtual_time.LoopClock(), callee, **options)
        ari = SimulatedAri(asterisk, rng)
        async with listening(ari) as listener:
            await listener.wait_for(Connected)
            await until(lambda: ari.up)
            ari.faults = faults or Faults()
            await scene(asterisk, listener)
        return asterisk

    return virtual_time.run(main(), rng)


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


async def call(listener: Listener, channel_id: str = "c", n: int = 1, **options: Any) -> commands.Originated:
    """Originate a call to the `n`-th number."""
    endpoint = commands.endpoint_of(f"8490{n:07d}", "trunk")
    return await commands.originate(listener.ari, channel_id, endpoint, APP, ["a"], **options)
