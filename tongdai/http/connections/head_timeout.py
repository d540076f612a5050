"""A time limit for the head of a request, apart from that for an idle connection (Linux).

Granian has one timer for both the wait for a request and the arrival of its head. It is set to the longer one, so that
clients and proxies may keep connections; this module enforces the shorter one, so that clients that send heads byte by
byte do not hold theirs. It looks at the process's sockets from time to time: the kernel counts the bytes received on
each, and the middleware counts the requests. See docs/decisions/0023-idle-connections.md.
"""

import asyncio
import os
import socket
import struct
import sys
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import structlog

from tongdai.http.asgi import ASGIApp, Receive, Scope, Send
from tongdai.http.connections.core import Connection, Heads, Peer
from tongdai.runtime.background import every

log = structlog.get_logger()

AVAILABLE = sys.platform == "linux"
LOOKS = 5
"""How often connections are looked at within the limit."""
_BYTES_RECEIVED = struct.Struct("128xQ")
"""The field tcpi_bytes_received of `struct tcp_info` (Linux 4.1)."""
_ESTABLISHED = 1


class HeadTimeout:
    """ASGI middleware; closes connections whose request head takes longer than the limit."""

    def __init__(self, app: ASGIApp, port: int, limit_s: float) -> None:
        """`port` is the one that the server listens on: this process has other connections too."""
        self._app = app
        self._port = port
        self._every_s = limit_s / LOOKS
        self._heads = Heads(limit_s)
        self._steps: dict[Peer, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        peer = scope["client"]
        self._step(peer)
        try:
            await self._app(scope, receive, send)
        finally:
            self._step(peer)

    def _step(self, peer: Peer) -> None:
        self._steps[peer] = self._steps.get(peer, 0) + 1

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        looking = asyncio.create_task(every(self._every_s, self._look, name="head timeout"))
        try:
            await self._app(scope, receive, send)
        finally:
            looking.cancel()

    async def _look(self) -> None:
        known = dict(self._steps)
        # In a thread: with thousands of connections it takes tens of milliseconds.
        open_peers = await asyncio.to_thread(self._close_overdue, known)
        # What began meanwhile is of a connection that is open.
        for peer in known.keys() - open_peers:
            if self._steps.get(peer) == known[peer]:
                del self._steps[peer]

    def _close_overdue(self, steps: Mapping[Peer, int]) -> set[Peer]:
        """Close what is overdue; return the peers of all connections."""
        found = list(_connections(self._port, steps))
        overdue = self._heads.overdue(time.monotonic(), [each.connection for each in found])
        for each in found:
            if each.connection.identity in overdue and _shut_down(each):
                log.info("connection closed: the head of a request did not arrive in time")
        return {each.connection.peer for each in found}


class _Found(NamedTuple):
    descriptor: int
    connection: Connection


def _connections(port: int, steps: Mapping[Peer, int]) -> Iterator[_Found]:
    """The connections that this process has accepted on the port."""
    for entry in Path("/proc/self/fd").iterdir():
        # A duplicate is of the same connection, whatever becomes of the descriptor meanwhile.
        with suppress(OSError), _socket_of(int(entry.name)) as own:
            connection = _connection(own, port, steps)
            if connection is not None:
                yield _Found(int(entry.name), connection)


@contextmanager
def _socket_of(descriptor: int) -> Generator[socket.socket]:
    """A duplicate of a socket; OSError when the descriptor is closed or of something else."""
    duplicate = os.dup(descriptor)
    try:
        own = socket.socket(fileno=duplicate)
    except OSError:
        os.close(duplicate)
        raise
    with own:
        yield own


def _connection(own: socket.socket, port: int, steps: Mapping[Peer, int]) -> Connection | None:
    """None: it is another socket."""
    if own.family not in {socket.AF_INET, socket.AF_INET6} or own.getsockname()[1] != port:
        return None
    info = own.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES_RECEIVED.size)
    if len(info) < _BYTES_RECEIVED.size or info[0] != _ESTABLISHED:
        return None
    host, peer_port = own.getpeername()[:2]
    peer = (host, str(peer_port))
    return Connection(os.fstat(own.fileno()).st_ino, peer, _BYTES_RECEIVED.unpack(info)[0], steps.get(peer, 0))


def _shut_down(found: _Found) -> bool:
    """Shut down a connection, if the descriptor is still of it."""
    with suppress(OSError), _socket_of(found.descriptor) as own:
        if os.fstat(own.fileno()).st_ino == found.connection.identity:
            own.shutdown(socket.SHUT_RDWR)
            return True
    return False
