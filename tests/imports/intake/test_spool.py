"""Uploads that do not end are given up, and nothing is left of them. On a server as its users have it."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.servers import Server, eventually, serving
from tongdai.files.process import FOLDER
from tongdai.testing import factories

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds files in /proc")

PIECE = b"0901234567,Nguyen Van A\n" * 50_000


@pytest.fixture(scope="module")
async def server() -> AsyncGenerator[Server]:
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        async with serving(Path(folder) / "data", body_timeout_s=0.001, upload_idle_s=2.0) as server:
            yield server


@pytest.fixture
async def key(server: Server) -> factories.Key:
    return await server.key()


async def spooled(server: Server) -> list[str]:
    """Files of the spool that its processes have open; they have no names."""
    folder = str(server.data_dir / FOLDER)
    found = []
    for pid in server.pids("worker"):
        for fd in Path(f"/proc/{pid}/fd").iterdir():
            try:
                found.append(str(fd.readlink()))
            except FileNotFoundError:
                continue
    return [path for path in found if path.startswith(folder)]


async def begin(server: Server, key: factories.Key, length: int, kind: str = "text/csv", pieces: int = 5):
    """An upload of which the first pieces of a MB are sent."""
    reader, writer = await asyncio.open_connection(urlsplit(server.url).hostname, urlsplit(server.url).port)
    head = (
        f"POST /v1/campaigns/1/contacts/bulk HTTP/1.1\r\nHost: tongdai\r\nX-Api-Key: {key.value}\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    )
    writer.write(head.encode() + b"phone,name\n")
    for _ in range(pieces):
        writer.write(PIECE)
        await writer.drain()
    return reader, writer


async def jobs(server: Server) -> int:
    async with server.database() as conn:
        return await conn.fetchval("select count(*) from import_job")


async def test_upload_whose_client_vanishes_leaves_nothing(server: Server, key: factories.Key) -> None:
    _, writer = await begin(server, key, 100_000_000)
    await eventually(lambda: spooled(server), 20, "the upload to be spooled")
    writer.transport.abort()

    async def gone() -> bool:
        return not await spooled(server)

    await eventually(gone, 20, "the spooled upload to be gone")
    assert await jobs(server) == 0
    assert list((server.data_dir / FOLDER).iterdir()) == []


async def test_upload_that_stands_still_is_given_up_with_an_answer(server: Server, key: factories.Key) -> None:
    reader, writer = await begin(server, key, 100_000_000)
    response = await asyncio.wait_for(reader.readuntil(b"}"), 30)
    writer.transport.abort()
    assert response.startswith(b"HTTP/1.1 408 ")
    assert b"The body did not arrive in time" in response
    assert await spooled(server) == []


async def test_upload_that_continues_may_take_longer_than_json_may(server: Server, key: factories.Key) -> None:
    reader, writer = await begin(server, key, 1_000_000, "application/json", pieces=0)
    assert (await asyncio.wait_for(reader.readuntil(b"}"), 30)).startswith(b"HTTP/1.1 408 ")
    writer.transport.abort()
    rest = b"0901234567,A\n"
    reader, writer = await begin(server, key, len(b"phone,name\n") + 5 * len(PIECE) + len(rest))
    await eventually(lambda: spooled(server), 20, "the upload to be spooled")
    writer.write(rest)
    # A file is read as a whole, and only then found to be for no campaign.
    assert (await asyncio.wait_for(reader.readuntil(b"}"), 30)).startswith(b"HTTP/1.1 404 ")
    writer.transport.abort()
