"""A real PostgreSQL for the whole run, and the API on it in this process.

TONGDAI_TEST_DATABASE_URL names a server to use instead of the embedded one; a database is made on it and dropped.
TONGDAI_TEST_POOLER_URL names a PgBouncer before that server, which the tests then use; see tests/support/databases.py.
"""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import settings as hypothesis_settings

from tests.support import contacts
from tests.support.databases import SERVER, database_on, of_database
from tongdai.clock import Clock, SystemClock
from tongdai.db.embedded import server as embedded
from tongdai.db.pool import Connection, Pool, open_pool
from tongdai.ids import TenantId
from tongdai.processes.api import build
from tongdai.settings import Settings
from tongdai.testing import factories
from tongdai.testing.asgi import running

hypothesis_settings.register_profile("tests", deadline=None)  # a busy machine is no failure
hypothesis_settings.load_profile("tests")

PEPPER = "a pepper for the tests, long enough"
LONGEST = (
    "tests/packaging/test_distributions.py",
    "tests/flows/test_crash.py",
    "tests/dialer/test_simulation.py",
    "tests/imports/test_worker.py",
    "tests/flows/test_calls.py",
    "tests/flows/test_schemathesis.py",
    "tests/flows/test_calls_killed.py",
    "tests/flows/test_calls_switch.py",
    "tests/calls/test_races.py",
    "tests/imports/test_api_jobs.py",
    "tests/dialer/test_stores.py",
    "tests/client/test_imports.py",
    "tests/cli/test_contacts.py",
    "tests/flows/test_server.py",
    "tests/flows/test_isolation.py",
    "tests/campaigns/settings/test_windows.py",
    "tests/cli/test_commands.py",
    "tests/calls/test_store.py",
    "tests/dialer/test_planted.py",
    "tests/imports/intake/test_api.py",
    "tests/db/embedded/test_server.py",
    "tests/client/test_client.py",
    "tests/contacts/test_listing.py",
    "tests/dialer/test_worker.py",
    "tests/cli/test_top.py",
)
"""Files that take long start first; otherwise one worker still runs the last of them while the others are idle."""

SLOW = (
    "calls/diagnostics/test_diagnostics.py",
    "calls/test_claim_runs.py",
    "calls/test_races.py",
    "campaigns/settings/test_windows.py",
    "cli",
    "client/test_client.py",
    "client/test_imports.py",
    "contacts/test_listing.py",
    "contacts/test_phone_agreement.py",
    "contacts/test_store.py",
    "db/embedded",
    "demo",
    "dialer/test_pacing_simulated.py",
    "dialer/test_planted.py",
    "dialer/test_simulation.py",
    "dialer/test_stores.py",
    "dialer/test_worker.py",
    "failover",
    "flows",
    "imports/intake/test_api.py",
    "imports/intake/test_spool.py",
    "imports/readers/test_from_csv.py",
    "imports/readers/test_from_xlsx.py",
    "imports/test_api_jobs.py",
    "imports/test_disconnect.py",
    "imports/test_undo.py",
    "imports/test_worker.py",
    "imports/test_worker_columns.py",
    "imports/test_worker_rows.py",
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
    """One worker more than there are cores: tests also wait for servers that they have started."""
    return len(os.sched_getaffinity(0)) + 1


def pytest_collection_modifyitems(items: list[pytest.Item], config: pytest.Config) -> None:
    if config.getoption("--fast"):
        items[:] = [item for item in items if item.get_closest_marker("slow") is None]
    places = {file: place for place, file in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(LONGEST)))


@pytest.fixture(scope="session")
async def dsn(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[str]:
    """A migrated database."""
    if SERVER is not None:
        async with database_on(SERVER) as own:
            yield own
        return
    server = await embedded.start(tmp_path_factory.mktemp("database"), None)
    async with database_on(server.dsn) as own:
        yield own
    await server.stop()


@pytest.fixture(scope="session")
def fresh_database(dsn: str) -> Callable[..., AbstractAsyncContextManager[str]]:
    """Another database on the same server: `async with fresh_database(migrated=False) as dsn`."""
    return partial(database_on, dsn)


@pytest.fixture(scope="session")
async def pool(dsn: str) -> AsyncGenerator[Pool]:
    pool = await open_pool(dsn, 20, name="tests")
    yield pool
    await pool.close()


@pytest.fixture
async def conn(pool: Pool) -> AsyncGenerator[Connection]:
    async with pool.acquire() as conn:
        yield conn


@dataclass(frozen=True)
class Api:
    """The API of one test session, and how to get a key for it."""

    client: httpx2.AsyncClient
    pool: Pool

    async def key(self, **options: Any) -> factories.Key:
        async with self.pool.acquire() as conn:
            return await factories.key(conn, PEPPER.encode(), **options)


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        data_dir=str(tmp_path_factory.mktemp("data")),
        key_pepper=PEPPER,
        tenant_limit=100_000,
        route_limit=100_000,
        failed_key_limit=100_000,
    )


def client_of(app: Any) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://tongdai", timeout=60)


@pytest.fixture(scope="session")
async def api(dsn: str, settings: Settings, pool: Pool) -> AsyncGenerator[Api]:
    async with running(build(of_database(settings, dsn), dsn, SystemClock())) as app, client_of(app) as client:
        yield Api(client, pool)


Serving = Callable[..., AbstractAsyncContextManager[httpx2.AsyncClient]]


