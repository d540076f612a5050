"""The queue of events between the connection and the listener, and whether the listener has caught up.

    connected() → Connected …events… → disconnected() → Disconnected → connected() → …

`Ari.up` rests on `caught_up`: true from the moment that the listener comes back for more after a Connected, that is,
once it has reconciled with the switch; false from `disconnected` on, and permanently after Replaced.

A listener that is `limit` events behind has lost touch: the queue is dropped, Overrun ends the connection, and the next
Connected makes the listener list the channels. One listener at a time, asserted by numbering them: an abandoned
generator that is closed late does not undo what its successor has done.
"""

import asyncio
from collections.abc import AsyncIterator

from tongdai.switch.events import Connected, Disconnected, Event, Replaced


class Overrun(Exception):
    """The listener is too far behind: it must list the channels instead."""


class Inbox:
    """Between one connection at a time and one listener at a time."""

    def __init__(self, limit: int = 100_000) -> None:
        self._events: asyncio.Queue[tuple[int, Event]] = asyncio.Queue()
        self._limit = limit
        self._open = False
        self._connections, self._handled = 0, 0
        """Numbers of the last Connected: the last one queued, and the last one that a listener has handled."""
        self._listeners = 0
        self.replaced = False

    @property
    def caught_up(self) -> bool:
        """Connected, and the listener has handled the Connected: it came back for the next event."""
        return self._open and self._connections == self._handled and not self.replaced

    def connected(self) -> None:
        self._open = True
        self._queue_connected()

    def disconnected(self) -> None:
        """Queue Disconnected, once for each `connected`."""
        if self._open:
            self._open = False
            self._events.put_nowait((self._connections, Disconnected()))

    def put(self, event: Event) -> None:
        """Queue an event; dropped before `connected`. Raises Overrun when too many wait: they are dropped, and the
        caller must give up the connection."""
        if isinstance(event, Replaced):
            self.replaced = True
        elif not self._open:
            return
        if self._events.qsize() >= self._limit:
            self._drop()
            raise Overrun
        self._events.put_nowait((self._connections, event))

    async def events(self) -> AsyncIterator[Event]:
        """Endless, in order. Asking for the next event says that the one before is handled.

        A listener that begins while connected begins with Connected, whatever an earlier one has heard.
        """
        self._begin()
        mine = self._listeners
        try:
            while True:
                number, event = await self._events.get()
                yield event
                if isinstance(event, Connected):
                    self._handled = number
        finally:
            if mine == self._listeners:  # an abandoned generator may be closed long after the next has begun
                self._handled = -1

    def _begin(self) -> None:
        self._listeners += 1
        self._drop()
        if self.replaced:
            self._events.put_nowait((self._connections, Replaced()))
        elif self._open:
            self._queue_connected()

    def _queue_connected(self) -> None:
        self._connections += 1
        self._events.put_nowait((self._connections, Connected()))

    def _drop(self) -> None:
        while not self._events.empty():
            self._events.get_nowait()
