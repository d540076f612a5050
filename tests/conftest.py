"""A real PostgreSQL for the whole run, and the API on it in this process.

TONGDAI_TEST_DATABASE_URL names a server to use instead of the embedded one; a database is made on it and dropped.
"""

import os
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx2
import pytest

from tongdai.app import build
from tongdai.clock import SystemClock
from tongdai.db import embedded
from tongdai.db.migrate import migrate
from tongdai.db.pool import Pool, connect, open_pool
from tongdai.settings import Settings
from tongdai.testing import factories
from tongdai.testing.asgi import running

PEPPER = "a pepper for the tests, long enough"
Connection = asyncpg.Connection


@pytest.fixture(scope="session")
async def dsn(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[str]:
    """A migrated database."""
    external = os.environ.get("TONGDAI_TEST_DATABASE_URL")
    if external is None:
        server = await embedded.start(tmp_path_factory.mktemp("database"), None)
        url = server.dsn
    else:
        server, url = None, external
    name = f"test_{secrets.token_hex(6)}"
    root = await connect(url, name="tests")
    await root.execute(f"create database {name}")
    own = urlsplit(url)._replace(path=f"/{name}").geturl()
    conn = await connect(own, name="tests")
    await migrate(conn)
    await conn.close()
    yield own
    await root.execute(f"drop database {name} with (force)")
    await root.close()
    if server is not None:
        await server.stop()


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

    async def key(self, **options: object) -> factories.Key:
        async with self.pool.acquire() as conn:
            return await factories.key(conn, PEPPER.encode(), **options)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        data_dir=str(tmp_path_factory.mktemp("data")),
        key_pepper=PEPPER,
        tenant_limit=100_000,
        route_limit=100_000,
        failed_key_limit=100_000,
    )


def client_of(app: object) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
    return httpx2.AsyncClient(transport=transport, base_url="http://tongdai", timeout=60)


@pytest.fixture(scope="session")
async def api(dsn: str, settings: Settings, pool: Pool) -> AsyncGenerator[Api]:
    async with running(build(settings, dsn, SystemClock())) as app, client_of(app) as client:
        yield Api(client, pool)


Caller = Callable[..., Awaitable[httpx2.Response]]


@dataclass(frozen=True)
class Tenant:
    """A tenant of its own for a test, and its requests."""

    api: Api
    key: factories.Key

    @property
    def tenant_id(self) -> int:
        return self.key.tenant_id

    async def call(self, method: str, path: str, **options: object) -> httpx2.Response:
        headers = self.key.headers | options.pop("headers", {})  # type: ignore[operator]
        return await self.api.client.request(method, path, headers=headers, **options)  # type: ignore[arg-type]

    async def get(self, path: str, **options: object) -> httpx2.Response:
        return await self.call("GET", path, **options)

    async def post(self, path: str, json: object = None, **options: object) -> httpx2.Response:
        return await self.call("POST", path, **({"json": json} if json is not None else {}), **options)

    async def campaign(self, name: str = "A campaign") -> int:
        answer = await self.post("/v1/campaigns", {"campaignName": name})
        assert answer.status_code == 200, answer.text
        return answer.json()["campaignId"]


@pytest.fixture
async def tenant(api: Api) -> Tenant:
    return Tenant(api, await api.key())


@pytest.fixture
async def other_tenant(api: Api) -> Tenant:
    return Tenant(api, await api.key())


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"
