"""One timer for all waits of a connection."""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState


class Waits(HttpToolsProtocol):
    """uvicorn's protocol, with a limit for what it waits for at present."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        super().__init__(config, server_state, app_state, loop)
        self._until: float | None = None
        """When the present wait ends."""
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0

    def _overdue(self) -> None:
        """The present wait has ended without what it was for."""
        raise NotImplementedError

    def _wait(self, seconds: float) -> None:
        """Close the connection after that time, unless it waits for something else by then."""
        until = self._until = self.loop.time() + seconds
        if self._timer is not None:
            if self._timer_at <= until:  # it starts again then; most are stopped long before
                return
            self._timer.cancel()
        self._start_timer(until)

    def _start_timer(self, at: float) -> None:
        self._timer_at = at
        self._timer = self.loop.call_later(max(0.0, at - self.loop.time()), self._timer_fired)

    def _stop_waiting(self) -> None:
        self._until = None

    def _wait_no_more(self) -> None:
        """The connection is gone, or is no longer this one's."""
        self._until = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _timer_fired(self) -> None:
        self._timer = None
        if self._until is None:
            return
        if self._until > self.loop.time():
            self._start_timer(self._until)
        else:
            self._overdue()
