"""Migrations: applied once and in order; a database of another version is refused and left as it is."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from tests.support.databases import session_of
from tongdai.db.migrate import Migration, migrate, read
from tongdai.db.pool import Connection, connect
from tongdai.errors import OperatorError

FIRST = Migration(1, "first", "create table one (a integer)")
SECOND = Migration(2, "second", "create table two (a integer)")
EVERYTHING = """
select c.relname::text, c.relkind::text, pg_get_expr(d.adbin, d.adrelid)
from pg_class c left join pg_attrdef d on d.adrelid = c.oid
where c.relnamespace = 'public'::regnamespace order by 1, 3
"""


@pytest.fixture
async def empty(fresh_database: Callable[..., AbstractAsyncContextManager[str]]) -> AsyncIterator[Connection]:
    async with fresh_database(migrated=False) as dsn:
        conn = await connect(session_of(dsn), name="tests")
        yield conn
        await conn.close()


async def test_missing_migrations_are_applied_in_order_and_once(empty: Connection) -> None:
    assert await migrate(empty, [FIRST]) == [1]
    assert await migrate(empty, [FIRST, SECOND]) == [2]
    assert await migrate(empty, [FIRST, SECOND]) == []
    assert [row["number"] for row in await empty.fetch("select number from migration order by 1")] == [1, 2]


async def test_a_migration_that_fails_leaves_the_version_before_it(empty: Connection) -> None:
    broken = Migration(2, "broken", "create table two (a integer); select 1 / 0")
    with pytest.raises(Exception, match="division by zero"):
        await migrate(empty, [FIRST, broken])
    assert await empty.fetchval("select to_regclass('two')") is None
    assert await migrate(empty, [FIRST, SECOND]) == [2]


@pytest.mark.parametrize(
    ("ours", "said"),
    [
        ([FIRST], "has migration 2 (second), which this version does not know: it was migrated by a newer Tongdai"),
        (
            [Migration(1, "first", "create table one (b text)"), SECOND],
            "has another migration 1 (first) than this version: it belongs to an earlier development version",
        ),
    ],
    ids=["newer", "earlier"],
)
async def test_a_database_of_another_version_is_refused_and_left_as_it_is(
    empty: Connection, ours: list[Migration], said: str
) -> None:
    await migrate(empty, [FIRST, SECOND])
    before = await empty.fetch(EVERYTHING)
    with pytest.raises(OperatorError) as refused:
        await migrate(empty, ours)
    assert said in str(refused.value)
    assert await empty.fetch(EVERYTHING) == before
    assert await migrate(empty, [FIRST, SECOND]) == []


def test_numbers_of_files_have_no_gap(tmp_path: Path) -> None:
    (tmp_path / "0001_first.sql").write_text("select 1")
    (tmp_path / "0003_third.sql").write_text("select 1")
    with pytest.raises(OperatorError, match=r"migration 0003_third\.sql: expected 0002_name\.sql"):
        read(tmp_path)
