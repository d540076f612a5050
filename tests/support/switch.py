"""A listener that keeps the events of a switch, and the channels that a simulated one has."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypeVar

from tongdai.switch.client import Ari
from tongdai.switch.events import Event
from tongdai.switch.simulated.asterisk import SimulatedAsterisk

E = TypeVar("E")


class Listener:
    def __init__(self, ari: Ari) -> None:
        self.ari = ari
        self.heard: list[Event] = []
        self._more = asyncio.Event()

    async def listen(self) -> None:
        async for event in self.ari.events():
            self.heard.append(event)
            self._more.set()

    async def more(self) -> None:
        """Returns when something more was heard."""
        self._more.clear()
        await self._more.wait()

    def of(self, kind: type[E], channel_id: str | None = None) -> list[E]:
        found = [event for event in self.heard if isinstance(event, kind)]
        return [e for e in found if channel_id is None or getattr(e, "channel_id", None) == channel_id]

    async def wait_for(self, kind: type[E], channel_id: str | None = None, count: int = 1, within_s: float = 10) -> E:
        """The `count`-th of that kind; AssertionError with all that was heard instead."""

        async def there() -> list[E]:
            while len(found := self.of(kind, channel_id)) < count:
                await self.more()
            return found

        try:
            return (await asyncio.wait_for(there(), within_s))[count - 1]
        except TimeoutError:
            raise AssertionError(f"no {kind.__name__} {channel_id} among {self.heard[-20:]}") from None


@asynccontextmanager
async def listening(ari: Ari) -> AsyncGenerator[Listener]:
    """Within the block it runs, and somebody listens."""
    listener = Listener(ari)
    tasks = [asyncio.create_task(ari.run()), asyncio.create_task(listener.listen())]
    try:
        yield listener
    finally:
        for task in tasks:
            task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(ended, asyncio.CancelledError) for ended in done), done


def channels_of(asterisk: SimulatedAsterisk) -> list[str]:
    """The ids of the channels that ARI lists."""
    return [channel["id"] for channel in asterisk.handle("GET", "channels", {}, None).body]
