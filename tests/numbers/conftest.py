"""A database of its own for each test: what is given is of all that is in one."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from tests.numbers.operator import Operator
from tests.support.api import PEPPER, Serving
from tongdai.db.pool import Connection, connect
from tongdai.http.principal import Scope
from tongdai.testing import factories

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


@pytest.fixture
async def operator(serving: Serving, own_dsn: str, own_conn: Connection) -> AsyncGenerator[Operator]:
    async with serving(database=own_dsn) as client:
        key = await factories.platform_key(own_conn, PEPPER.encode(), scopes=[Scope.ADMIN])
        yield Operator(client, own_conn, key)
