"""A receiver of webhooks: an HTTP server on this machine that keeps what it is sent."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from standardwebhooks import Webhook as Judge

Answer = Callable[["Received"], "tuple[int, dict[str, str]] | None"]
"""The answer to a request; None: none, ever."""


@dataclass(frozen=True)
class Received:
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified_by(self, secret: str) -> Any:
        """The body as the reference library of Standard Webhooks reads it; it raises for a wrong signature."""
        return Judge(secret).verify(self.body, self.headers)


def accepts(_: Received) -> tuple[int, dict[str, str]]:
    return 200, {}


@dataclass
class Receiver:
    port: int = 0
    answer: Answer = accepts
    received: list[Received] = field(default_factory=list[Received])
    most_at_once: int = 0
    _came: asyncio.Event = field(default_factory=asyncio.Event)
    _at_once: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def have(self, count: int) -> list[Received]:
        """Wait until so many requests came."""
        while len(self.received) < count:
            self._came.clear()
            await self._came.wait()
        return self.received

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                pairs = (line.split(": ", 1) for line in head[1:] if line)
                headers = {name.lower(): value for name, value in pairs}
                got = Received(headers, await reader.readexactly(int(headers["content-length"])))
                self._at_once += 1
                self.most_at_once = max(self.most_at_once, self._at_once)
                self.received.append(got)
                self._came.set()
                answer = self.answer(got)
                if answer is None:
                    await reader.read()
                    return
                await asyncio.sleep(0)
                self._at_once -= 1
                status, more = answer
                lines = "".join(f"{name}: {value}\r\n" for name, value in more.items())
                writer.write(f"HTTP/1.1 {status} X\r\n{lines}content-length: 0\r\n\r\n".encode())
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiver(answer: Answer = accepts) -> AsyncGenerator[Receiver]:
    found = Receiver(answer=answer)
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
