"""SQL of backups and restores."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tongdai.backup.model import Migration
from tongdai.db.migrate import LOCK
from tongdai.db.pool import Connection

SERVER = "select current_setting('server_version_num')::integer"


async def server_version(conn: Connection) -> int:
    return await conn.fetchval(SERVER)


DISTRIBUTED = "select exists (select from pg_extension where extname = 'citus')"


async def is_distributed(conn: Connection) -> bool:
    """Whether it is a node of a Citus cluster."""
    return await conn.fetchval(DISTRIBUTED)


SCHEMA = "select current_schema()"


async def schema(conn: Connection) -> str | None:
    """The schema that tables are made in; None: there is none."""
    return await conn.fetchval(SCHEMA)


@dataclass(frozen=True, slots=True)
class Contents:
    """A database at the instant of a snapshot."""

    schema: str
    taken_at: datetime
    snapshot: str
    """The name by which pg_dump finds the snapshot."""


# The session idles while pg_dump works.
UNHURRIED = "set local idle_in_transaction_session_timeout = 0"
UNHURRIED_STATEMENT = "set local statement_timeout = 0"
CONTENTS = "select current_schema() as schema, now() as taken_at, pg_export_snapshot() as snapshot"


async def contents(conn: Connection) -> Contents:
    """The snapshot of the transaction, which is to be of repeatable read, and which may last."""
    await conn.execute(UNHURRIED)
    await conn.execute(UNHURRIED_STATEMENT)
    row = await conn.fetchrow(CONTENTS)
    assert row is not None
    return Contents(**dict(row))


MIGRATED = "select to_regclass('migration') is not null"
MIGRATIONS = "select number, name, checksum from migration order by number"


async def migrations(conn: Connection) -> list[Migration]:
    """The migrations that were applied; none: it is no database of Tongdai."""
    if not await conn.fetchval(MIGRATED):
        return []
    return [Migration(**dict(row)) for row in await conn.fetch(MIGRATIONS)]


TABLES = """
select c.relname::text as name from pg_class c
where c.relnamespace = current_schema()::regnamespace and c.relkind = any($1::text[]::"char"[])
    and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
order by c.relname
"""


async def tables(conn: Connection) -> list[str]:
    """The tables that have rows: of one with partitions, these."""
    return [row["name"] for row in await conn.fetch(TABLES, ["r"])]


async def relations(conn: Connection) -> list[str]:
    """All tables, those with partitions too."""
    return [row["name"] for row in await conn.fetch(TABLES, ["r", "p"])]


def rows_of(table: str) -> str:
    """The statement that counts the rows of a table, without those of its partitions."""
    return f'select count(*) from only "{table}"'


async def count(conn: Connection, names: Iterable[str]) -> dict[str, int]:
    """The rows of tables, in the snapshot of the transaction."""
    return {name: await conn.fetchval(rows_of(name)) for name in names}


RUNNING = """
select coalesce(array_agg(distinct application_name), '{}') from pg_stat_activity
where datname = current_database() and application_name ^@ 'tongdai ' and pid <> pg_backend_pid()
"""


async def connected(conn: Connection) -> Sequence[str]:
    """The names of the sessions of other processes of Tongdai on this database."""
    return await conn.fetchval(RUNNING)


VACUUM = "vacuum (analyze)"


async def vacuum(conn: Connection) -> None:
    """Collect the statistics that the planner needs."""
    await conn.execute(VACUUM)


# The script of a restore: one transaction, whose end compares what was restored with the manifest.


def before_restore(former: Iterable[str]) -> str:
    """Its beginning, in which the former tables go. Whoever migrates waits, and finds the restored tables."""
    drops = "".join(f'drop table if exists "{name}" cascade;\n' for name in former)
    return (
        f"begin;\nset local lock_timeout = '60s';\nset local client_min_messages = warning;\n"
        f"select pg_advisory_xact_lock({LOCK});\n{drops}"
    )


def after_restore(schema: str, migrations: Sequence[Migration], rows: Mapping[str, int], hold: str) -> str:
    """Its end: committed when every table has the rows that the backup says, and dialing is held.

    `hold` is the part that holds it.
    """
    checks = "\n".join(
        f"""    {rows_of(name)} into found;
    if found <> {expected} then
        raise exception 'table {name} has % rows after the restore, and had {expected} in the backup', found;
    end if;"""
        for name, expected in rows.items()
    )
    applied = ",".join(f"{one.number} {one.checksum}" for one in migrations)
    verification = f"""do $restore$ declare found bigint; begin
{checks}
    if (select string_agg(number || ' ' || checksum, ',' order by number) from migration) <> '{applied}' then
        raise exception 'the restored database has other migrations than the backup says';
    end if;
    if exists (select from pg_constraint where not convalidated and connamespace = '"{schema}"'::regnamespace) then
        raise exception 'constraints of the restored tables are not validated';
    end if;
end $restore$"""
    return ";\n".join([f'set local search_path = "{schema}"', verification, hold, "commit;\n"])
