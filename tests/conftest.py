"""A real PostgreSQL for the whole run, and the API on it in this process.

TONGDAI_TEST_DATABASE_URL names a server to use instead of the embedded one; a database is created on it and dropped.
TONGDAI_TEST_POOLER_URL names a PgBouncer in front of that server, which the tests then use; see
tests/support/databases.py.
"""

import os
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import settings as hypothesis_settings

from tests.support import data_directories, servers
from tests.support.api import PEPPER, Api, Serving, Tenant, client_of
from tests.support.databases import SERVER, FreshDatabase, database_on, migrated_template, of_database
from tongdai.clock import Clock, SystemClock
from tongdai.db.embedded import server as embedded
from tongdai.db.pool import Connection, Pool, open_pool
from tongdai.ids import CampaignId, TenantId
from tongdai.processes.api import build
from tongdai.settings.declarations import Settings
from tongdai.testing import factories
from tongdai.testing.asgi import running

# No deadlines: a busy machine is no failure. `make soak` passes --hypothesis-profile soak.
hypothesis_settings.register_profile("tests", deadline=None)
hypothesis_settings.register_profile("soak", deadline=None, max_examples=3000)
hypothesis_settings.load_profile("tests")

LONGEST = (
    "tests/flows/dialing/test_held_dialing.py",
    "tests/dialer/test_simulation.py",
    "tests/flows/test_crash.py",
    "tests/flows/test_schemathesis.py",
    "tests/flows/dialing/test_sounds.py",
    "tests/dialer/test_planted.py",
    "tests/hardening/test_database_refuses.py",
    "tests/packaging/test_distributions.py",
    "tests/flows/dialing/test_switches.py",
    "tests/hardening/test_overload.py",
    "tests/flows/dialing/test_calls.py",
    "tests/imports/worker/test_faults.py",
    "tests/flows/dialing/test_calls_killed.py",
    "tests/hardening/hanging/test_processes.py",
    "tests/hardening/hanging/test_database.py",
    "tests/hardening/hanging/test_limit_store.py",
    "tests/cli/commands/test_backup.py",
    "tests/flows/dialing/test_calls_switch.py",
    "tests/db/embedded/test_server.py",
    "tests/flows/test_connections.py",
    "tests/client/test_imports.py",
    "tests/hardening/test_held_connections.py",
    "tests/cli/commands/test_serve.py",
    "tests/flows/test_server.py",
    "tests/cli/commands/test_top.py",
    "tests/telephony/test_leader.py",
    "tests/client/test_reading.py",
    "tests/hardening/hanging/test_leader.py",
    "tests/flows/test_isolation.py",
    "tests/dialing/test_worker.py",
    "tests/imports/readers/formats/test_from_xlsx.py",
    "tests/cli/commands/test_campaigns.py",
    "tests/imports/intake/test_api_refusals.py",
    "tests/imports/intake/test_spool.py",
    "tests/demo/test_demo.py",
)
"""Files that take long start first; otherwise one worker still runs the last of them while the others are idle.

Those that mostly wait, for leases and for calls to end, stand between those that compute: side by side, these use the
cores that those leave.
"""

SLOW = (
    "backup/test_create.py",
    "backup/test_restore.py",
    "calls/diagnostics/test_pending.py",
    "calls/claim/test_runs.py",
    "calls/test_races.py",
    "campaigns/settings/test_windows.py",
    "cli",
    "client/test_client.py",
    "client/test_imports.py",
    "contacts/test_listing.py",
    "contacts/numbers/test_phone_agreement.py",
    "contacts/test_counters.py",
    "contacts/test_plans.py",
    "db/embedded",
    "demo",
    "dialer/test_pacing_simulated.py",
    "acd/test_handovers.py",
    "dialer/test_planted.py",
    "dialer/test_simulation.py",
    "dialer/test_stores.py",
    "telephony/worker",
    "failover",
    "flows",
    "imports/intake/test_api.py",
    "imports/intake/test_spool.py",
    "imports/readers/formats/test_from_csv.py",
    "imports/readers/formats/test_from_xlsx.py",
    "imports/test_api_jobs.py",
    "imports/test_disconnect.py",
    "imports/worker",
    "packaging",
    "processes",
    "tenants/rate_limit",
    "test_bench.py",
)
"""Folders and files that `--fast` leaves out as a whole: they start programs, race, or try millions of cases."""
FOLDER = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help="leave out SLOW (tests/conftest.py) and what is marked slow")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if config.getoption("--fast") and any(collection_path == FOLDER / slow for slow in SLOW):
        return True
    return None


