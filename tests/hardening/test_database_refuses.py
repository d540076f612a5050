"""A database that refuses for some seconds is unavailable, not broken: 503, readiness says so, all is right by itself.

The database is another data directory's embedded server, which a Tongdai of its own uses as an external one.
"""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from tests.support import data_directories
from tests.support.servers import Role, Server, eventually
from tongdai.db.embedded import server as embedded
from tongdai.db.embedded.server import EmbeddedServer
from tongdai.tenants import store as tenants
from tongdai.testing import factories

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"), pytest.mark.slow]

DURING_S = 6.0
WELL_AGAIN_S = 15.0
QUEUES = "/v1/queues/inbound"
OTHERS = """
select pg_terminate_backend(pid) from pg_stat_activity
where pid <> pg_backend_pid() and backend_type = 'client backend' and datname = 'tongdai'
"""


@dataclass
class Installation:
    database: EmbeddedServer
    server: Server
    admin: "asyncpg.Connection[asyncpg.Record]"
    """A connection that stays open, in another database."""

    async def health(self) -> dict[str, Any]:
        async with httpx2.AsyncClient(timeout=5) as client:
            return (await client.get(f"{self.server.admin_url}/health/ready")).json()


@pytest.fixture(scope="module")
async def installation() -> AsyncGenerator[Installation]:
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        await data_directories.copy_to(Path(folder) / "database")
        database = await embedded.start(Path(folder) / "database", None)
        admin = await asyncpg.connect(database.dsn, database="postgres")
        settings = {"workers": 2, "database_pool": 4, "import_lease_s": 2.0}
        own = Installation(database, Server(Path(folder) / "data", database_url=database.dsn, **settings), admin)
        try:
            await own.server.start()
            yield own
        finally:
            own.server.end()
            own.admin.terminate()
            await own.database.stop()  # those that are there now: a test starts others


@asynccontextmanager
async def password_rotated(own: Installation) -> AsyncGenerator[None]:
    """SQLSTATE 28P01: the new password is in the database, and not yet in the settings."""
    former = await own.admin.fetchval("select rolpassword from pg_authid where rolname = current_user")
    await own.admin.execute("alter role current_user password 'another'")
    yield
    await own.admin.execute(f"alter role current_user password '{former}'")


@asynccontextmanager
async def refused_by_pg_hba(own: Installation) -> AsyncGenerator[None]:
    """SQLSTATE 28000."""
    hba = own.database.data_dir / "postgres" / "pg_hba.conf"
    former = hba.read_text()
    hba.write_text(f"local tongdai all reject\n{former}")
    await own.admin.execute("select pg_reload_conf()")
    yield
    hba.write_text(former)
    await own.admin.execute("select pg_reload_conf()")


@asynccontextmanager
async def not_accepting_connections(own: Installation) -> AsyncGenerator[None]:
    """SQLSTATE 55000."""
    await own.admin.execute("alter database tongdai allow_connections false")
    yield
    await own.admin.execute("alter database tongdai allow_connections true")


@asynccontextmanager
async def renamed(own: Installation) -> AsyncGenerator[None]:
    """SQLSTATE 3D000, as while another database takes its place."""

    async def rename(before: str, after: str) -> bool:
        await own.admin.execute(OTHERS)
        try:
            await own.admin.execute(f"alter database {before} rename to {after}")
        except asyncpg.ObjectInUseError:  # a connection was faster
            return False
        return True

    await eventually(lambda: rename("tongdai", "away"), 10, "the database to be renamed")
    yield
    await own.admin.execute("alter database away rename to tongdai")


@asynccontextmanager
async def stopped(own: Installation) -> AsyncGenerator[None]:
    """No server, then SQLSTATE 57P03 while it starts."""
    own.admin.terminate()
    await embedded._end(own.database.process)
    yield
    own.database = await own.database.restart()
    own.admin = await asyncpg.connect(own.database.dsn, database="postgres")


