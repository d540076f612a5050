"""Kills of the real processes at any point: no acknowledged import is lost and none is counted twice."""

import asyncio
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest

from tests import soak
from tests.support.imports.check import all_jobs_ended, problems
from tests.support.imports.client import SETTINGS, Client, Import, Ledger, a_number_of
from tests.support.servers import Role, Server, eventually, serving
from tongdai.db.embedded import server as embedded
from tongdai.db.pool import connect

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")

GATE = 7_712_025
"""An advisory lock: while it is held, every worker blocks at the point where a trigger acquires it."""
TRIGGERS = {
    "a chunk is claimed, nothing of it done": "create trigger planted before update of lease_until on import_job "
    "for each row when (new.fence = old.fence and new.lease_until is not null)",
    "a chunk is taken, its rows are not in": "create trigger planted before delete on import_chunk for each row",
    "the rows are in, the counters are not": "create trigger planted before update of created_rows on import_job "
    "for each row",
    "the last chunk is in, the job not done": "create trigger planted before update of created_rows on import_job "
    "for each row when (new.status = 'done')",
    "all is written, nothing committed": "create constraint trigger planted after update on import_job "
    "deferrable initially deferred for each row when (new.created_rows > old.created_rows)",
}
COMMITTED = "a commit is on the disk, and nobody knows"
"""PostgreSQL waits there for a standby that does not exist."""


@dataclass
class Flow:
    server: Server
    ledger: Ledger
    client: Client
    number: int = 0
    imports: list[Import] = field(default_factory=list)

    async def an_import(self, rows: int = 600) -> Import:
        """An import of 3 or more chunks, not yet sent."""
        (one,) = await a_number_of(self.server, self.number, rows, 1, first=self.number)
        self.number += 1
        self.imports.append(one)
        return one

    async def check(self) -> None:
        """Assert that the tables hold exactly the contacts and counters of all imports sent."""
        await eventually(lambda: all_jobs_ended(self.server), 40, "all jobs to end")
        assert await problems(self.server, self.imports, self.ledger) == []
        assert self.client.unexpected == []


@asynccontextmanager
async def flow(**settings: object) -> AsyncGenerator[Flow]:
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        options = {"import_chunk_rows": 200, **SETTINGS, **settings}
        async with serving(Path(folder) / "data", **options) as server:
            ledger = Ledger(Path(folder) / "ledger")
            client = Client(server, ledger)
            yield Flow(server, ledger, client)
            await client.close()
            ledger.close()


@pytest.fixture(scope="module")
async def shared() -> AsyncGenerator[Flow]:
    async with flow() as shared:
        yield shared


@asynccontextmanager
async def stopped_at(server: Server, point: str) -> AsyncGenerator[None]:
    """Block workers at the point during the block; afterwards those still alive continue."""
    async with server.database() as conn:
        if point == COMMITTED:
            await _standbys(conn, "nobody")
        else:
            await conn.execute("select pg_advisory_lock($1)", GATE)
            await conn.execute(
                "create or replace function planted() returns trigger language plpgsql as $$ begin "
                f"perform pg_advisory_xact_lock_shared({GATE}); "
                "if tg_op = 'DELETE' then return old; end if; return new; end $$; "
                f"{TRIGGERS[point]} execute function planted()"
            )
        try:
            yield
        finally:
            # Ends the session, unless its server was killed: that releases the lock.
            conn.terminate()
            async with server.database() as other:
                if point == COMMITTED:
                    await _standbys(other, "")
                else:
                    table = "import_chunk" if "on import_chunk" in TRIGGERS[point] else "import_job"
                    await other.execute(f"drop trigger planted on {table}")


async def _standbys(conn: asyncpg.Connection, names: str) -> None:
    await conn.execute("set synchronous_commit = local")
    await conn.execute(f"alter system set synchronous_standby_names = '{names}'")
    await conn.execute("select pg_reload_conf()")
    show = "select current_setting('synchronous_standby_names')"
    await eventually(lambda: _is(conn, show, names), 10, "the setting to be read")


async def _is(conn: asyncpg.Connection, query: str, value: object) -> bool:
    return await conn.fetchval(query) == value


async def at_the_point(server: Server, point: str, program: str) -> None:
    """Return once a session of that program is blocked there."""
    event = "SyncRep" if point == COMMITTED else "advisory"
    waits = "select exists (select from pg_stat_activity where wait_event = $1 and application_name = $2)"
    async with server.database() as conn:
        await eventually(lambda: conn.fetchval(waits, event, program), 20, f"{program} to be where {point}")


@pytest.mark.parametrize(
    ("point", "victim"),
    [
        ("a chunk is claimed, nothing of it done", "engine"),
        ("a chunk is taken, its rows are not in", "postgres"),
        ("the rows are in, the counters are not", "engine"),
        ("the rows are in, the counters are not", "serve"),
        ("the last chunk is in, the job not done", "engine"),
        ("all is written, nothing committed", "postgres"),
        (COMMITTED, "engine"),
        (COMMITTED, "postgres"),
    ],
)
async def test_an_import_is_exact_after_a_kill_where(shared: Flow, point: str, victim: Role) -> None:
    one = await shared.an_import()
    async with stopped_at(shared.server, point):
        # While every commit is blocked, so is the response to the post: only the chunk may be blocked.
        sending = asyncio.create_task(shared.client.post(one))
        if point == COMMITTED:
            await at_the_point(shared.server, point, "tongdai api")
            async with shared.server.database() as conn:
                await _standbys(conn, "")
                await sending
                await _standbys(conn, "nobody")
        await sending
        await at_the_point(shared.server, point, "tongdai engine")
        await soak.kill(shared.server, victim)
    await eventually(lambda: shared.client.poll(one), 40, "the job to end")
    await shared.check()


