"""Servers that run, for the commands that use one."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.servers import Server, serving


@pytest.fixture(scope="session")
async def api_server(dsn: str) -> AsyncIterator[Server]:
    """The API alone, on the tests' database."""
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        async with serving(Path(folder) / "data", "--only", "api", database_url=dsn) as server:
            yield server
