"""HTTP/1.1 connections with a limit for every wait: uvicorn's protocol, and what it lacks.

    opened ──first byte──> head ──complete──> request ──answered──> idle ──first byte──> head …
      │ head_s              │ head_s            │ the application's   │ keep_alive_s
      └──────── closed ─────┴────── closed ─────┘ limits              └── closed

Each wait but that for the application has one timer, which the bytes of a client do not set back. A response that is
sent before the whole body has arrived ends the connection, unless the rest is small: the server stops sending, and
continues to read and discard until the client has read the response (RFC 9112, section 9.6), LINGER_S at most. Closed
at once, the connection would be reset, and the client might lose the response that says why. Such connections read in
turns (rests.py).

A client that closes its side once its request is complete is answered (half-closed). One that has closed the whole
connection looks the same until it is sent something: it is sent `100 Continue`, which a client that waits discards (RFC
9110, section 15.2.1), and to which a closed connection answers with a reset. While a reply is being streamed the end of
its side means that the client has left: the application receives `http.disconnect`.

Under overload a request that has arrived as a whole is answered 503 before anything is made of it: that costs a tenth
of what the application's refusal does.

A request to become a websocket is one only at the paths for that: there the connection is handed to uvicorn's protocol
of websockets, whose limits are in serve.py. At all others it is a request like any, and its header `Upgrade` ignored.

At the limit of connections, the oldest one that never completed a head makes place for the next, else the one that has
been idle for longest, else the one whose client has taken nothing of a response for longest. If there is none, the next
is answered 503 at once.

It relies on uvicorn's `HttpToolsProtocol`, whose minor version is pinned for that reason.
"""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from httptools import HttpParserError
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from uvicorn.server import ServerState

from tongdai.http.connections import refusal
from tongdai.http.connections.core import whole_requests
from tongdai.http.connections.early import closing_early
from tongdai.http.connections.refusal import Refusal
from tongdai.http.connections.rests import Rests
from tongdai.http.connections.waits import Waits
from tongdai.http.request import CLIENT_LEFT

