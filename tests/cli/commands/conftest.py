"""A server that runs, for the commands that use one."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.servers import Server, serving


@pytest.fixture(scope="session")
async def server() -> AsyncIterator[Server]:
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        async with serving(Path(folder) / "data") as server:
            yield server