def pytest_xdist_auto_num_workers() -> int:
    """Two workers more than there are cores: for half of the time, tests wait for what they have started."""
    return len(os.sched_getaffinity(0)) + 2


def pytest_collection_modifyitems(items: list[pytest.Item], config: pytest.Config) -> None:
    if config.getoption("--fast"):
        items[:] = [item for item in items if item.get_closest_marker("slow") is None]
    places = {file: place for place, file in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(LONGEST)))


@pytest.fixture(scope="session")
async def database_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[str]:
    """The URL of a PostgreSQL server for databases of tests."""
    if SERVER is not None:
        yield SERVER
        return
    data_dir = tmp_path_factory.mktemp("database") / "data"
    await data_directories.copy_to(data_dir)
    server = await embedded.start(data_dir, None)
    yield server.dsn
    await server.stop()


@pytest.fixture(scope="session")
async def fresh_database(database_server: str) -> AsyncGenerator[FreshDatabase]:
    """A database of one's own: `async with fresh_database() as dsn`, or empty with `migrated=False`."""
    async with migrated_template(database_server) as template:
        yield partial(database_on, database_server, template)


@pytest.fixture(scope="session")
async def dsn(fresh_database: FreshDatabase) -> AsyncGenerator[str]:
    """A migrated database."""
    async with fresh_database() as own:
        yield own


@pytest.fixture(scope="session")
async def pool(dsn: str) -> AsyncGenerator[Pool]:
    pool = await open_pool(dsn, 20, name="tests")
    yield pool
    await pool.close()


@pytest.fixture(scope="module")
async def own_dsn(fresh_database: FreshDatabase) -> AsyncGenerator[str]:
    """A migrated database that no other module uses."""
    async with fresh_database() as dsn:
        yield dsn


@pytest.fixture(scope="module")
async def own_pool(own_dsn: str) -> AsyncGenerator[Pool]:
    pool = await open_pool(own_dsn, 12, name="tests")
    yield pool
    await pool.close()


@pytest.fixture
async def conn(pool: Pool) -> AsyncGenerator[Connection]:
    async with pool.acquire() as conn:
        yield conn


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        data_dir=str(tmp_path_factory.mktemp("data")),
        key_pepper=PEPPER,
        tenant_limit=100_000,
        route_limit=100_000,
        failed_key_limit=100_000,
    )


@pytest.fixture(scope="session")
async def api(dsn: str, settings: Settings, pool: Pool) -> AsyncGenerator[Api]:
    async with running(build(of_database(settings, dsn), dsn, SystemClock())) as app, client_of(app) as client:
        yield Api(client, pool)


@pytest.fixture(scope="session")
def serving(dsn: str, settings: Settings) -> Serving:
    @asynccontextmanager
    async def serve(
        clock: Clock | None = None, database: str | None = None, **changes: Any
    ) -> AsyncGenerator[httpx2.AsyncClient]:
        url = database or dsn
        app = build(of_database(replace(settings, **changes), url), url, clock or SystemClock())
        async with running(app), client_of(app) as client:
            yield client

    return serve


@pytest.fixture
async def tenant(api: Api) -> Tenant:
    return Tenant(api, await api.key())


@pytest.fixture
async def other_tenant(api: Api) -> Tenant:
    return Tenant(api, await api.key())


@pytest.fixture
async def tenant_id(conn: Connection) -> TenantId:
    return await factories.tenant(conn)


@pytest.fixture
async def campaign_id(tenant: Tenant) -> CampaignId:
    return CampaignId(await tenant.campaign())


@pytest.fixture(scope="session")
async def server() -> AsyncGenerator[servers.Server]:
    """The whole program, for tests that do no more than use it. It makes its data directory itself."""
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        server = servers.Server(Path(folder) / "data")
        try:
            await server.start()
            yield server
        finally:
            server.end()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"
