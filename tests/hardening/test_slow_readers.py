"""Clients that read a large response slowly, without a key, hold little memory and delay nobody."""

import asyncio
import resource
import socket
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.support.servers import Server, api_alone, eventually

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"), pytest.mark.slow]

READERS, AT_ONCE = 300, 20
DOCUMENT, QUEUES = "/openapi.json", "/v1/queues/inbound"
HELD_KB, WORKER_MB = 256, 60
"""The most that the system holds for a connection, and that the worker may grow by: the document has 700 KB."""


def memory_mb(server: Server) -> float:
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in server.pids("worker"))
    return pages * resource.getpagesize() / 2**20


def held_kb(port: int) -> list[float]:
    """Sizes of what the system holds for the connections of the server and could not send yet."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [int(line[4].partition(":")[0], 16) / 1024 for line in lines if line[1].endswith(f":{port:04X}")]


@asynccontextmanager
async def slow_readers(address: tuple[str, int]) -> AsyncGenerator[Sequence[socket.socket]]:
    """Clients that have asked for the document, and have taken the first bytes of it."""
    loop, readers = asyncio.get_running_loop(), list[socket.socket]()

    async def one() -> None:
        reader = socket.socket()
        readers.append(reader)
        reader.setblocking(False)
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        await loop.sock_connect(reader, address)
        await loop.sock_sendall(reader, f"GET {DOCUMENT} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert await loop.sock_recv(reader, 12) == b"HTTP/1.1 200"

    try:
        for _ in range(READERS // AT_ONCE):
            await asyncio.gather(*(one() for _ in range(AT_ONCE)))
        yield readers
    finally:
        for reader in readers:
            reader.close()


async def test_slow_readers_of_the_document_hold_little(tmp_path: Path, dsn: str) -> None:
    async with api_alone(tmp_path / "data", dsn) as server, httpx2.AsyncClient(timeout=20) as client:
        key = await server.key()
        url = urlsplit(server.url)
        assert url.hostname is not None
        assert url.port is not None
        document = await client.get(f"{server.url}{DOCUMENT}")
        assert len(document.content) > 2 * HELD_KB * 1024
        before = memory_mb(server)
        async with slow_readers((url.hostname, url.port)):
            held = held_kb(url.port)
            assert sum(kb > 0 for kb in held) > READERS / 2, "not many wait: they read too fast for this test"
            assert max(held) <= HELD_KB
            for _ in range(50):
                assert (await client.get(f"{server.url}{QUEUES}", headers=key.headers)).status_code == 200
            assert memory_mb(server) - before <= WORKER_MB

        def released() -> bool:
            assert url.port is not None
            return not any(held_kb(url.port))

        await eventually(released, 20, "nothing to be held any more")
        assert len((await client.get(f"{server.url}{DOCUMENT}")).content) == len(document.content)
