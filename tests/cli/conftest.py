"""A database of the command line's tests alone: they list all keys and tenants."""

import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support import data_directories, programs
from tests.support.programs import output_of
from tongdai.db.embedded import server as embedded
from tongdai.db.pool import Connection, connect

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
async def own_data_dir() -> AsyncIterator[tuple[Path, str]]:
    """A data directory whose embedded server this process runs, and the DSN."""
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        data_dir = Path(folder) / "data"
        await data_directories.copy_to(data_dir)
        async with embedded.database(data_dir, None) as dsn:
            yield data_dir, dsn


@pytest.fixture(scope="session")
def run(own_data_dir: tuple[Path, str]) -> Run:
    """`tongdai` on that data directory."""

    def run(*args: str, **env: str) -> "subprocess.CompletedProcess[str]":
        return programs.run(*args, **({"TONGDAI_DATA_DIR": str(own_data_dir[0])} | env))

    return run


@pytest.fixture(scope="session")
async def two_tenants(own_data_dir: tuple[Path, str], run: Run) -> AsyncIterator[Connection]:
    """A connection to that database, with tenants 5 and 8."""
    output_of(run("tenant", "create", "5", "--name", "Five"))
    output_of(run("tenant", "create", "8", "--name", "Eight"))
    conn = await connect(own_data_dir[1], name="tests")
    yield conn
    await conn.close()
