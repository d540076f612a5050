"""Serves an ASGI application on a listening socket until SIGTERM.

Connections are accepted by `_Acceptor`: uvloop's servers accept one in each turn of the loop, so that under load, when
a turn takes long, clients wait for seconds before anybody reads what they have sent.
"""

import asyncio
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, cast

import structlog
import uvicorn

from tongdai.http.asgi import ASGIApp
from tongdai.http.connections.protocol import Connections

log = structlog.get_logger()

ACCEPTED_AT_ONCE = 32
"""Connections accepted in one turn of the loop."""
ACCEPTED_AT_LAST = 2048
"""Connections accepted when the server stops: as many as may wait for it."""
WEBSOCKET_MESSAGE_MAX = 64 * 1024
"""Bytes of a message on a websocket."""
WEBSOCKET_PING_S = 10.0
"""How often a websocket is pinged, and how long the answer may take."""
FULL_COLLECTION = 100
"""Collections of the middle generation to one of all objects: that takes 0.15 s with 12,000 connections, and Python's
10 would make one for each few thousand that are opened."""
EXHAUSTED_S = 0.2
"""Pause after the system had no descriptor or memory for a connection."""


def serve(app: ASGIApp, listening: socket.socket, limits: Connections, drain_s: float) -> None:
    """Until SIGTERM or SIGINT; requests that are being answered then have `drain_s` to end, others are closed."""
    logging.getLogger("uvicorn").setLevel(logging.ERROR)  # of what it says, only what went wrong
    config = uvicorn.Config(
        cast("Any", app),
        http=cast("Any", limits.protocol),
        ws="websockets-sansio",  # at the paths of `limits` alone
        ws_max_size=WEBSOCKET_MESSAGE_MAX,
        ws_ping_interval=WEBSOCKET_PING_S,
        ws_ping_timeout=WEBSOCKET_PING_S,
        ws_per_message_deflate=False,
        loop="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=cast("Any", drain_s),  # it is given to asyncio.wait_for
    )
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_Server(config, limits, listening).serve())


def _loop_factory() -> Any:
    if sys.platform == "win32":
        return None
    import uvloop  # noqa: PLC0415 - not on Windows

    return uvloop.new_event_loop


class _Acceptor:
    """Accepts connections of a listening socket, several in each turn of the loop."""

    def __init__(self, listening: socket.socket, factory: Callable[[], asyncio.Protocol]) -> None:
        self._loop = asyncio.get_running_loop()
        self._listening, self._factory = listening, factory
        self._opening: set[asyncio.Task[Any]] = set()
        self._paused: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._paused = None
        self._loop.add_reader(self._listening, self._accept)

    async def stop(self) -> None:
        """Accept what waits to be accepted, and then nothing more."""
        for _ in range(ACCEPTED_AT_LAST // ACCEPTED_AT_ONCE):
            self._accept()
        self._pause()
        await asyncio.gather(*self._opening)

    def _pause(self) -> None:
        self._loop.remove_reader(self._listening)
        if self._paused is not None:
            self._paused.cancel()

    def _accept(self) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                accepted, _ = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                log.warning("connection not accepted", reason=error.strerror)
                self._pause()
                self._paused = self._loop.call_later(EXHAUSTED_S, self.start)
                return
            accepted.setblocking(False)
            task = self._loop.create_task(self._open(accepted))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self, accepted: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._factory, accepted)
        except OSError:  # it has been reset
            accepted.close()


class _Server(uvicorn.Server):
    """Stops by the loop's own handlers: the application may listen to the same signals (`on_signal_too`)."""

    def __init__(self, config: uvicorn.Config, limits: Connections, listening: socket.socket) -> None:
        super().__init__(config)
        self._limits, self._listening = limits, listening
        self._acceptor: _Acceptor | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup([])
        loop = asyncio.get_running_loop()

        def protocol() -> asyncio.Protocol:
            return self._limits.protocol(self.config, self.server_state, self.lifespan.state, loop)

        gc.collect()
        gc.freeze()  # what is there now stays
        gc.set_threshold(*gc.get_threshold()[:2], FULL_COLLECTION)
        self._acceptor = _Acceptor(self._listening, protocol)
        self._acceptor.start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._limits.stopping = True
        if self._acceptor is not None:
            await self._acceptor.stop()
        await super().shutdown([self._listening])

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        loop = asyncio.get_running_loop()
        for sig in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sig, self._stop)
        yield

    def _stop(self) -> None:
        self.should_exit = True
