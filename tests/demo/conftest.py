from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from tongdai.db.migrate import migrate
from tongdai.db.pool import connect
from tongdai.settings.declarations import Settings

PEPPER = "the pepper of the demo's tests, long enough"


@pytest.fixture
async def conn(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A migrated database without a tenant."""
    root = await connect(dsn, name="tests")
    await root.execute("drop database if exists test_demo with (force)")
    await root.execute("create database test_demo")
    conn = await connect(urlsplit(dsn)._replace(path="/test_demo").geturl(), name="tests")
    await migrate(conn)
    yield conn
    await conn.close()
    await root.execute("drop database test_demo with (force)")
    await root.close()


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    return Settings(data_dir=str(tmp_path), key_pepper=PEPPER)
