"""Restoring a backup into a database: one transaction that replaces the tables, committed once it is verified.

    the file ─▶ pg_restore (the archive → SQL) ─▶ psql (begin … commit) ─▶ the database

psql gets its `commit` only after pg_restore has succeeded and the checksum of the dump was right, behind statements
that compare the rows of each table with the manifest and hold dialing. Until then all can be killed, and the database
has what it had before.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tongdai.backup import programs, store
from tongdai.backup.archive import Reader
from tongdai.backup.model import Manifest, unfit
from tongdai.backup.programs import Ended, Program
from tongdai.backup.progress import Progress
from tongdai.calls import retention
from tongdai.db import migrate
from tongdai.db.dsn import without_password
from tongdai.db.pool import Connection
from tongdai.dialing import store as dialing
from tongdai.dialing.model import HoldReason
from tongdai.errors import OperatorError
from tongdai.tenants import store as tenants

PIPE = 1 << 18
_MADE = re.compile(r"^create table (?:if not exists )?(\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Outcome:
    contacts: int | None
    """How many contacts may have been called since the backup was made."""
    keys_revoked: int


def check(manifest: Manifest, server_major: int) -> None:
    """Raise OperatorError when this version cannot restore a backup into a server of that PostgreSQL version."""
    known = {migration.number: migration.checksum for migration in migrate.read()}
    if (why := unfit(manifest, known, server_major)) is not None:
        raise OperatorError(why)


async def former_tables(conn: Connection, manifest: Manifest) -> list[str]:
    """The tables that a restore replaces; OperatorError when the database is not one to restore into."""
    if await store.is_distributed(conn):
        raise OperatorError("the database is a Citus cluster: restore it with the tools of Citus")
    if (schema := await store.schema(conn)) != manifest.schema:
        raise OperatorError(
            f"the backup's tables are in schema {manifest.schema}, and this role's would be in {schema or 'none'}: "
            f"create the schema, and set the role's search_path to it"
        )
    if connected := await store.connected(conn):
        raise OperatorError(
            f"processes of Tongdai use the database ({', '.join(connected)}): stop every `tongdai serve` on it, then "
            "repeat"
        )
    former = await store.relations(conn)
    others = [name for name in former if not _is_ours(name)]
    if others:
        raise OperatorError(
            f"the database has tables that are not Tongdai's ({', '.join(others[:5])}): restore into one of its own"
        )
    return former


def _is_ours(name: str) -> bool:
    made = {name for migration in migrate.read() for name in _MADE.findall(migration.sql)}
    months = re.fullmatch(rf"({'|'.join(retention.TABLES)})_\d{{4}}_\d\d", name)
    return name in made | {"migration"} or months is not None


async def restore(
    dsn: str,
    conn: Connection,
    reader: Reader,
    former: Sequence[str],
    postgres_bin: Path | None,
    fingerprint: str | None,
    progress: Progress,
) -> Outcome:
    """Restore a backup into a database in place of its `former` tables, hold dialing, and migrate it.

    `conn` is a session on the database of the DSN. `fingerprint` is that of the installation's pepper; None: the
    backup's is lost, and its keys are revoked.
    """
    clients = await asyncio.to_thread(programs.find_clients, await store.server_version(conn) // 10_000, postgres_bin)
    await _load(clients, dsn, reader, former, progress)
    progress.step("Migrating and analysing")
    await migrate.migrate(conn)
    revoked = 0
    if fingerprint is None:
        revoked = await tenants.revoke_all_keys(conn)
    elif reader.manifest.pepper.fingerprint is not None:
        await tenants.check_pepper(conn, fingerprint)
    hold = await dialing.current(conn)
    assert hold is not None, "the restore has placed it, and nothing runs that releases it"
    assert hold.reason is HoldReason.RESTORED, hold
    await dialing.record(conn, hold)
    await store.vacuum(conn)
    return Outcome(await dialing.uncertain(conn, hold), revoked)


async def _load(clients: Path, dsn: str, reader: Reader, former: Sequence[str], progress: Progress) -> None:
    manifest = reader.manifest
    url, password = without_password(dsn)
    pg_restore = await programs.start(clients, "pg_restore", "--file=-", "--no-owner", "--no-privileges")
    psql = await programs.start(
        clients,
        "psql",
        "--no-psqlrc",
        "--quiet",
        "--set=ON_ERROR_STOP=1",
        "--output=/dev/null",
        f"--dbname={url}",
        environment={} if password is None else {"PGPASSWORD": password},
    )
    hold = dialing.hold_restored(manifest.taken_at)
    try:
        await psql.send(store.before_restore(former).encode())
        progress.step("Restoring", manifest.dump.bytes)
        async with asyncio.TaskGroup() as group:
            group.create_task(_feed(pg_restore, reader, progress))
            group.create_task(_pipe(pg_restore, psql))
        await pg_restore.succeeded()
        progress.step("Verifying")
        await psql.send(store.after_restore(manifest.schema, manifest.migrations, manifest.tables, hold).encode())
        psql.close_input()
        await psql.succeeded()
    except (Ended, ExceptionGroup) as error:
        first = _first(error)
        if isinstance(first, Ended):
            await first.program.succeeded()  # raises why it did not
        raise first from None
    finally:
        await pg_restore.kill()
        await psql.kill()


async def _feed(pg_restore: Program, reader: Reader, progress: Progress) -> None:
    done = 0
    for chunk in reader.dump():
        await pg_restore.send(chunk)
        done += len(chunk)
        progress.done(done)
    pg_restore.close_input()


async def _pipe(pg_restore: Program, psql: Program) -> None:
    async for chunk in pg_restore.output(PIPE):
        await psql.send(chunk)


def _first(error: "Ended | ExceptionGroup[Exception]") -> Exception:
    """The exception itself, or the first one of a group."""
    return error if isinstance(error, Ended) else error.exceptions[0]
