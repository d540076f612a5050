"""Connections that send nothing, little or nothing more keep no other client from a response."""

import asyncio
import resource
import socket
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.support.imports.client import Campaign, a_campaign
from tests.support.servers import Server, api_alone, eventually

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="finds sockets in /proc"), pytest.mark.slow]

NEVER = 600
IDLE, KEPT = 10_000, 2_000
OWN_FILES = 1_000
"""Descriptors that a process needs besides its connections."""
REQUESTS = 200
DEAF = 100
UPLOADS = 50
"""Fewer than a tenant's share of a worker."""
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@contextmanager
def open_files(wanted: int) -> Iterator[int]:
    """Raise the limit of open files of this process and of the server that it starts; how many connections it allows,
    at most `wanted`."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    try:
        allowed = wanted if before[1] == resource.RLIM_INFINITY else min(wanted, before[1] - OWN_FILES)
        yield allowed
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def _at(server: Server) -> tuple[str, int]:
    url = urlsplit(server.url)
    assert url.hostname is not None
    assert url.port is not None
    return url.hostname, url.port


def silent(server: Server, count: int, stack: ExitStack, first: bytes = b"") -> list[socket.socket]:
    """Connections on which nothing is sent but `first`."""
    made: list[socket.socket] = []
    for _ in range(count):
        made.append(stack.enter_context(socket.create_connection(_at(server), timeout=30)))
        if first:
            made[-1].sendall(first)
    return made


def sockets(server: Server) -> int:
    """Sockets that the workers have open."""
    found = 0
    for pid in server.pids("worker"):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            try:
                found += str(descriptor.readlink()).startswith("socket:")
            except FileNotFoundError:
                continue
    return found


@asynccontextmanager
async def kept(server: Server, count: int) -> AsyncGenerator[list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]:
    """Connections that have each been answered once and stay open."""
    made: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    try:
        for _ in range(count):
            made.append(await asyncio.open_connection(*_at(server)))
            assert await answered(*made[-1]) == 404
        yield made
    finally:
        for _, writer in made:
            writer.transport.abort()


async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
    """The status of a response to a GET, read to its end."""
    writer.write(b"GET /v1/nothing HTTP/1.1\r\nHost: tongdai\r\n\r\n")
    async with asyncio.timeout(30):
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length: "))
        await reader.readexactly(int(length.partition(b": ")[2]))
    return int(head[9:12])


async def status_after(server: Server, head: bytes, piece: bytes, every_s: float) -> bytes:
    """The status line of the response to a request that continues with a piece now and then."""
    reader, writer = await asyncio.open_connection(*_at(server))
    try:
        writer.write(head)
        response = asyncio.create_task(reader.readline())
        while not response.done():
            writer.write(piece)
            await asyncio.wait([response], timeout=every_s)
        return await response
    finally:
        writer.transport.abort()


async def good_requests(server: Server, campaign: Campaign, count: int = REQUESTS) -> None:
    """Assert that each of `count` requests, half of them on connections of their own, is answered."""
    async with httpx2.AsyncClient(timeout=30, headers=campaign.key.headers) as client:
        for _ in range(count // 2):
            assert (await client.get(f"{server.url}/v1/queues/inbound")).status_code == 200
    for _ in range(count - count // 2):
        async with httpx2.AsyncClient(timeout=30, headers=campaign.key.headers) as client:
            assert (await client.get(f"{server.url}/v1/queues/inbound")).status_code == 200


async def test_thousands_of_idle_and_kept_connections_on_one_worker(data_dir: Path, dsn: str) -> None:
    with open_files(IDLE + KEPT) as allowed, ExitStack() as idle:
        async with api_alone(data_dir, dsn, header_timeout_s=NEVER, keep_alive_s=NEVER) as server:
            campaign = await a_campaign(server)
            before = sockets(server)
            silent(server, allowed - KEPT, idle)
            async with kept(server, KEPT) as connections:
                await eventually(lambda: sockets(server) >= before + allowed, 60, "all connections to be held")
                await good_requests(server, campaign)
                # Those that are kept are answered as well.
                for number in range(0, KEPT, 10):
                    assert await answered(*connections[number]) == 404
            idle.close()
            await eventually(lambda: sockets(server) < before + 100, 60, "the connections to be gone")
            assert '"status":503' not in server.log_text()
            assert "overloaded" not in server.log_text()


async def test_at_the_limit_new_connections_take_the_places_of_silent_ones(data_dir: Path, dsn: str) -> None:
    async with api_alone(data_dir, dsn, header_timeout_s=NEVER, max_connections=50) as server:
        campaign = await a_campaign(server)
        with ExitStack() as stack:
            silent(server, 200, stack)
            silent(server, 100, stack, b"GET / HTTP/1.1\r\n")
            await good_requests(server, campaign, 40)
            assert sockets(server) < 100


async def test_silent_connections_and_prefaces_of_http_2_end_by_themselves(data_dir: Path, dsn: str) -> None:
    async with api_alone(data_dir, dsn, header_timeout_s=1) as server:
        campaign = await a_campaign(server)
        before = sockets(server)
        with ExitStack() as stack:
            silent(server, 600, stack)
            prefaces = silent(server, 20, stack, PREFACE)
            await good_requests(server, campaign, 20)
            assert {one.recv(12) for one in prefaces} == {b"HTTP/1.1 400"}
            await eventually(lambda: sockets(server) < before + 20, 60, "the connections to be closed by the server")


@pytest.mark.parametrize("requests", [1, 3])
async def test_clients_that_take_nothing_of_a_response_hold_no_connection(
    data_dir: Path, dsn: str, requests: int
) -> None:
    """The response is larger than all buffers between them; it, or the next, cannot be sent."""
    async with api_alone(data_dir, dsn, keep_alive_s=5) as server:
        campaign = await a_campaign(server)
        quiet = sockets(server)
        await good_requests(server, campaign, 20)
        before = sockets(server)  # with those of the requests that are being closed
        with ExitStack() as stack:
            for _ in range(DEAF):
                one = stack.enter_context(socket.socket())
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                one.connect(_at(server))
                one.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: tongdai\r\n\r\n" * requests)
            await eventually(lambda: sockets(server) >= quiet + DEAF, 30, "the connections to be held")
            await good_requests(server, campaign, 20)
            await eventually(lambda: sockets(server) < before + 5, 60, "the connections to be closed by the server")


async def test_a_thousand_heads_that_dribble_are_each_answered_408(data_dir: Path, dsn: str) -> None:
    count = 1_000
    with open_files(count) as allowed:
        async with api_alone(data_dir, dsn, header_timeout_s=2) as server:
            campaign = await a_campaign(server)
            statuses: list[bytes] = []

            async def dribble() -> None:
                head = b"GET / HTTP/1.1\r\nHost: tongdai\r\n"
                statuses.append(await status_after(server, head, b"X: 1\r\n", every_s=0.5))

            async with asyncio.timeout(120), asyncio.TaskGroup() as group:
                for _ in range(allowed):
                    group.create_task(dribble())
                group.create_task(good_requests(server, campaign, 40))
            assert statuses == [b"HTTP/1.1 408 Request Timeout\r\n"] * allowed


async def test_uploads_slower_than_the_least_rate_are_answered_408(data_dir: Path, dsn: str) -> None:
    async with api_alone(data_dir, dsn, upload_idle_s=1) as server:
        campaign = await a_campaign(server)
        statuses: list[bytes] = []

        async def dribble() -> None:
            head = (
                f"POST {campaign.path}/bulk HTTP/1.1\r\nHost: tongdai\r\nX-Api-Key: {campaign.key.value}\r\n"
                "Content-Type: text/csv\r\nContent-Length: 1000000\r\n\r\nphone\n"
            )
            statuses.append(await status_after(server, head.encode(), b"0", every_s=0.2))  # below `upload_idle_s`

        async with asyncio.timeout(120), asyncio.TaskGroup() as group:
            for _ in range(UPLOADS):
                group.create_task(dribble())
            group.create_task(good_requests(server, campaign, 40))
        assert statuses == [b"HTTP/1.1 408 Request Timeout\r\n"] * UPLOADS
