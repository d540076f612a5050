"""Distribution over a Citus cluster: each tenant's rows together on one node.

Tables with `tenant_id` in their primary key are distributed by it and placed together, so that every statement, which
serves one tenant, runs on one node with its foreign keys. The other tables, a few rows each, are copied to every node
(reference tables). `migration` stays where migrations run.

Foreign keys are dropped and created again around it: Citus accepts no distributed table while one that is still local
refers to it or is referred to. All of it is one transaction; a database that refuses is left as it was.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import asyncpg
import structlog

from tongdai.db.migrate import LOCK
from tongdai.db.pool import Connection
from tongdai.errors import OperatorError

log = structlog.get_logger()

LOCAL = frozenset({"migration"})
"""Tables that only the session's connection uses."""


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    primary_key: tuple[str, ...]

    @property
    def by_tenant(self) -> bool:
        """Whether the table is distributed by tenant; otherwise it is copied to every node."""
        return "tenant_id" in self.primary_key and self.name != "tenant"


@dataclass(frozen=True, slots=True)
class ForeignKey:
    table: str
    name: str
    referenced: str
    definition: str
    """The text that follows `add constraint NAME`."""


def plan(tables: Sequence[Table], foreign_keys: Sequence[ForeignKey], done: Collection[str] = frozenset()) -> list[str]:
    """The statements that distribute the tables which are not `done` yet, in order; none when all are."""
    left = [table for table in tables if table.name not in LOCAL and table.name not in done]
    names = {table.name for table in left}
    keys = [key for key in foreign_keys if key.table in names or key.referenced in names]
    together = next((table.name for table in tables if table.by_tenant and table.name in done), None)
    statements = [f"alter table {key.table} drop constraint {key.name}" for key in keys]
    statements += [f"select create_reference_table('{table.name}')" for table in left if not table.by_tenant]
    for table in left:
        if table.by_tenant:
            colocated = together or "none"
            statements.append(
                f"select create_distributed_table('{table.name}', 'tenant_id', colocate_with => '{colocated}')"
            )
            together = together or table.name
    return statements + [f"alter table {key.table} add constraint {key.name} {key.definition}" for key in keys]


HAS_CITUS = "select exists (select from pg_extension where extname = 'citus')"
TABLES = """
select c.relname::text as name, array(
    select a.attname::text from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey)
    where i.indrelid = c.oid and i.indisprimary order by array_position(i.indkey::smallint[], a.attnum)
) as primary_key
from pg_class c
where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
order by c.relname
"""
FOREIGN_KEYS = """
select conrelid::regclass::text as "table", quote_ident(conname) as name, confrelid::regclass::text as referenced,
    pg_get_constraintdef(oid) as definition
from pg_constraint
where contype = 'f' and conparentid = 0 and connamespace = current_schema()::regnamespace
order by conrelid::regclass::text, conname
"""
DONE = "select logicalrelid::text as name from pg_dist_partition where partmethod = 'h' or repmodel = 't'"


async def distribute(conn: Connection) -> list[str]:
    """Distribute every table that is not distributed yet, and return the names of these; OperatorError without Citus.

    On the coordinator of the cluster, on a migrated database, while nothing else uses it.
    """
    if not await conn.fetchval(HAS_CITUS):
        raise OperatorError(
            "the database has no Citus: install it on every node, run `create extension citus` in this database and "
            "add the nodes with citus_add_node, then repeat"
        )
    try:
        async with conn.transaction():
            await conn.execute("select pg_advisory_xact_lock($1)", LOCK)
            return await _distribute(conn)
    except asyncpg.PostgresError as error:
        raise OperatorError(f"nothing was distributed: {error}") from error


async def _distribute(conn: Connection) -> list[str]:
    tables = [Table(row["name"], tuple(row["primary_key"])) for row in await conn.fetch(TABLES)]
    done = {row["name"] for row in await conn.fetch(DONE)}
    keys = [ForeignKey(**dict(row)) for row in await conn.fetch(FOREIGN_KEYS)]
    # One connection to each node: what one statement created there the next one must see.
    await conn.execute("set local citus.multi_shard_modify_mode = 'sequential'")
    for statement in plan(tables, keys, done):
        await conn.execute(statement)
    return [table.name for table in tables if table.name not in LOCAL | done]
