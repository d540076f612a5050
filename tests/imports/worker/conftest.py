"""Workers on a database of the module's own: they take the jobs of all tenants."""

from collections.abc import AsyncGenerator, Iterator

import pytest
import structlog.testing

from tests.support.imports.jobs import without_jobs
from tongdai.db.pool import Connection, Pool


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Do not render tracebacks of planted crashes, which takes longer than the tests."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
async def conn(own_pool: Pool) -> AsyncGenerator[Connection]:
    """A connection to that database, without jobs of earlier tests."""
    async with without_jobs(own_pool) as conn:
        yield conn