@pytest.fixture(scope="session")
def serving(dsn: str, settings: Settings) -> Serving:
    """Another process of the API, as it were: `async with serving(tenant_limit=3, clock=clock) as client`."""

    @asynccontextmanager
    async def serve(
        clock: Clock | None = None, database: str | None = None, **changes: Any
    ) -> AsyncGenerator[httpx2.AsyncClient]:
        url = database or dsn
        app = build(of_database(replace(settings, **changes), url), url, clock or SystemClock())
        async with running(app), client_of(app) as client:
            yield client

    return serve


Caller = Callable[..., Awaitable[httpx2.Response]]

_TABLES = """
select table_name from information_schema.columns
where table_schema = 'public' and column_name = 'tenant_id' order by table_name
"""
Checksum = dict[str, str]


_HOLD = """
select c.campaign_id, c.list_id, c.call_status, case when exists (
    select from call where tenant_id = $1 and contact_id = $2 and ended_at is null
) then 1 else c.process_status end as process_status
from contact c where c.tenant_id = $1 and c.contact_id = $2 for update
"""
_HANG_UP = "delete from call where tenant_id = $1 and contact_id = $2 and ended_at is null"
_MOVE = "update contact set process_status = $3, call_status = $4 where tenant_id = $1 and contact_id = $2"
_COUNT = """
insert into contact_counter as t (tenant_id, campaign_id, list_id, process_status, call_status, shard, contacts)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (tenant_id, campaign_id, list_id, process_status, call_status, shard)
do update set contacts = t.contacts + excluded.contacts
"""


async def move_contact(
    pool: Pool, tenant_id: int, contact_id: int, process_status: int, call_status: str | None = None
) -> None:
    """Put a contact where calling it would have put it, and the counters with it. UniqueViolationError: to be called,
    while its number is in another call."""
    async with pool.acquire() as conn, conn.transaction():
        # Locked by a statement of its own: one that waits for the lock sees the calls as they were before it waited.
        await conn.execute(
            "select from contact where tenant_id = $1 and contact_id = $2 for update", tenant_id, contact_id
        )
        old = await conn.fetchrow(_HOLD, tenant_id, contact_id)
        if old is None:
            return
        if process_status != 1:
            await conn.execute(_HANG_UP, tenant_id, contact_id)
        await conn.execute(_MOVE, tenant_id, contact_id, 2 if process_status == 2 else 0, call_status)
        if process_status == 0:
            await contacts.put_due(conn, tenant_id, contact_id)
        elif process_status == 2:
            await contacts.leave(conn, tenant_id, contact_id)
        elif old["process_status"] != 1:
            await contacts.put_in_call(conn, tenant_id, contact_id)
        place = (tenant_id, old["campaign_id"], old["list_id"])
        await conn.execute(_COUNT, *place, old["process_status"], old["call_status"] or "", 0, -1)
        await conn.execute(_COUNT, *place, process_status, call_status or "", 1, 1)


async def checksum(pool: Pool, tenant_id: int) -> Checksum:
    """Of every table, what the rows of a tenant come to."""
    async with pool.acquire() as conn:
        tables = [row["table_name"] for row in await conn.fetch(_TABLES)]
        sums = " union all ".join(
            f"select '{table}', md5(coalesce(string_agg(t::text, e'\\n' order by t::text), '')) "
            f"from {table} t where tenant_id = $1"
            for table in tables
        )
        return {row[0]: row[1] for row in await conn.fetch(sums, tenant_id)}


@dataclass(frozen=True)
class Tenant:
    """A tenant of its own for a test, and its requests."""

    api: Api
    key: factories.Key

    @property
    def tenant_id(self) -> TenantId:
        return TenantId(self.key.tenant_id)

    async def call(self, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = self.key.headers | options.pop("headers", {})
        return await self.api.client.request(method, path, headers=headers, **options)

    async def get(self, path: str, **options: Any) -> httpx2.Response:
        return await self.call("GET", path, **options)

    async def post(self, path: str, json: object = None, **options: Any) -> httpx2.Response:
        return await self.call("POST", path, **({"json": json} if json is not None else {}), **options)

    async def done(self, method: str, path: str, **options: Any) -> Any:
        """The body of a request that must succeed."""
        answer = await self.call(method, path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def campaign(self, name: str = "A campaign") -> int:
        return (await self.done("POST", "/v1/campaigns", json={"campaignName": name}))["campaignId"]

    async def queue(self, name: str = "A queue", **fields: object) -> int:
        made = await self.done("POST", "/v1/queues/inbound", json={"callinName": name} | fields)
        return made["callinId"]

    async def contact(self, campaign_id: int, number: str = "0901234567", **fields: object) -> Any:
        """The answer to adding it: `contactId`, `listId`."""
        return await self.done("POST", f"/v1/campaigns/{campaign_id}/contacts", json={"phoneNumber": number} | fields)

    async def bulk(self, campaign_id: int, contacts: object, **fields: object) -> int:
        """The job's id."""
        made = await self.done(
            "POST", f"/v1/campaigns/{campaign_id}/contacts/bulk", json={"contacts": contacts} | fields
        )
        return made["job_id"]

    async def move(self, contact_id: int, process_status: int, call_status: str | None = None) -> None:
        await move_contact(self.api.pool, self.tenant_id, contact_id, process_status, call_status)

    async def checksum(self) -> Checksum:
        return await checksum(self.api.pool, self.tenant_id)


def refused(answer: httpx2.Response, status: int, error_code: str) -> str:
    """The message of an answer that must be that failure, in the documented form."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert list(body) == ["success", "error_code", "error_message"]
    assert (body["success"], body["error_code"]) == ("0", error_code)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    return body["error_message"]


@pytest.fixture
async def tenant(api: Api) -> Tenant:
    return Tenant(api, await api.key())


@pytest.fixture
async def other_tenant(api: Api) -> Tenant:
    return Tenant(api, await api.key())


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"
