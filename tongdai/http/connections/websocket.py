"""Websockets of pages of our own origin: messages of text, over ASGI.

A browser sends no header of a page's choice with a websocket, but names of protocols: the CSRF token of its session is
one of them, `csrf.TOKEN`. With it the handshake counts as a change (POST), so that the guard asks for the token.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from tongdai.errors import CsrfTokenNeeded
from tongdai.http.asgi import Message, Receive, Scope, Send
from tongdai.http.request import Request, Resources, Response, settings_of

_CSRF = "csrf."
FAILED = 1011


class WebSocket:
    """A websocket that a browser has asked for: it is accepted or refused, and closed."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self.protocols: list[str] = [str(one) for one in scope["subprotocols"]]
        """Names of protocols that the browser offers."""
        self.accepted = False
        self.code = 0
        """Why the browser has closed it: the code of the websocket's close."""

    def request(self, resources: Resources) -> Request:
        """The handshake as a request that changes something."""
        token = next((one.removeprefix(_CSRF) for one in self.protocols if one.startswith(_CSRF)), "")
        headers = [(name, value) for name, value in self._scope["headers"] if name != b"x-csrf-token"]
        scope = {**self._scope, "method": "POST", "headers": [*headers, (b"x-csrf-token", token.encode("latin-1"))]}
        return Request(scope, self._receive, resources)

    async def accept(self, protocol: str) -> None:
        await self._send({"type": "websocket.accept", "subprotocol": protocol})
        self.accepted = True

    async def refuse(self, response: Response) -> None:
        """Answer the handshake with another response than a websocket; a page learns no more than that it failed."""
        start = {"type": "websocket.http.response.start", "status": response.status, "headers": [*response.headers]}
        await self._send(start)
        await self._send({"type": "websocket.http.response.body", "body": response.body})

    async def receive(self) -> str | None:
        """The next message; None: the browser has closed it. ValueError: it is not text."""
        while True:
            message: dict[str, Any] = dict(await self._receive())
            if message["type"] == "websocket.disconnect":
                self.code = int(message.get("code") or 0)
                return None
            if message["type"] == "websocket.receive":
                text = message.get("text")
                if not isinstance(text, str):
                    raise ValueError("a message is not text")
                return text

    async def send(self, text: str) -> None:
        """Send a message, once the browser has taken those before; nothing happens when it has closed the websocket."""
        await self._deliver({"type": "websocket.send", "text": text})

    async def close(self, code: int, reason: str) -> None:
        await self._deliver({"type": "websocket.close", "code": code, "reason": reason})

    async def _deliver(self, message: Message) -> None:
        # uvicorn raises one of these for a websocket that is closed, or that it is closing.
        with suppress(OSError, RuntimeError):
            await self._send(message)


Handler = Callable[[WebSocket, Request], Awaitable[None]]
"""Returns when the websocket is closed. An exception before it is accepted answers the handshake."""


def require_own_origin(request: Request) -> None:
    """Raise CsrfTokenNeeded when the page is not of this server, as it or the proxy before it is named."""
    origin = urlsplit(request.headers.get("origin", "")).hostname
    public = settings_of(request).public_url
    own = {urlsplit(f"//{request.headers.get('host', '')}").hostname, urlsplit(public or "").hostname}
    if origin is None or origin not in own:
        raise CsrfTokenNeeded
