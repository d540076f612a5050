"""The distribution of the tables over a Citus cluster, held against the catalogue of a real database.

Citus itself is in no package registry; docs/decisions/0020 tells how the statements were run on one.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import asyncpg
import pytest

from tongdai.db import distribute
from tongdai.db.distribute import LOCAL, ForeignKey, Table, plan
from tongdai.db.pool import Connection, Pool
from tongdai.errors import OperatorError

UNIQUE = """
select i.indrelid::regclass::text as "table", i.indexrelid::regclass::text as index, array(
    select a.attname::text from pg_attribute a where a.attrelid = i.indrelid and a.attnum = any(i.indkey)
) as columns
from pg_index i join pg_class c on c.oid = i.indrelid
where i.indisunique and c.relnamespace = current_schema()::regnamespace and not c.relispartition
"""


async def catalogue(conn: Connection) -> tuple[list[Table], list[ForeignKey]]:
    tables = [Table(row["name"], tuple(row["primary_key"])) for row in await conn.fetch(distribute.TABLES)]
    return tables, [ForeignKey(**dict(row)) for row in await conn.fetch(distribute.FOREIGN_KEYS)]


async def test_every_table_is_distributed_once_and_with_its_foreign_keys_dropped(pool: Pool) -> None:
    async with pool.acquire() as conn:
        tables, keys = await catalogue(conn)
    statements = plan(tables, keys)
    placed = [s for s in statements if s.startswith("select create_")]
    assert len(placed) == len(tables) - len(LOCAL)
    for table in tables:
        named = [s for s in placed if f"_table('{table.name}'" in s]
        assert len(named) == (table.name not in LOCAL), table
        assert all(("create_distributed_table" in s) == table.by_tenant for s in named)
    first, last = statements.index(placed[0]), statements.index(placed[-1])
    assert [s.split()[-1] for s in statements[:first]] == [key.name for key in keys]
    assert [s.split()[5] for s in statements[last + 1 :]] == [key.name for key in keys]


async def test_tables_of_a_tenant_are_placed_together(pool: Pool) -> None:
    async with pool.acquire() as conn:
        tables, keys = await catalogue(conn)
    placed = [s for s in plan(tables, keys) if "create_distributed_table" in s]
    first = placed[0].split("'")[1]
    assert placed[0].endswith("colocate_with => 'none')")
    assert all(s.endswith(f"colocate_with => '{first}')") for s in placed[1:])


async def test_keys_can_be_checked_on_one_node(pool: Pool) -> None:
    """Citus allows a unique index, and a reference between distributed tables, only with the tenant in it."""
    async with pool.acquire() as conn:
        tables, keys = await catalogue(conn)
        unique = await conn.fetch(UNIQUE)
    by_tenant = {table.name for table in tables if table.by_tenant}
    assert len(by_tenant) > 15
    for index in unique:
        assert index["table"] not in by_tenant or "tenant_id" in index["columns"], index["index"]
    for key in keys:
        assert key.table in by_tenant or key.referenced not in by_tenant, key
        assert key.referenced not in by_tenant or key.definition.count("tenant_id") == 2, key


async def test_foreign_keys_are_the_same_afterwards(pool: Pool) -> None:
    async with pool.acquire() as conn:
        tables, keys = await catalogue(conn)
        transaction = conn.transaction()
        await transaction.start()
        for statement in plan(tables, keys):
            if statement.startswith("alter"):
                await conn.execute(statement)
        assert await catalogue(conn) == (tables, keys)
        await transaction.rollback()


async def test_a_second_run_distributes_what_a_migration_added(pool: Pool) -> None:
    async with pool.acquire() as conn:
        tables, keys = await catalogue(conn)
    assert plan(tables, keys, {table.name for table in tables}) == []
    statements = plan(tables, keys, {table.name for table in tables} - {"preview"})
    placed = [s for s in statements if s.startswith("select")]
    assert len(placed) == 1
    assert placed[0].startswith("select create_distributed_table('preview', 'tenant_id', colocate_with => ")
    assert {s.split()[2] for s in statements if s.startswith("alter")} == {"preview"}


async def test_a_database_without_citus_is_refused_and_left_alone(
    fresh_database: Callable[..., AbstractAsyncContextManager[str]],
) -> None:
    async with fresh_database() as dsn:
        conn = await asyncpg.connect(dsn)
        try:
            before = await catalogue(conn)
            with pytest.raises(OperatorError, match="create extension citus"):
                await distribute.distribute(conn)
            assert await catalogue(conn) == before
        finally:
            await conn.close()
