"""Events on their way from the socket to the one who listens, and whether that one has caught up."""

import asyncio
from collections.abc import AsyncIterator

from tongdai.switch.events import Connected, Disconnected, Event, Replaced


class Overrun(Exception):
    """The listener is so far behind that it does better to list the channels."""


class Inbox:
    """Between one connection at a time and one listener at a time."""

    def __init__(self, limit: int = 100_000) -> None:
        self._events: asyncio.Queue[tuple[int, Event]] = asyncio.Queue()
        self._limit = limit
        self._open = False
        self._told, self._dealt_with = 0, 0
        """Numbers of the last Connected: put in, and taken out by a listener who came back for more."""
        self._listeners = 0
        self.replaced = False

    @property
    def caught_up(self) -> bool:
        """Connected, and the listener has done what it does about that: it came back for the next event."""
        return self._open and self._told == self._dealt_with and not self.replaced

    def connected(self) -> None:
        self._open = True
        self._tell_connected()

    def disconnected(self) -> None:
        """Told once for each `connected`."""
        if self._open:
            self._open = False
            self._events.put_nowait((self._told, Disconnected()))

    def put(self, event: Event) -> None:
        """Nothing before `connected`. Raises Overrun when too many wait: they are dropped then, and the connection must
        be given up."""
        if isinstance(event, Replaced):
            self.replaced = True
        elif not self._open:
            return
        if self._events.qsize() >= self._limit:
            self._drop()
            raise Overrun
        self._events.put_nowait((self._told, event))

    async def events(self) -> AsyncIterator[Event]:
        """For ever, in order. To ask for the next says that the one before is dealt with.

        A listener that begins while the connection is open begins with Connected, whatever another had heard before.
        """
        self._begin()
        mine = self._listeners
        try:
            while True:
                number, event = await self._events.get()
                yield event
                if isinstance(event, Connected):
                    self._dealt_with = number
        finally:
            if mine == self._listeners:  # an abandoned generator may be closed long after the next has begun
                self._dealt_with = -1

    def _begin(self) -> None:
        self._listeners += 1
        self._drop()
        if self.replaced:
            self._events.put_nowait((self._told, Replaced()))
        elif self._open:
            self._tell_connected()

    def _tell_connected(self) -> None:
        self._told += 1
        self._events.put_nowait((self._told, Connected()))

    def _drop(self) -> None:
        while not self._events.empty():
            self._events.get_nowait()
