"""A database of its own for each test: a hold is of all that is in one."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from tongdai.db.pool import Connection, connect

Fresh = Callable[..., AbstractAsyncContextManager[str]]


@pytest.fixture
async def own_dsn(fresh_database: Fresh) -> AsyncGenerator[str]:
    async with fresh_database() as dsn:
        yield dsn


@pytest.fixture
async def own_conn(own_dsn: str) -> AsyncGenerator[Connection]:
    conn = await connect(own_dsn, name="tests")
    yield conn
    await conn.close()
