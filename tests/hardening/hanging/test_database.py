"""A PostgreSQL that hangs (SIGSTOP) is unavailable within seconds, and all is well when it continues.

Nothing is restarted for it, the embedded PostgreSQL neither: docs/decisions/0052-hanging-database.md.
"""

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from tests.support.servers import Role, Server, eventually, serving
from tongdai.testing import factories

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"), pytest.mark.slow]

ANSWERED_S = 20.0
"""About 5 s are promised, and a statement may take 30; the machine may be busy."""
NOTICED_S = 10.0
WELL_AGAIN_S = 10.0
ROUNDS = 3
ROLES: tuple[Role, ...] = ("postgres", "api", "worker", "engine", "telephony")
QUEUES = "/v1/queues/inbound"
CONNECTIONS = "select count(*) from pg_stat_activity where backend_type = 'client backend' and datname = 'tongdai'"
POOL, WORKERS = 4, 2


@asynccontextmanager
async def hung(server: Server, *, postmaster_only: bool = False) -> AsyncGenerator[None]:
    (postmaster,) = server.pids("postgres")
    others = [] if postmaster_only else [pid for pid, command in server.processes().items() if "postgres:" in command]
    stopped = [pid for pid in (postmaster, *others) if server.send_to(pid, signal.SIGSTOP)]
    try:
        yield
    finally:
        for pid in reversed(stopped):
            server.send_to(pid, signal.SIGCONT)


def descriptors(server: Server) -> int:
    return sum(len([*Path(f"/proc/{pid}/fd").iterdir()]) for pid in server.pids("worker"))


async def some_requests(server: Server, key: factories.Key) -> Counter[int]:
    """Statuses of reads and writes of several clients at once."""

    async def client() -> list[int]:
        async with httpx2.AsyncClient(timeout=ANSWERED_S, base_url=server.url, headers=key.headers) as client:
            return [
                (await client.get(QUEUES)).status_code,
                (await client.post("/v1/campaigns", json={"campaignName": "A"})).status_code,
            ]

    return Counter(status for statuses in await asyncio.gather(*(client() for _ in range(8))) for status in statuses)


async def test_hung_database_is_unavailable_and_all_is_well_when_it_goes_on(data_dir: Path) -> None:
    async with serving(data_dir, workers=WORKERS, database_pool=POOL) as server:
        key = await server.key()
        for _ in range(ROUNDS):
            assert set(await some_requests(server, key)) <= {200, 503}
        pids, opened = {role: server.pids(role) for role in ROLES}, descriptors(server)
        async with hung(server):
            asked = asyncio.create_task(some_requests(server, key))

            async def unready() -> bool:
                return await server.readiness() == 503

            await eventually(unready, NOTICED_S, "readiness to tell")
            assert set(await asked) == {503}
            for _ in range(ROUNDS):
                assert set(await some_requests(server, key)) == {503}

        async def answered() -> bool:
            return set(await some_requests(server, key)) == {200}

        await eventually(answered, WELL_AGAIN_S, "requests to be answered")

        async def well() -> bool:
            async with httpx2.AsyncClient(timeout=5) as client:
                health = (await client.get(f"{server.admin_url}/health/ready")).json()
            return health["status"] == "ready" and health["failingTasks"] == []

        await eventually(well, WELL_AGAIN_S, "readiness")
        assert {role: server.pids(role) for role in ROLES} == pids, "a process was restarted"
        async with server.database() as conn:

            async def few_connections() -> bool:
                return await conn.fetchval(CONNECTIONS) <= WORKERS * (POOL + 2) + 20

            await eventually(few_connections, 10, "abandoned connections to end")
        await eventually(lambda: descriptors(server) <= opened + WORKERS * POOL, 10, "no descriptors to leak")


async def test_open_connections_are_used_on_while_only_new_ones_hang(data_dir: Path) -> None:
    async with serving(data_dir, workers=WORKERS, database_pool=POOL) as server:
        key = await server.key()
        for _ in range(ROUNDS):
            assert set(await some_requests(server, key)) <= {200, 503}
        async with hung(server, postmaster_only=True):
            statuses = await some_requests(server, key)
            assert statuses[200], statuses
            assert set(statuses) <= {200, 503}, statuses
