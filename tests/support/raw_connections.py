"""A server with the protocol of our connections, on an application for tests, and clients that speak byte by byte."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

import uvicorn
from uvicorn.server import ServerState

from tongdai.http.asgi import Receive, Scope, Send
from tongdai.http.connections.protocol import Connections
from tongdai.http.request import CLIENT_LEFT

NEVER = 600.0
SOON = 0.05
WITHIN_S = 20
"""A bound for what must happen; nothing is said about when."""
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
HELD = b"GET /held HTTP/1.1\r\nHost: a\r\n\r\n"
POST_REFUSED = b"POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\nbody"


class App:
    """Answers at once; `/held` when it is let go, unless its client has left by then; `/refused` without reading the
    body, `/read` after it; `/large` with more than all buffers take, `/pieces` likewise, in two pieces."""

    def __init__(self) -> None:
        self.arrived, self.go, self.left = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.requests = 0
        self.overloaded = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests += 1
        if scope["path"] == "/streamed":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"first", "more_body": True})
            while (await receive())["type"] != "http.disconnect":
                continue
            self.left.set()
            return
        if scope["path"] == "/held":
            self.arrived.set()
            await self.go.wait()
            if scope[CLIENT_LEFT]():
                self.left.set()
                return
        if scope["path"] == "/read":
            while (message := await receive())["type"] != "http.disconnect" and message["more_body"]:
                continue
            if message["type"] == "http.disconnect":
                self.left.set()
        if scope["path"] in {"/large", "/pieces"}:
            await self._large(scope, send)
            return
        status = 413 if scope["path"] == "/refused" else 200
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"done"})

    async def _large(self, scope: Scope, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        pieces = scope["path"] == "/pieces"
        await send({"type": "http.response.body", "body": bytes(100_000_000), "more_body": pieces})
        if pieces:
            await send({"type": "http.response.body", "body": b""})
        if scope[CLIENT_LEFT]():
            self.left.set()


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def pause(self) -> None:
        """Take nothing more of what the server sends."""
        cast("asyncio.Transport", self.writer.transport).pause_reading()

    def resume(self) -> None:
        cast("asyncio.Transport", self.writer.transport).resume_reading()

    async def answer(self) -> bytes:
        """The status line of an answer, read to its end."""
        return (await self.head()).partition(b"\r\n")[0]

    async def head(self) -> bytes:
        """The head of an answer, read to its end."""
        async with asyncio.timeout(WITHIN_S):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await self.reader.readexactly(int(length.partition(b":")[2]))
        return head

    async def rest(self) -> bytes:
        """Return all bytes until the server closes the connection."""
        async with asyncio.timeout(WITHIN_S):
            return await self.reader.read()


class Serving:
    def __init__(self, port: int, app: App, state: ServerState, limits: Connections) -> None:
        self.port, self.app = port, app
        self._state, self._limits = state, limits

    def stop(self) -> None:
        """Stop as uvicorn's server does."""
        self._limits.stopping = True
        for connection in list(self._state.connections):
            connection.shutdown()

    async def until_stalled(self) -> None:
        """Wait until a response waits for its client."""
        async with asyncio.timeout(WITHIN_S):
            while not self._limits.stalled:
                await asyncio.sleep(0)

    @asynccontextmanager
    async def connected(self) -> AsyncGenerator[Client]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield Client(reader, writer)
        finally:
            writer.transport.abort()


@asynccontextmanager
async def serving(head_s: float = NEVER, keep_alive_s: float = NEVER, at_most: int = 100) -> AsyncGenerator[Serving]:
    app = App()
    config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False)
    config.load()
    state = ServerState()
    limits = Connections(head_s, keep_alive_s, at_most, lambda *_: app.overloaded)
    server = await asyncio.get_running_loop().create_server(lambda: limits.protocol(config, state, {}), "127.0.0.1", 0)
    try:
        yield Serving(cast("int", server.sockets[0].getsockname()[1]), app, state, limits)
    finally:
        app.go.set()
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
