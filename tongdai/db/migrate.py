"""Migrations: numbered SQL files, each one transaction, applied in order by one process at a time."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from tongdai.db.pool import COMMAND_TIMEOUT_S, LOCK_TIMEOUT_S, Connection
from tongdai.errors import OperatorError

FOLDER = Path(__file__).parent / "migrations"
LOCK = 0x746F6E67  # an advisory lock: processes that migrate at once take turns
_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read(folder: Path = FOLDER) -> list[Migration]:
    """The migrations of a folder, 1, 2, 3, … without a gap."""
    found: list[Migration] = []
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None or int(match[1]) != len(found) + 1:
            raise OperatorError(f"migration {path.name}: expected {len(found) + 1:04d}_name.sql")
        found.append(Migration(int(match[1]), match[2], path.read_text("utf-8")))
    return found


async def migrate(conn: Connection, migrations: list[Migration] | None = None) -> list[int]:
    """Apply the missing migrations and return their numbers.

    Each is one transaction: a crash leaves the version before it intact. A database that a newer Tongdai has migrated,
    or whose applied migrations differ from ours, is refused with OperatorError and not changed.
    """
    await conn.execute("select pg_advisory_lock($1)", LOCK)
    try:
        return await _apply(conn, read() if migrations is None else migrations)
    finally:
        await conn.execute("select pg_advisory_unlock($1)", LOCK)


# Settings of every session of this user in this database; as startup parameters PgBouncer would refuse them. Compiling
# takes longer than these statements, and those whose plans are restricted look expensive to the planner. The limits are
# those of a request's statements; see `pool` for others.
ROLE_SETTINGS = f"""
do $$
declare wanted text;
begin
    foreach wanted in array array[
        'jit=off', 'lock_timeout={round(LOCK_TIMEOUT_S)}s', 'statement_timeout={round(COMMAND_TIMEOUT_S)}s'
    ] loop
        if not exists (
            select from pg_db_role_setting s
            where s.setdatabase = (select oid from pg_database where datname = current_database())
                and s.setrole = current_user::regrole and wanted = any(s.setconfig)
        ) then
            execute format(
                'alter role current_user in database %I set %I = %L',
                current_database(), split_part(wanted, '=', 1), split_part(wanted, '=', 2)
            );
        end if;
    end loop;
end $$
"""  # noqa: S608 - numbers of ours


async def _apply(conn: Connection, migrations: list[Migration]) -> list[int]:
    await conn.execute(
        """create table if not exists migration (
               number integer primary key, name text not null, checksum text not null,
               applied_at timestamptz not null default now())"""
    )
    known = {m.number: m for m in migrations}
    applied = await conn.fetch("select number, name, checksum from migration order by number")
    for row in applied:
        ours = known.get(row["number"])
        if ours is None:
            raise OperatorError(
                f"the database has migration {row['number']} ({row['name']}), which this version does not know: "
                "it was migrated by a newer Tongdai; start that one"
            )
        if ours.checksum != row["checksum"]:
            raise OperatorError(
                f"the database has another migration {ours.number} ({ours.name}) than this version: it belongs to an "
                "earlier development version, and is left unchanged. Start that version on it, or this one on an empty "
                "database: another --data-dir or --database-url"
            )
    await conn.execute(ROLE_SETTINGS)
    done: list[int] = []
    for migration in migrations[len(applied) :]:
        async with conn.transaction():
            await conn.execute(migration.sql)
            await conn.execute(
                "insert into migration (number, name, checksum) values ($1, $2, $3)",
                migration.number,
                migration.name,
                migration.checksum,
            )
        done.append(migration.number)
    return done
