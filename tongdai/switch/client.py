"""Asterisk 22 over one websocket, which carries requests, their replies and events.

    connecting → subscribed (event filter set) → Connected … → lost → Disconnected → wait → connecting
                                                 └→ ApplicationReplaced: never connects again

Owns the connection, the requests under way and the inbox of events. A request is sent once: when the connection is
lost, or no reply comes in time, it raises SwitchUnreachable, and whether it was done is not known. Replies are matched
by request id, in any order.

It trusts nothing that it reads: an unreadable frame is logged and skipped, a frame above MAX_FRAME costs the
connection, an event that lacks a field is no event. A peer that is silent for two pings is gone.
Reconnecting waits with exponential back-off and jitter, from FIRST_WAIT_S / 2 to LONGEST_WAIT_S; each reason is logged
once.

`up` is false from the instant that the connection is lost; it is true again only when the listener has reconciled.
"""

import asyncio
import itertools
import logging
import random
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

import msgspec
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.protocol import State

from tongdai.switch import commands
from tongdai.switch.events import Event, parse
from tongdai.switch.inbox import Inbox, Overrun
from tongdai.switch.interface import Ari, Reply, SwitchError, SwitchRefused, SwitchSilent, SwitchUnreachable

__all__ = ["Ari", "AriClient", "Reply", "SwitchError", "SwitchRefused", "SwitchUnreachable"]

log = structlog.get_logger()
_wire = logging.getLogger("tongdai.switch.wire")
_wire.setLevel(logging.ERROR)  # below that the library writes headers, the password among them

FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 3.0
"""Before connecting again: each wait is twice the one before, less a random part of up to half of it."""
STEADY_S = 3.0
"""A connection that lasted longer had succeeded: the next wait is FIRST_WAIT_S."""
MAX_FRAME = 16 << 20
"""Bytes, as a listing of 20,000 channels takes. A longer frame costs the connection, not the process."""
_LOST = (OSError, WebSocketException, SwitchError, Overrun)


class AriClient:
    """Implements `Ari`."""

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        app: str,
        *,
        rng: random.Random | None = None,
        request_timeout_s: float = 10.0,
        ping_s: float = 4.0,
    ) -> None:
        """`url` as `ws://host:8088` or `wss://host/prefix`. A peer that is silent for 2 × `ping_s` counts as gone."""
        self._app = app
        self._host = urlsplit(url).netloc.rpartition("@")[2]
        self._address = f"{url.rstrip('/')}/ari/events?{urlencode({'app': app, 'subscribeAll': 'false'})}"
        self._login = "Basic " + b64encode(f"{user}:{password}".encode()).decode()
        self._rng = rng or random.Random()  # noqa: S311 - it spreads waits
        self._request_timeout_s = request_timeout_s
        self._ping_s = ping_s
        self._inbox = Inbox()
        self._socket: ClientConnection | None = None
        self._pending: dict[str, asyncio.Future[Reply | None]] = {}
        self._ids = itertools.count(1)
        self._failure: str | None = None

    @property
    def up(self) -> bool:
        return self._socket is not None and self._socket.state is State.OPEN and self._inbox.caught_up

    def events(self) -> AsyncIterator[Event]:
        return self._inbox.events()

    async def request(
        self, method: str, uri: str, query: Mapping[str, str] | None = None, body: object = None
    ) -> Reply:
        if self._socket is None:
            raise SwitchUnreachable("not connected")
        request_id = str(next(self._ids))
        answered = self._pending[request_id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._request_timeout_s):
                await self._socket.send(_request(request_id, method, uri, query, body), text=True)
                reply = await answered
        except TimeoutError:
            raise SwitchSilent("no reply in time") from None
        except ConnectionClosed:
            raise SwitchUnreachable("connection lost") from None
        finally:
            self._pending.pop(request_id, None)
        if reply is None:
            raise SwitchUnreachable("connection lost")
        return reply

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        wait_s = FIRST_WAIT_S
        while not self._inbox.replaced:
            began = loop.time()
            await self._connect_once()
            steady = loop.time() - began > STEADY_S
            wait_s = FIRST_WAIT_S if steady else min(wait_s * 2, LONGEST_WAIT_S)
            await asyncio.sleep(wait_s * (0.5 + self._rng.random() / 2))
        # Connecting again would take the application back from the process that has it now.
        await asyncio.Event().wait()

    async def _connect_once(self) -> None:
        try:
            async with connect(
                self._address,
                additional_headers={"Authorization": self._login},
                compression=None,
                proxy=None,
                open_timeout=5,
                close_timeout=1,
                ping_interval=self._ping_s,
                ping_timeout=self._ping_s,
                max_size=MAX_FRAME,
                logger=_wire,
            ) as socket:
                await self._serve(socket)
        except _LOST as error:
            self._log_failure(_reason(error))

    def _log_failure(self, failure: str) -> None:
        """Log each reason once: a switch that is unreachable for a day is not a line each second."""
        if failure != self._failure:
            log.warning("switch unreachable", host=self._host, app=self._app, reason=failure)
        self._failure = failure

    async def _serve(self, socket: ClientConnection) -> None:
        self._socket = socket
        reader = asyncio.create_task(self._read(socket))
        try:
            await commands.set_event_filter(self, self._app)
            self._inbox.connected()
            self._failure = None
            log.info("switch connected", host=self._host, app=self._app)
            await reader
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def _read(self, socket: ClientConnection) -> None:
        try:
            while not self._inbox.replaced:
                self._take(await socket.recv(decode=False))
            log.error("switch taken over by another process", host=self._host, app=self._app)
        finally:
            self._lost()

    def _lost(self) -> None:
        self._socket = None
        self._inbox.disconnected()
        for answered in self._pending.values():
            if not answered.done():
                answered.set_result(None)

    def _take(self, raw: bytes) -> None:
        try:
            frame: object = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            log.warning("unreadable frame from the switch", size=len(raw))
            return
        fields = cast("dict[str, Any]", frame) if isinstance(frame, dict) else {}
        if fields.get("type") == "RESTResponse":
            self._answer(fields)
        elif (event := parse(fields)) is not None:
            self._inbox.put(event)

    def _answer(self, frame: Mapping[str, Any]) -> None:
        request_id = frame.get("request_id")
        answered = self._pending.get(request_id) if isinstance(request_id, str) else None
        reply = _reply(frame)
        if answered is None or answered.done() or reply is None:
            log.warning("reply from the switch that nobody waits for or can read")
            return
        answered.set_result(reply)


def _request(request_id: str, method: str, uri: str, query: Mapping[str, str] | None, body: object) -> bytes:
    frame = {
        "type": "RESTRequest",
        "request_id": request_id,
        "method": method,
        "uri": f"{uri}?{urlencode(query)}" if query else uri,
    }
    if body is not None:
        frame["content_type"] = "application/json"
        frame["message_body"] = msgspec.json.encode(body).decode()
    return msgspec.json.encode(frame)


def _reply(frame: Mapping[str, Any]) -> Reply | None:
    try:
        text = frame.get("message_body")
        return Reply(int(frame["status_code"]), msgspec.json.decode(text) if text else None)
    except (KeyError, ValueError, TypeError, RecursionError):
        return None


def _reason(error: BaseException) -> str:
    if isinstance(error, InvalidStatus):
        return f"HTTP {error.response.status_code}"
    return f"{type(error).__name__}: {error}" if isinstance(error, SwitchError) else type(error).__name__
