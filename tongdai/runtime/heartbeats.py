"""Heartbeats of a process to its parent: by their absence the parent detects that it hangs.

    child    event loop ── once a second: a datagram with the names of its failing tasks ──▶ parent

Sent by the event loop that does the work, so a loop that is blocked is silent, as is a process that is stopped
(SIGSTOP) or waits for a disk for ever. Over a socket pair that the child inherits: nothing is written to a disk, which
may be full, and no other process can send. A parent that does not read (it hangs, too) never delays a child.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec

from tongdai.runtime import background

DESCRIPTOR = "TONGDAI_ROLE_HEARTBEATS"
"""Environment variable of a child: its end of the socket pair."""
BEAT_S = 1.0
SOON_S = 0.1
"""The next one while a child is not known to work: it may have started since."""
HUNG_AFTER_S = 6.0
"""A process that was silent for so long hangs. Where the processor is free its successor is ready three seconds later,
within ten of the last heartbeat; and a healthy process that got no processor for STALL_S is left alone."""
STALL_S = 4.0
LATE_AFTER_S = 4.0
"""A process that was silent for so long is not known to work."""
LOOK_S = 0.5
"""How often a parent looks."""
STARTING_S = 60.0
"""How long a process may take until its first heartbeat."""
LONGEST_STARTING_S = 3600.0


def next_starting_s(starting_s: float, *, started: bool) -> float:
    """How long the successor of a process may take that was allowed `starting_s`; `started`: it had a heartbeat.

    Twice as long after one that had none. On an overloaded machine each start would otherwise be killed, and the next
    one would add to the load; where it hangs because of a fault, it is still tried again.
    """
    return STARTING_S if started else min(2 * starting_s, LONGEST_STARTING_S)


class Heartbeat(msgspec.Struct, frozen=True):
    failing: Sequence[str] = ()
    """The background tasks of the process, and of its own children, whose last attempt failed."""
    late: Sequence[str] = ()
    """Its own children that are not known to work."""


class Sender:
    """The child's end; in a process that was started by hand, heartbeats go nowhere."""

    def __init__(self) -> None:
        descriptor = os.environ.pop(DESCRIPTOR, None)
        self._socket = None if descriptor is None else socket.socket(fileno=int(descriptor))
        if self._socket is not None:
            self._socket.setblocking(False)
            self._socket.set_inheritable(False)

    def send(self, heartbeat: Heartbeat) -> None:
        if self._socket is not None:
            with suppress(OSError):  # the parent does not read, or is gone
                self._socket.send(msgspec.json.encode(heartbeat))


async def beat(of_children: Callable[[], Heartbeat] = Heartbeat) -> None:
    """Send the heartbeats of this process, with what it knows of its own children, until cancelled."""
    sender = Sender()

    async def send() -> None:
        while True:
            children = of_children()
            sender.send(Heartbeat([*background.failing(), *children.failing], children.late))
            await asyncio.sleep(SOON_S if children.late else BEAT_S)

    await background.keep_running(send, name="heartbeats")


class Receiver:
    """The parent's end, and how long the child was silent."""

    def __init__(self, own: socket.socket, starting_s: float) -> None:
        self._socket = own
        self._starting_s = starting_s
        own.setblocking(False)
        self._last: Heartbeat | None = None
        self._looked_at: float | None = None
        self.silent_s = 0.0
        """How long nothing came. Time in which the parent itself did not look does not count: it may have been
        suspended together with the child."""

    @property
    def hangs(self) -> bool:
        return self.silent_s > (HUNG_AFTER_S if self.started else self._starting_s)

    @property
    def started(self) -> bool:
        """Whether a heartbeat has come."""
        return self._last is not None

    @property
    def late(self) -> bool:
        """Whether the child is not known to work: it is silent, or has not started yet."""
        return self._last is None or self.silent_s > LATE_AFTER_S

    @property
    def heartbeat(self) -> Heartbeat:
        """The last one."""
        return self._last or Heartbeat()

    def look(self, now: float) -> None:
        """Read what came; `now` by a monotonic clock. To be called every LOOK_S."""
        if self._looked_at is not None:
            self.silent_s += min(now - self._looked_at, 2 * LOOK_S)
        self._looked_at = now
        with suppress(BlockingIOError):
            while data := self._socket.recv(65536):
                self._last = msgspec.json.decode(data, type=Heartbeat)
                self.silent_s = 0.0

    def close(self) -> None:
        self._socket.close()


def pair(starting_s: float = STARTING_S) -> tuple[Receiver, socket.socket]:
    """The parent's end, and the child's, to be inherited and closed; the first heartbeat may take `starting_s`."""
    own, child = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    return Receiver(own, starting_s), child
