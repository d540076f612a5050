"""A simulated Asterisk behind the websocket of a real one, for clients that speak the protocol."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import msgspec
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State

from tongdai.switch.interface import Reply
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.switch.simulated.channels import Frame


class AriServer:
    """Answers at `url` once `serving` has begun. What a test spoils: `mute`, `failing`, `send`, and `asterisk`."""

    def __init__(self, asterisk: SimulatedAsterisk, user: str, password: str) -> None:
        self.asterisk = asterisk
        self.connections: list[ServerSide] = []
        """Each connection there was, the last at the end."""
        self.refused: list[HTTPStatus] = []
        """How each connection was answered that was not taken."""
        self.mute = False
        """Requests are done, and get no reply."""
        self.failing = False
        """Requests are answered with 500, and not done."""
        self.url = ""
        self._login = "Basic " + b64encode(f"{user}:{password}".encode()).decode()

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator["AriServer"]:
        """Within the block, on a free port of 127.0.0.1."""
        async with serve(
            self.serve_one, "127.0.0.1", 0, process_request=self.check, compression=None, close_timeout=1
        ) as listener:
            port = next(iter(listener.sockets)).getsockname()[1]
            self.url = f"ws://127.0.0.1:{port}"
            yield self

    def send(self, raw: str | bytes) -> None:
        """Anything, on the latest connection."""
        self.connections[-1].send(raw)

    def check(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer as Asterisk does: 503 while it starts, 401 for a wrong login, 404 for another path."""
        if self.asterisk.refuses_connections:
            status = HTTPStatus.SERVICE_UNAVAILABLE
        elif request.headers.get("Authorization") != self._login:
            status = HTTPStatus.UNAUTHORIZED
        elif urlsplit(request.path).path != "/ari/events":
            status = HTTPStatus.NOT_FOUND
        else:
            return None
        self.refused.append(status)
        return connection.respond(status, "")

    async def serve_one(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        app = parse_qs(urlsplit(connection.request.path).query)["app"][0]
        connected = ServerSide(connection)
        self.connections.append(connected)
        self.asterisk.attach(app, connected)
        try:
            async for message in connection:
                self._answer(connected, message)
        except ConnectionClosed:
            return
        finally:
            self.asterisk.detach(app, connected)
            connected.end()

    def _answer(self, connected: "ServerSide", message: str | bytes) -> None:
        asked: dict[str, Any] = msgspec.json.decode(message)
        parts = urlsplit(str(asked["uri"]))
        body = msgspec.json.decode(asked["message_body"]) if "message_body" in asked else None
        if self.failing:
            reply = Reply(500, {"message": "Internal Server Error"})
        else:
            reply = self.asterisk.handle(asked["method"], parts.path, dict(parse_qsl(parts.query)), body)
        if not self.mute:
            connected.take(_response(asked, reply))


class ServerSide:
    """Implements `Connection` of the simulated channels. Frames are sent in order."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection
        self._frames: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write())

    def take(self, frame: Frame) -> None:
        self.send(msgspec.json.encode(frame).decode())

    def send(self, raw: str | bytes) -> None:
        self._frames.put_nowait(raw)

    @property
    def closed(self) -> bool:
        return self._connection.state is State.CLOSED

    def freeze(self) -> None:
        """The socket stays, and nothing that arrives is read any more."""
        self._connection.transport.pause_reading()

    def cut(self) -> None:
        self._connection.transport.abort()

    def end(self) -> None:
        self._writer.cancel()

    async def _write(self) -> None:
        try:
            while True:
                await self._connection.send(await self._frames.get())
        except ConnectionClosed:
            return


def _response(asked: dict[str, Any], reply: Reply) -> Frame:
    frame = {
        "type": "RESTResponse",
        "transaction_id": "",
        "request_id": asked["request_id"],
        "status_code": reply.status,
        "reason_phrase": "",
        "uri": asked["uri"],
    }
    if reply.body is not None:
        frame |= {"content_type": "application/json", "message_body": msgspec.json.encode(reply.body).decode()}
    return frame
