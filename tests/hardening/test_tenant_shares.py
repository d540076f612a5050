"""A tenant that takes all that it may leaves the others what they need."""

import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.support.contact_files import as_csv
from tests.support.imports.client import Campaign, a_campaign
from tests.support.servers import Server, eventually, serving
from tests.support.sound_files import tone
from tongdai.do_not_call.entries.upload import FILES_EACH
from tongdai.imports.intake.spool import IN_MEMORY
from tongdai.testing.factories import vn_mobile

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"), pytest.mark.slow]

UPLOADS = 300
REQUESTS, AT_ONCE = 50, 5
CONTINUED, OVER_ITS_SHARE, OVERLOADED = b"100", b"429", b"503"


@pytest.fixture(scope="module")
async def server() -> AsyncGenerator[Server]:
    """A server with one worker, which handles as many requests at once as by default."""
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        async with serving(Path(folder) / "data", workers=1) as server:
            yield server


class SlowUploads:
    """Uploads of which the beginning has come, and that wait for the server to ask for more."""

    def __init__(self, server: Server, campaign: Campaign, path: str | None = None) -> None:
        """`path`: of what takes files; by default the imports of the campaign."""
        url = urlsplit(server.url)
        self._host, self._port = url.hostname, url.port
        self._head = (
            f"POST {path or f'{campaign.path}/bulk'} HTTP/1.1\r\nHost: {url.netloc}\r\n"
            f"X-Api-Key: {campaign.key.value}\r\n"
            "Content-Type: text/csv\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n"
        ).encode()
        self._writers: list[asyncio.StreamWriter] = []

    async def one(self) -> bytes:
        """Begin an upload; the status by which it is answered: 100 for one whose body the server reads."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        self._writers.append(writer)
        writer.write(self._head)
        status = (await reader.readline()).split(b" ")[1]
        if status == CONTINUED:
            writer.write(b"phoneNumber\r\n")
        return status

    async def all_that_it_may(self) -> int:
        """Begin uploads until the tenant has its share; how many the server reads."""
        async with asyncio.timeout(60):
            # At first all at once: some may be refused because so many are being looked at.
            found = Counter(await asyncio.gather(*(self.one() for _ in range(UPLOADS))))
            while (last := await self.one()) != OVER_ITS_SHARE:
                found[last] += 1
        assert found.keys() <= {CONTINUED, OVER_ITS_SHARE, OVERLOADED}
        return found[CONTINUED]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for writer in self._writers:
            writer.close()


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
    async with httpx2.AsyncClient(base_url=server.url) as client, SlowUploads(server, greedy) as uploads:
        assert await uploads.all_that_it_may() == 256 // 4
        path, headers = "/v1/queues/inbound", other.key.headers
        for _ in range(REQUESTS // AT_ONCE):  # more than wait for a connection without doubt would be refused
            found = await asyncio.gather(*(client.get(path, headers=headers) for _ in range(AT_ONCE)))
            assert [response.status_code for response in found] == [200] * AT_ONCE
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


async def test_files_of_numbers_of_a_tenant_are_few_and_leave_others_theirs(server: Server) -> None:
    greedy, other = await a_campaign(server), await a_campaign(server)
    async with httpx2.AsyncClient(base_url=server.url) as client:
        path, others = [await list_of(client, one) for one in (greedy, other)]
        async with SlowUploads(server, greedy, path) as uploads:
            assert [await uploads.one() for _ in range(FILES_EACH + 1)] == [CONTINUED] * FILES_EACH + [OVER_ITS_SHARE]
            headers = other.key.headers | {"Content-Type": "text/csv"}
            response = await client.post(others, content=rows(0, 10), headers=headers)
            assert (response.status_code, response.json()["added"]) == (200, 10)


async def list_of(client: httpx2.AsyncClient, campaign: Campaign) -> str:
    """A new do-not-call list of a tenant: where its numbers are sent."""
    response = await client.post("/v1/do-not-call", json={"name": "A"}, headers=campaign.key.headers)
    return f"/v1/do-not-call/{response.json()['dncListId']}/numbers"


SENDERS = 20


async def test_tenant_that_sends_sounds_and_small_files_leaves_others_what_they_need(server: Server) -> None:
    greedy, other = await a_campaign(server), await a_campaign(server)
    sound, file = tone(300, rate=8000), rows(0, 15_000)
    assert len(file) < IN_MEMORY, "it is read in a thread"
    ended = asyncio.Event()

    async def send(client: httpx2.AsyncClient, number: int) -> Counter[int]:
        found = Counter[int]()
        while not ended.is_set():
            if number % 2:
                query, headers = {"kind": "music", "name": f"{number}.wav"}, {"Content-Type": "audio/wav"}
                response = await client.put("/v1/queues/sounds", params=query, content=sound, headers=headers)
            else:
                headers = {"Content-Type": "text/csv"}
                response = await client.post(f"{greedy.path}/bulk?dry_run=true", content=file, headers=headers)
            found[response.status_code] += 1
        return found

    async with (
        httpx2.AsyncClient(base_url=server.url, timeout=120) as client,
        httpx2.AsyncClient(base_url=server.url, timeout=120, headers=greedy.key.headers) as greedily,
    ):
        senders = [asyncio.create_task(send(greedily, number)) for number in range(SENDERS)]
        for _ in range(REQUESTS):
            response = await client.get("/v1/queues/inbound", headers=other.key.headers)
            assert response.status_code == 200
        assert (await imported(client, other, rows(0, 100)))["createdRows"] == 100
        query, headers = {"kind": "music", "name": "a.wav"}, {"Content-Type": "audio/wav"} | other.key.headers
        response = await client.put("/v1/queues/sounds", params=query, content=tone(), headers=headers)
        assert response.status_code == 200, response.text
        ended.set()
        found = sum(await asyncio.gather(*senders), Counter[int]())
    assert found[200]
    assert found.keys() <= {200, 429, 503}
