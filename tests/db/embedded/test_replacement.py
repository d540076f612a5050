"""A new cluster that does not take its place; tests/cli/commands/test_backup.py has those that do."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tongdai.db.embedded import server as embedded
from tongdai.db.embedded.replacement import replacement
from tongdai.db.pool import connect
from tongdai.errors import OperatorError

MARK, MARKED = "comment on database tongdai is '{}'", "select shobj_description(oid, 'pg_database') from pg_database"


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        yield Path(folder) / "data"


async def mark(dsn: str, mark: str) -> None:
    conn = await connect(dsn, name="tests")
    await conn.execute(MARK.format(mark))
    await conn.close()


async def marked(data_dir: Path) -> str:
    async with embedded.database(data_dir, None) as dsn:
        conn = await connect(dsn, name="tests")
        found = await conn.fetchval(f"{MARKED} where datname = current_database()")
        await conn.close()
    return found


async def fail_half_way(data_dir: Path) -> None:
    async with replacement(data_dir, None) as new:
        await mark(new.dsn, "half")
        with pytest.raises(OperatorError, match="is in use by process"):
            await embedded.start(data_dir, None)
        raise KeyboardInterrupt


async def test_replacement_that_fails_leaves_the_cluster_and_nothing_starts_meanwhile(data_dir: Path) -> None:
    async with embedded.database(data_dir, None) as dsn:
        await mark(dsn, "old")
        with pytest.raises(OperatorError, match="is in use by process"):
            async with replacement(data_dir, None):
                pass
    with pytest.raises(KeyboardInterrupt):
        await fail_half_way(data_dir)
    assert not (data_dir / "restore").exists()
    assert await marked(data_dir) == "old"
