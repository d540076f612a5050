"""Connections of a server: how long they are kept, how many, and what happens to them when it stops."""

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.support.imports.client import a_campaign
from tests.support.servers import Server, api_alone, eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")

NEVER = 600
"""Seconds; longer than any test waits for something."""


class Connection:
    """A connection to a server, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, text: str) -> None:
        self._writer.write(text.encode())
        await self._writer.drain()

    async def get(self, path: str) -> bytes:
        """The status line of a response, which is read to its end."""
        await self.send(f"GET {path} HTTP/1.1\r\nHost: tongdai\r\n\r\n")
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await self._reader.readexactly(int(length.partition(b":")[2]))
        return head.partition(b"\r\n")[0]

    async def closed(self) -> bool:
        """Whether the server has closed it; otherwise after a moment's wait."""
        try:
            return await asyncio.wait_for(self._reader.read(1), 0.05) == b""
        except TimeoutError:
            return False
        except OSError:
            return True


@asynccontextmanager
async def connected(server: Server) -> AsyncGenerator[Connection]:
    reader, writer = await asyncio.open_connection(urlsplit(server.url).hostname, urlsplit(server.url).port)
    try:
        yield Connection(reader, writer)
    finally:
        writer.transport.abort()


async def test_a_kept_connection_outlasts_the_limit_of_a_head_that_dribbles(data_dir: Path, dsn: str) -> None:
    options = {"header_timeout_s": 1, "keep_alive_s": NEVER}
    async with api_alone(data_dir, dsn, **options) as server, connected(server) as kept, connected(server) as slow:
        assert b"404" in await kept.get("/v1/nothing")
        assert b"404" in await slow.get("/v1/nothing")
        await slow.send("GET /v1/nothing HTTP/1.1\r\n")

        async def cut() -> bool:
            try:
                await slow.send("X-Slow: 1\r\n")
            except OSError:
                return True
            return await slow.closed()

        await eventually(cut, 30, "the connection whose head dribbles to be closed")
        assert b"404" in await kept.get("/v1/nothing"), "it waited for as long"
        assert '"status":408' in server.log_text()


async def test_a_connection_without_requests_is_closed_in_the_end(data_dir: Path, dsn: str) -> None:
    async with (
        api_alone(data_dir, dsn, keep_alive_s=1) as server,
        connected(server) as used,
        connected(server) as unused,
    ):
        assert b"404" in await used.get("/v1/nothing")
        await eventually(used.closed, 30, "a kept connection to be closed")
        await eventually(unused.closed, 30, "a connection without a request to be closed")


async def test_kept_connections_keep_no_other_from_being_served(data_dir: Path, dsn: str) -> None:
    async with api_alone(data_dir, dsn, max_in_flight=2, keep_alive_s=NEVER) as server, AsyncExitStack() as stack:
        kept = [await stack.enter_async_context(connected(server)) for _ in range(20)]
        assert {await one.get("/v1/nothing") for one in kept} == {b"HTTP/1.1 404 Not Found"}
        assert {await one.get("/v1/nothing") for one in kept} == {b"HTTP/1.1 404 Not Found"}


async def test_bodies_that_dribble_hold_places_and_others_are_answered_503(data_dir: Path, dsn: str) -> None:
    async with api_alone(data_dir, dsn, max_in_flight=2, upload_idle_s=NEVER) as server, connected(server) as other:
        async with AsyncExitStack() as stack:
            for _ in range(2):  # of a tenant each: one alone may not have both
                campaign = await a_campaign(server)
                slow = await stack.enter_async_context(connected(server))
                await slow.send(
                    f"POST /v1/campaigns/{campaign.campaign_id}/contacts/bulk HTTP/1.1\r\nHost: tongdai\r\n"
                    f"X-Api-Key: {campaign.key.value}\r\nContent-Type: text/csv\r\nContent-Length: 1000\r\n\r\nphone"
                )

            async def refused() -> bool:
                return await other.get("/v1/nothing") == b"HTTP/1.1 503 Service Unavailable"

            await eventually(refused, 30, "both places to be taken")
            assert await refused()

        async def answered() -> bool:
            return await other.get("/v1/nothing") == b"HTTP/1.1 404 Not Found"

        await eventually(answered, 30, "their places to be free again")


async def test_an_open_event_stream_ends_when_the_server_stops(data_dir: Path, dsn: str) -> None:
    async with api_alone(data_dir, dsn, drain_s=NEVER) as server:
        campaign = await a_campaign(server)
        async with (
            httpx2.AsyncClient(timeout=30, headers=campaign.key.headers) as client,
            client.stream("GET", f"{server.url}/v1/campaigns/{campaign.campaign_id}/live/events") as stream,
        ):
            assert stream.status_code == 200
            pieces = stream.aiter_text()
            assert "event: live" in await anext(pieces)
            server.send(signal.SIGTERM)
            assert "".join([piece async for piece in pieces]).count("event: live") <= 1, "it ended whole"
        assert await server.ended() == 0
