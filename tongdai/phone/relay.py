"""Passes SIP between a browser and its switch, a message at a time, in both directions.

A side that takes nothing holds the other one up: at most one message waits in each direction here, beside what the
sockets hold. Whichever side ends first ends both.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from tongdai.http.connections.websocket import WebSocket

PING, PONG = "\r\n\r\n", "\r\n"
"""Question to the page and its answer (RFC 5626, 3.5.1), which are not passed on. A browser answers the pings of
websockets itself, also while the page sleeps; this one is answered by the page."""
PING_S = 2.0
"""How often a page is asked."""
SIP = "sip"
"""Name of the protocol in both handshakes (RFC 7118)."""
MESSAGE_MAX = 64 * 1024
"""Bytes of a message of the switch; those of browsers are limited by the server (http/connections/serve.py)."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Why a connection ended; code and reason are those of the websocket's close."""

    code: int
    reason: str


SESSION_ENDED = Ended(4401, "session ended")
NO_AGENT = Ended(4403, "no agent")
NO_ACCOUNT = Ended(4404, "no account")
SILENT = Ended(4408, "the page is silent")
ELSEWHERE = Ended(4409, "in use elsewhere")
TAKEN = Ended(4410, "taken")
DESK_PHONE = Ended(4412, "a desk phone has the account")
UNREADABLE = Ended(4422, "a message is not text")
NO_SWITCH = Ended(4503, "the switch is not connected")
SIMULATED = Ended(4501, "calls are simulated")
STOPPING = Ended(1012, "the server stops")
LEFT = Ended(1000, "")
"""The browser has closed it, or the network did."""
GOING_AWAY = 1001
PAGE_GONE = Ended(GOING_AWAY, "")
"""The browser has closed it with the page, which is closed, or loaded again."""


class SwitchClosed(Exception):
    """The switch takes no phones by websocket."""


@asynccontextmanager
async def connected(url: str) -> AsyncGenerator[ClientConnection]:
    """A connection to the switch; SwitchClosed when there is none to be had."""
    try:
        upstream = await connect(
            url,
            subprotocols=[Subprotocol(SIP)],
            compression=None,
            proxy=None,
            open_timeout=5,
            close_timeout=1,
            max_size=MESSAGE_MAX,
            max_queue=1,
        )
    except (OSError, TimeoutError, WebSocketException) as error:
        raise SwitchClosed(str(error) or type(error).__name__) from None
    try:
        yield upstream
    finally:
        await upstream.close()


async def relay(
    browser: WebSocket, switch: ClientConnection, heard: Callable[[], None], until: Callable[[], Awaitable[Ended]]
) -> Ended:
    """Relay until one side ends or `until` returns; `heard` is called for each message of the browser, which is asked
    for one every PING_S."""

    sides = (_of_browser(browser, switch, heard), _of_switch(browser, switch), _asked(browser), _awaited(until))
    running = {asyncio.create_task(one) for one in sides}
    try:
        done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        return next(iter(done)).result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _awaited(one: Callable[[], Awaitable[Ended]]) -> Ended:
    return await one()


async def _of_browser(browser: WebSocket, switch: ClientConnection, heard: Callable[[], None]) -> Ended:
    try:
        while (text := await browser.receive()) is not None:
            heard()
            if text.strip("\r\n"):
                await switch.send(text, text=True)
    except ValueError:
        return UNREADABLE
    except ConnectionClosed:
        return NO_SWITCH
    return PAGE_GONE if browser.code == GOING_AWAY else LEFT


async def _of_switch(browser: WebSocket, switch: ClientConnection) -> Ended:
    try:
        async for message in switch:
            await browser.send(message if isinstance(message, str) else message.decode())
    except (ConnectionClosed, UnicodeDecodeError):
        pass
    return NO_SWITCH


async def _asked(browser: WebSocket) -> Ended:
    while True:
        await browser.send(PING)
        await asyncio.sleep(PING_S)
