"""Serves an ASGI application on a listening socket until SIGTERM."""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

import uvicorn

from tongdai.http.asgi import ASGIApp
from tongdai.http.connections.protocol import Connections


def serve(app: ASGIApp, listening: socket.socket, limits: Connections, drain_s: float) -> None:
    """Until SIGTERM or SIGINT; requests that are being answered then have `drain_s` to end, others are closed."""
    logging.getLogger("uvicorn").setLevel(logging.ERROR)  # of what it says, only what went wrong
    config = uvicorn.Config(
        cast("Any", app),
        http=cast("Any", limits.protocol),
        ws="none",
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
        runner.run(_Server(config).serve([listening]))


def _loop_factory() -> Any:
    if sys.platform == "win32":
        return None
    import uvloop  # noqa: PLC0415 - not on Windows

    return uvloop.new_event_loop


class _Server(uvicorn.Server):
    """Stops by the loop's own handlers: the application may listen to the same signals (`on_signal_too`)."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        loop = asyncio.get_running_loop()
        for sig in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sig, self._stop)
        yield

    def _stop(self) -> None:
        self.should_exit = True