# Not the supervisor: PostgreSQL would wait at its shutdown for its standby to drop the sessions' temporary tables.
@pytest.mark.parametrize("victim", ["worker", "api", "postgres"])
@pytest.mark.parametrize("repeatable", [True, False], ids=["with an Idempotency-Key", "without"])
async def test_a_post_takes_effect_once_when_a_kill_comes_between_commit_and_response(
    shared: Flow, victim: Role, repeatable: bool
) -> None:
    one = await shared.an_import()
    one.repeatable = repeatable
    async with stopped_at(shared.server, COMMITTED):
        sending = asyncio.create_task(shared.client.post(one))
        await at_the_point(shared.server, COMMITTED, "tongdai api")
        await soak.kill(shared.server, victim)
    await asyncio.wait_for(sending, 60)
    if victim != "api":  # its workers finish the requests that they have begun
        assert (one.job_id is not None) == repeatable
    await shared.check()
    async with shared.server.database() as conn:
        jobs = "select count(*) from import_job where tenant_id = $1"
        assert await conn.fetchval(jobs, one.campaign.key.tenant_id) == 1, "committed is not lost"


PLANT = """
from tongdai.imports import store
count = store.advance
async def advance(conn, *chunk):
    await conn.execute("commit")
    await conn.execute("begin")
    return await count(conn, *chunk)
store.advance = advance
"""


async def test_counters_in_a_second_transaction_would_be_caught(tmp_path: Path) -> None:
    """The checks above fail on a server with that bug planted."""
    (tmp_path / "sitecustomize.py").write_text(PLANT)
    async with flow(import_chunk_rows=600) as planted:
        assert await planted.server.stop() == 0
        planted.server.environment["PYTHONPATH"] = str(tmp_path)
        await planted.server.start()
        one = await planted.an_import()
        async with stopped_at(planted.server, "the rows are in, the counters are not"):
            await planted.client.post(one)
            await at_the_point(planted.server, "the rows are in, the counters are not", "tongdai engine")
            await soak.kill(planted.server, "engine")
        await eventually(lambda: all_jobs_ended(planted.server), 60, "the job to end")
        assert await problems(planted.server, planted.imports, planted.ledger)


async def test_kills_at_random_moments_lose_and_double_nothing(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        report = await soak.soak(Path(folder), rows=20_000, kills=6, seed=2, limit_s=150, jobs=8, chunk_rows=200)
    assert report.problems == []
    assert report.acknowledged >= 6
    assert sum(report.kills.values()) == 6


async def test_an_engine_suspended_for_longer_than_its_lease_writes_nothing_more(shared: Flow, tmp_path: Path) -> None:
    point = "the rows are in, the counters are not"
    one = await shared.an_import()
    settings = {"import_lease_s": 1.0, "admin_port": 0, "database_url": shared.server.dsn}
    async with AsyncExitStack() as suspended, stopped_at(shared.server, point):
        await shared.client.post(one)
        await at_the_point(shared.server, point, "tongdai engine")
        await suspended.enter_async_context(shared.server.suspended("engine"))
        while_suspended = suspended.pop_all()
    async with serving(tmp_path / "second", "--only", "engine", **settings):
        async with while_suspended:
            await eventually(lambda: shared.client.poll(one), 40, "the second engine to end the job")
            await shared.check()
        # Both work now, and the chunk that the first had claimed was rolled back.
        another = await shared.an_import(2000)
        await shared.client.post(another)
        await eventually(lambda: shared.client.poll(another), 40, "the job to end")
        await shared.check()


async def test_sigterm_ends_all_processes_with_0_and_hands_the_lease_back(tmp_path: Path) -> None:
    async with flow(import_lease_s=60) as own:
        one = await own.an_import(4000)
        server = own.server
        async with stopped_at(server, "the rows are in, the counters are not"):
            await own.client.post(one)
            await at_the_point(server, "the rows are in, the counters are not", "tongdai engine")
            server.send(signal.SIGTERM)
            assert await server.ended(40) == 0
            database = await embedded.start(server.data_dir, None, 10)
            conn = await connect(database.dsn, name="tests")
            row = await conn.fetchrow("select status, attempts, lease_until, created_rows from import_job")
            assert tuple(row or ()) == ("processing", 0, None, 0)
            await conn.close()
            await database.stop()
            await server.start()
        await eventually(lambda: own.client.poll(one), 40, "the job to end")
        await own.check()


@pytest.mark.parametrize("moment", ["ready", "a role was just started", "the database was just started"])
async def test_a_supervisor_that_is_killed_leaves_no_process(moment: str) -> None:
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        server = Server(Path(folder) / "data", workers=2)
        try:
            await server.start()
            if moment != "ready":
                await server.stop()
                server.spawn()
                role: Role = "engine" if moment == "a role was just started" else "postgres"
                await eventually(lambda: server.pids(role), 30, f"a process {role}", poll_s=0)
            server.send(signal.SIGKILL)
            assert await server.ended(20) == -signal.SIGKILL
        finally:
            server.end()