@asynccontextmanager
async def read_only(own: Installation) -> AsyncGenerator[None]:
    """SQLSTATE 25006."""
    await own.admin.execute("alter database tongdai set default_transaction_read_only = on")
    yield
    await own.admin.execute("alter database tongdai reset default_transaction_read_only")


Fault = Callable[[Installation], Any]
FAULTS: dict[str, Fault] = {
    "password rotated": password_rotated,
    "refused by pg_hba.conf": refused_by_pg_hba,
    "not accepting connections": not_accepting_connections,
    "renamed": renamed,
    "stopped": stopped,
    "read-only": read_only,
}


async def statuses(own: Installation, key: factories.Key, for_s: float) -> Counter[str]:
    """Statuses of reads and writes, sent one after the other until the time is over."""
    seen: Counter[str] = Counter()
    until = time.monotonic() + for_s
    async with httpx2.AsyncClient(timeout=20, base_url=own.server.url, headers=key.headers) as client:
        while time.monotonic() < until:
            for answer in (await client.get(QUEUES), await client.post("/v1/campaigns", json={"campaignName": "A"})):
                seen[f"{answer.status_code} {answer.headers.get('retry-after')}"] += 1
    return seen


@pytest.mark.parametrize("fault", FAULTS)
async def test_database_that_refuses_is_unavailable_and_all_is_right_again_by_itself(
    installation: Installation, fault: str
) -> None:
    own, server = installation, installation.server
    key, doomed = await server.key(), await server.key()
    async with httpx2.AsyncClient(timeout=20, base_url=server.url, headers=key.headers) as client:
        campaign = (await client.post("/v1/campaigns", json={"campaignName": fault})).json()["campaignId"]
        assert (await client.get(QUEUES, headers=doomed.headers)).status_code == 200
        roles: tuple[Role, ...] = ("api", "worker", "engine", "telephony")
        pids = {role: server.pids(role) for role in roles}

        async with FAULTS[fault](own):
            if fault != "stopped":
                await own.admin.execute(OTHERS)
            seen = await statuses(own, key, DURING_S)

            async def unready() -> bool:
                return await server.readiness() == 503

            await eventually(unready, 15, "readiness to tell")
            if fault != "read-only":
                health = await own.health()
                assert not health["checks"]["database"], health
                assert health["failingTasks"], health
        assert {line.split()[0] for line in seen} <= {"200", "503"}, seen
        assert any(line == "503 1" for line in seen), seen
        if fault == "read-only":
            await own.admin.execute(OTHERS)

        until = time.monotonic() + WELL_AGAIN_S
        await _well_again(own, client, campaign, until)
        # Notifications are received again: without them the key would work for 15 s more.
        assert (await client.get(QUEUES, headers=doomed.headers)).status_code == 200
        async with server.database() as conn:
            await tenants.revoke_key(conn, doomed.key_id, within=None, by=None)

        async def revoked() -> bool:
            return (await client.get(QUEUES, headers=doomed.headers)).status_code == 401

        await eventually(revoked, 8, "the revocation to be known")
    assert {role: server.pids(role) for role in roles} == pids, "a process was restarted"


async def _well_again(own: Installation, client: httpx2.AsyncClient, campaign: int, until: float) -> None:
    async def ready() -> bool:
        health = await own.health()
        return health["status"] == "ready" and health["failingTasks"] == []

    await eventually(ready, until - time.monotonic(), "readiness")
    contacts = {"contacts": [{"phoneNumber": "0901999999"}], "listName": "after"}
    answer = await client.post(f"/v1/campaigns/{campaign}/contacts/bulk", json=contacts)
    assert answer.status_code == 200, answer.text
    path = f"/v1/campaigns/{campaign}/contacts/import/{answer.json()['job_id']}"

    async def imported() -> bool:
        return (await client.get(path)).json()["status"] == "done"

    await eventually(imported, until - time.monotonic(), "an import")
