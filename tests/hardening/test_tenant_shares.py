"""A tenant that takes all that it may leaves the others what they need."""

import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.support.contact_files import as_csv
from tests.support.imports.client import Campaign, a_campaign
from tests.support.servers import Server, eventually, serving
from tongdai.imports.intake.spool import IN_MEMORY
from tongdai.testing.factories import vn_mobile

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"), pytest.mark.slow]

UPLOADS = 300
REQUESTS = 50


@pytest.fixture(scope="module")
async def server() -> AsyncGenerator[Server]:
    """A server with one worker, which handles as many requests at once as by default."""
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        async with serving(Path(folder) / "data", workers=1) as server:
            yield server


@asynccontextmanager
async def slow_uploads(server: Server, campaign: Campaign, count: int) -> AsyncGenerator[list[asyncio.StreamReader]]:
    """Uploads of which the beginning has come."""
    url = urlsplit(server.url)
    head = (
        f"POST {campaign.path}/bulk HTTP/1.1\r\nHost: {url.netloc}\r\nX-Api-Key: {campaign.key.value}\r\n"
        "Content-Type: text/csv\r\nContent-Length: 1000000\r\n\r\nphoneNumber\r\n"
    )
    made: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    try:
        for _ in range(count):
            reader, writer = await asyncio.open_connection(url.hostname, url.port)
            made.append((reader, writer))
            writer.write(head.encode())
            await writer.drain()
        yield [reader for reader, _ in made]
    finally:
        for _, writer in made:
            writer.close()


async def refused_at_once(readers: list[asyncio.StreamReader]) -> Counter[bytes]:
    """The status lines of those that are answered before their body has come."""

    async def status(reader: asyncio.StreamReader) -> bytes:
        return (await reader.readline()).split(b" ")[1]

    tasks = [asyncio.create_task(status(reader)) for reader in readers]
    share = 256 // 4
    await eventually(lambda: sum(task.done() for task in tasks) >= len(readers) - share, 60, "refusals")
    found = Counter(task.result() for task in tasks if task.done())
    for task in tasks:
        task.cancel()
    return found


def rows(first: int, count: int) -> bytes:
    return as_csv([{"phoneNumber": vn_mobile(first + n), "name": f"KH {n}"} for n in range(count)])


async def accepted(client: httpx2.AsyncClient, campaign: Campaign, body: bytes) -> int:
    """Send a file; its job, once it has been read."""
    headers = campaign.key.headers | {"Content-Type": "text/csv"}
    response = await client.post(f"{campaign.path}/bulk", content=body, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()["job_id"]


async def imported(client: httpx2.AsyncClient, campaign: Campaign, body: bytes) -> dict[str, object]:
    """Import a file; its job, once it has ended."""
    path = f"{campaign.path}/import/{await accepted(client, campaign, body)}"
    job: dict[str, object] = {}

    async def done() -> bool:
        job.update((await client.get(path, headers=campaign.key.headers)).json())
        return job["status"] in {"done", "failed"}

    await eventually(done, 60, "import")
    return job


async def test_slow_uploads_of_a_tenant_leave_the_others_all_that_they_need(server: Server) -> None:
    greedy, other = await a_campaign(server), await a_campaign(server)
    async with slow_uploads(server, greedy, UPLOADS) as readers, httpx2.AsyncClient(base_url=server.url) as client:
        refused = await refused_at_once(readers)
        assert refused.total() == UPLOADS - 256 // 4
        assert refused.keys() <= {b"429", b"503"}, "over its share, or too many at once while they came"
        path, headers = "/v1/queues/inbound", other.key.headers
        found = await asyncio.gather(*(client.get(path, headers=headers) for _ in range(REQUESTS)))
        assert [response.status_code for response in found] == [200] * REQUESTS
        assert (await imported(client, other, rows(0, 100)))["createdRows"] == 100
        # And the tenant itself can still do all but upload.
        assert (await client.get(path, headers=greedy.key.headers)).status_code == 200


async def test_large_file_waits_for_none_of_those_that_another_tenant_has_waiting(server: Server) -> None:
    greedy, other = await a_campaign(server), await a_campaign(server)
    large = rows(1000, 40_000)
    assert len(large) > IN_MEMORY, "it is read by a process of its own"
    async with httpx2.AsyncClient(base_url=server.url, timeout=120) as client:
        waiting = {asyncio.create_task(accepted(client, greedy, large)) for _ in range(8)}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        await accepted(client, other, large)
        assert sum(task.done() for task in waiting) <= 4, "the others wait for it"
        await asyncio.gather(*waiting)
