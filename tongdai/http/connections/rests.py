"""Reads on, after responses that were sent before their bodies had arrived, only now and then.

A refused body is read so that its client gets to read the refusal. Read as fast as it comes, it costs the event loop
more than most requests do: 30 senders of files of 2 MB, 26 of them refused at once, sent 450 such bodies a second, and
each turn of the loop took 26 pieces of 256 kB while others waited. So the connections take turns: AT_ONCE may each read
one piece, every EVERY_S.
"""

import asyncio
from typing import Protocol

AT_ONCE = 2
EVERY_S = 0.005


class Reads(Protocol):
    """A connection that does not read."""

    def read_on(self) -> None:
        """Read one piece, whenever it comes."""
        ...


class Rests:
    def __init__(self) -> None:
        self._waiting: dict[Reads, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def join(self, one: Reads) -> None:
        """Have it read on once those before it have."""
        self._waiting[one] = None
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(EVERY_S, self._turn)

    def leave(self, one: Reads) -> None:
        """The connection is gone."""
        self._waiting.pop(one, None)

    def _turn(self) -> None:
        self._timer = None
        for one in [*self._waiting][:AT_ONCE]:
            del self._waiting[one]
            one.read_on()
        if self._waiting and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(EVERY_S, self._turn)