LINGER_S = 30.0
"""Longest time for which the rest of a refused body is read and discarded."""
LINGER_IDLE_S = 5.0
"""Longest time between two pieces of it."""
STOP_S = 1.0
"""Time for the first request of a connection while the server stops, and for reading on after a refusal."""
SMALL_REST = 64 * 1024
"""Declared length of a body that is read to its end after an early response, so that the connection is kept."""
HEAD_MAX = 64 * 1024
"""Bytes of a head that may arrive before it is complete, and of its headers."""
HEADERS_MAX = 256
"""Headers of a request, with those behind a chunked body."""
PIPELINED_MAX = 32
"""Requests that may wait on a connection for the response to the one before them."""
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(slots=True)
class Connections:
    """Limits of the connections of a process, and those that may be closed for others."""

    head_s: float
    """For the first byte of a connection, and again for each head from its first byte."""
    keep_alive_s: float
    at_most: int
    refuses: Callable[[int, bytes, str], bool] = lambda _, __, ___: False
    """Whether a request that has arrived is refused, by how many have begun that have not run yet, and its bytes."""
    websockets: frozenset[bytes] = frozenset()
    """Paths at which a connection may become a websocket."""
    stopping: bool = False
    """Whether each connection ends with the response to the request that is being read or handled."""
    begun: int = 0
    """Requests that have begun in this turn of the loop; they run once all that has arrived is read."""
    silent: "dict[LimitedProtocol, None]" = field(default_factory=dict)
    """Without a complete head since they were opened, oldest first."""
    idle: "dict[LimitedProtocol, None]" = field(default_factory=dict)
    """Answered, and without a complete head since, oldest first."""
    stalled: "dict[LimitedProtocol, None]" = field(default_factory=dict)
    """With a response that waits for its client to take more of it, the one that waits for longest first."""
    rests: Rests = field(default_factory=Rests)

    def spare(self) -> "LimitedProtocol | None":
        """The connection that is closed first when there are too many."""
        return next(iter(self.silent or self.idle or self.stalled), None)

    def protocol(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> "LimitedProtocol":
        """Make the protocol of a connection: uvicorn's `http`."""
        return LimitedProtocol(self, config, server_state, app_state, _loop)


class LimitedProtocol(Waits):
    def __init__(
        self,
        all_of_them: Connections,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        super().__init__(config, server_state, app_state, loop)
        self._all = all_of_them
        self._waiting = True
        """For the first byte of a request."""
        self._head_begun = False
        """Whether bytes have arrived of a head that is not complete."""
        self._head_bytes = self._header_bytes = 0
        self._head_too_large = False
        self._accepted = False
        self._half_closed = False
        self._unreadable = False
        """Whether something has arrived that cannot be parsed: the rest is discarded."""
        self._upgrades = False
        """Whether the request whose head has arrived makes the connection a websocket."""
        self._linger_until: float | None = None
        self._running: RequestResponseCycle | None = None
        """The last request that began to run."""
        self._follows = False
        """Whether the request that begins has waited on this connection for the response to the one before it."""

    # What the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if len(self.connections) >= self._all.at_most and not self._make_place():
            own = cast("asyncio.Transport", transport)  # uvloop's is one by behaviour alone
            own.write(refusal.OVERLOADED_CLOSED.response())
            own.close()
            return
        self._accepted = True
        super().connection_made(cast("asyncio.Transport", transport))
        self._all.silent[self] = None
        self._wait(self._all.head_s)

    def _make_place(self) -> bool:
        spare = self._all.spare()
        if spare is None:
            return False
        if spare in self._all.stalled:  # closing would wait for its client
            spare.transport.abort()
        else:
            spare.transport.close()
        spare._leave_lists()  # noqa: SLF001 - of the same class
        self._all.stalled.pop(spare, None)
        self.connections.discard(spare)
        return True

    def data_received(self, data: bytes) -> None:
        if self._linger_until is not None:
            self._read_later()
            return
        if self._unreadable:
            return
        waited = self._waiting
        if waited and self._refuses_unread(data):
            return
        super().data_received(data)
        if self._unreadable:
            return
        # Most heads arrive at once and need no timer. Of line ends before a head the parser tells nothing.
        if self._waiting and (waited or self._head_begun):
            self._waiting = False
            self._wait(self._all.head_s)
        if self._head_begun and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_MAX:
                self._refuse(refusal.HEAD_TOO_LARGE)

    def _refuses_unread(self, data: bytes) -> bool:
        """Refuse what has arrived, whole requests all of which are to be refused; not while the client takes nothing.

        False when the parser is to have it.
        """
        address = self.client[0] if self.client else ""
        if not self._all.refuses(self._all.begun, data, address) or self.flow.write_paused:
            return False
        requests = whole_requests(data, PIPELINED_MAX)
        if not requests or not all(self._all.refuses(self._all.begun, one, address) for one in requests[1:]):
            return False
        self.transport.write(b"".join([refusal.OVERLOADED_KEPT.response() for _ in requests]))
        self._leave_lists()
        self._become_idle()
        return True

    def _should_upgrade(self) -> bool:
        return self._upgrades

    def handle_websocket_upgrade(self) -> None:
        self._wait_no_more()
        self._all.stalled.pop(self, None)
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        self._refuse(refusal.HEAD_TOO_LARGE if self._head_too_large else refusal.UNREADABLE)

    def _refuse(self, of: Refusal) -> None:
        """Answer what cannot be a request and end the connection, after the request before it."""
        self._unreadable = True
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is not None and not cycle.response_complete:
            if cycle.response_started or not cycle.more_body:
                cycle.keep_alive = False
                return
            # Its body cannot be parsed: the application reads on as if the client had left.
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.write(of.response())
        self.linger()

    def eof_received(self) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride] - as asyncio defines it
        """Whether the connection stays open for the response."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is None or cycle.more_body or cycle.response_started:
            return False
        cycle.keep_alive = False
        self._half_closed = True
        if cycle.scope["http_version"] == "1.1":
            self.transport.write(_CONTINUE)
        return True

    def _left(self, cycle: RequestResponseCycle) -> bool:
        """Whether the client of a request has closed the connection."""
        if self._half_closed and not cycle.disconnected and not cycle.response_started:
            # The event loop reads no more, and does not see the reset.
            own = cast("socket.socket", self.transport.get_extra_info("socket"))
            cycle.disconnected = own.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0
            if cycle.disconnected:
                self.transport.abort()
        return cycle.disconnected

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        self._leave_lists()
        self._all.stalled.pop(self, None)
        self._all.rests.leave(self)
        if self._running is not None:  # `cycle` is that of the last request that has arrived
            self._running.disconnected = True
            self._running.message_event.set()
            self._running = None
        if self._accepted:
            super().connection_lost(exc)
        # What refers to itself waits for the collector, which runs seldom, and under overload thousands are closed.
        self.pipeline.clear()
        self.cycle = cast("RequestResponseCycle", None)

    def pause_writing(self) -> None:
        self._all.stalled[self] = None
        super().pause_writing()

    def resume_writing(self) -> None:
        self._all.stalled.pop(self, None)
        super().resume_writing()

    # What the parser tells

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= PIPELINED_MAX:
            raise HttpParserError("too many requests at once")  # those that are here are answered
        self._head_begun = True
        self._header_bytes = 0
        self._upgrades = False
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_bytes += len(name) + len(value)
        if len(self.headers) >= HEADERS_MAX or self._header_bytes > HEAD_MAX:
            self._head_too_large = True
            raise HttpParserError("too many headers")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._head_begun = self._waiting = False
        self._head_bytes = 0
        self._leave_lists()
        self._stop_waiting()
        # Decided once: the answer to a request must not make the rest of it a websocket.
        answered = self._running is None or self._running.response_complete
        self._upgrades = answered and self.url.partition(b"?")[0] in self._all.websockets and self._asks_for_websocket()
        super().on_headers_complete()
        if self._all.stopping and not self._upgrades:
            self.cycle.keep_alive = False

    def _asks_for_websocket(self) -> bool:
        assert self.parser is not None, "it has just parsed a head"
        return self.parser.should_upgrade() and self._get_upgrade() == b"websocket"

    def on_message_complete(self) -> None:
        if self._upgrades:
            return
        answered = self.cycle.response_complete
        super().on_message_complete()
        self.cycle.more_body = False
        if answered and not self.transport.is_closing():
            self._become_idle()

    # What the application does

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Callable[..., Any]) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, partial(self._run, cycle, app))
        if not self._follows:  # it takes the place of the request that has just been answered
            self._all.begun += 1
            self.loop.call_soon(self._has_run)

    async def _run(
        self, cycle: RequestResponseCycle, app: Callable[..., Any], scope: Any, receive: Any, send: Any
    ) -> None:
        scope[CLIENT_LEFT] = lambda: self._left(cycle)
        try:
            await app(scope, receive, closing_early(self, cycle, send))
        finally:
            del scope[CLIENT_LEFT]  # the request would refer to itself by it

    def _has_run(self) -> None:
        self._all.begun -= 1

    def closes_early(self) -> bool:
        """Whether a response that begins now must end the connection: too much of the body is still to come."""
        cycle = self.cycle
        if not cycle.more_body:
            return False
        if cycle.waiting_for_100_continue or not cycle.keep_alive:
            return True
        declared = next((value for name, value in cycle.scope["headers"] if name == b"content-length"), b"")
        return not declared.isdigit() or len(declared) > 9 or int(declared) > SMALL_REST

    def on_response_complete(self) -> None:
        self._follows = True
        super().on_response_complete()
        self._follows = False
        self._unset_keepalive_if_required()
        if self._linger_until is not None or self.transport.is_closing() or not self.cycle.response_complete:
            return
        if self.cycle.more_body or self._head_begun:
            self._wait(self._all.head_s)
        else:
            self._become_idle()

    def linger(self) -> None:
        """End the connection, but not before the client has read the response."""
        if self._linger_until is not None or self.transport.is_closing():
            return
        self._all.idle[self] = None
        self._linger_until = self.loop.time() + (STOP_S if self._all.stopping else LINGER_S)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._read_later()

    def _read_later(self) -> None:
        """Read the next piece of the rest when it is this connection's turn."""
        assert self._linger_until is not None
        self.flow.pause_reading()
        self._all.rests.join(self)
        self._wait(self._linger_until - self.loop.time())

    def read_on(self) -> None:
        if self._linger_until is None or self.transport.is_closing():
            return
        self.flow.resume_reading()
        self._wait(min(LINGER_IDLE_S, self._linger_until - self.loop.time()))

    def shutdown(self) -> None:
        """Called when the server stops. A request may be on its way on a connection that has just been opened."""
        if self in self._all.silent:
            self._wait(min(STOP_S, self._all.head_s))
        else:
            super().shutdown()

    def _become_idle(self) -> None:
        self._waiting = True
        self._all.idle[self] = None
        self._wait(self._all.keep_alive_s)

    def _leave_lists(self) -> None:
        self._all.silent.pop(self, None)
        self._all.idle.pop(self, None)

    def _overdue(self) -> None:
        if self._linger_until is not None:
            self.transport.abort()
            return
        if self._head_begun:
            self.transport.write(refusal.HEAD_TIMEOUT.response())
        self.transport.close()
