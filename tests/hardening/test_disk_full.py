"""A disk that is really full: nothing acknowledged is lost, no process dies of it, and all is right again by itself.

The data directory with its embedded database is on a small tmpfs, which only root can mount.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import httpx2
import pytest

from tests.support.imports.check import all_jobs_ended, problems
from tests.support.imports.client import SETTINGS, Client, Ledger, a_number_of
from tests.support.servers import Role, Server, eventually, serving
from tongdai.testing import factories

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"),
    pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system, as root alone may: A FULL DISK IS NOT TESTED"),
    pytest.mark.slow,
]

DISK_MB, FLOOR_MB = 500, 40
QUEUES = "/v1/queues/inbound"
ROWS = 40_000


@pytest.fixture
def disk() -> Generator[Path]:
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=755", "tmpfs", folder], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
async def server(disk: Path) -> AsyncGenerator[Server]:
    # Its log is on the same disk, too.
    settings = {"min_free_mb": FLOOR_MB, "shared_buffers_mb": 32, "import_chunk_rows": 1000, **SETTINGS}
    async with serving(disk / "data" / "tongdai", **settings) as server:
        yield server


def free_mb(disk: Path) -> float:
    found = os.statvfs(disk)
    return found.f_bavail * found.f_frsize / 2**20


def fill(disk: Path, leave_mb: float) -> None:
    """Leave so much space: the ballast grows, until nothing more fits for 0."""
    step = 8 * 2**20
    with (disk / "ballast").open("ab", buffering=0) as ballast:
        while step >= 4096 and free_mb(disk) > leave_mb - (leave_mb == 0):
            try:
                os.posix_fallocate(ballast.fileno(), os.fstat(ballast.fileno()).st_size, step)
            except OSError:  # all of it or nothing: the server has taken some meanwhile
                step //= 2


def empty(disk: Path) -> None:
    (disk / "ballast").unlink()


async def test_imports_survive_a_full_disk_and_uploads_are_refused(server: Server, disk: Path, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    imports = await a_number_of(server, 5, ROWS, 2)
    client = Client(server, ledger)
    roles: tuple[Role, ...] = ("serve", "api", "worker", "engine", "telephony")
    pids = {role: server.pids(role) for role in roles}
    key = imports[0].campaign.key

    seen: Counter[int] = Counter()
    async with httpx2.AsyncClient(timeout=30, base_url=server.url, headers=key.headers) as requests:
        async with server.database() as conn, conn.transaction():
            await conn.execute("lock table import_turn in share mode")  # no worker claims a job
            for one in imports:
                await client.post(one)
            fill(disk, 0)

        async def refused() -> bool:
            """Requests of all kinds, until an upload is refused for want of space."""
            upload = await requests.post(
                f"{imports[0].campaign.path}/bulk", json={"contacts": [{"phoneNumber": "0901"}]}
            )
            for answer in (upload, await requests.get(QUEUES), await requests.post("/v1/campaigns", json=campaign)):
                seen[answer.status_code] += 1
            return upload.status_code == 507 and "disk" in upload.json()["error_message"]

        campaign = {"campaignName": "A"}
        for _ in range(20):
            await eventually(refused, 20, lambda: f"an upload to be refused: {seen}")
        assert set(seen) <= {200, 503, 507}, seen
        async with server.database() as conn:
            open_jobs = await conn.fetchval("select count(*) from import_job where finished_at is null")
            assert open_jobs, "the disk was not full enough for this test"

        # Some space, but less than uploads may take: what little others need they get.
        empty(disk)
        fill(disk, FLOOR_MB * 0.75)

        async def others() -> bool:
            try:
                answer = await requests.post("/v1/campaigns", json=campaign)
            except httpx2.TransportError:
                return False
            return answer.status_code == 200 and await refused()

        await eventually(others, 40, "other requests to be answered while uploads are refused")
        empty(disk)
        await eventually(lambda: all_jobs_ended(server), 60, "all jobs to end")

        async def ready() -> bool:
            return await server.readiness() == 200

        await eventually(ready, 20, "readiness")
    await client.close()
    ledger.close()
    assert await problems(server, imports, ledger) == []
    assert client.unexpected == []
    assert {role: server.pids(role) for role in roles} == pids, "a process died"


async def answered(server: Server, key: factories.Key) -> int:
    """The status of a request, 0 where nobody answers."""
    async with httpx2.AsyncClient(timeout=30, base_url=server.url, headers=key.headers) as client:
        try:
            return (await client.get(QUEUES)).status_code
        except httpx2.TransportError:
            return 0


async def test_processes_that_end_on_a_full_disk_are_replaced(server: Server, disk: Path) -> None:
    key = await server.key()
    assert await answered(server, key) == 200
    fill(disk, 0)
    roles: tuple[Role, ...] = ("worker", "engine", "telephony", "api")
    for role in roles:
        killed = await server.kill(role)

        def replaced(role: Role = role, killed: int = killed) -> bool:
            return server.pids(role) not in ([], [killed])

        await eventually(replaced, 30, f"another {role}")

    async def works() -> bool:
        return await answered(server, key) in {200, 503}

    await eventually(works, 30, "requests to be answered")
    empty(disk)

    async def ready() -> bool:
        return await server.readiness() == 200 and await answered(server, key) == 200

    await eventually(ready, 40, "all to be well")


async def test_server_that_is_killed_on_a_full_disk_starts_again_once_there_is_room(server: Server, disk: Path) -> None:
    key = await server.key()
    fill(disk, 0)
    server.send(signal.SIGKILL)
    await server.ended()
    server.spawn()
    began = time.monotonic()
    await eventually(lambda: not server.running or time.monotonic() - began > 10, 20, "an attempt to start")
    assert "Traceback" not in server.log_text()
    if server.running:  # it waits for room
        server.send(signal.SIGKILL)
        await server.ended()
    empty(disk)
    await server.start()
    assert await answered(server, key) == 200
