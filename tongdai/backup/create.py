"""Creating a backup: a dump of one snapshot of the database, which may be in use."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from tongdai import __version__
from tongdai.backup import archive, programs, store
from tongdai.backup.model import FORMAT, Dump, Manifest, Pepper
from tongdai.backup.progress import Progress
from tongdai.db.dsn import without_password
from tongdai.db.pool import Connection
from tongdai.errors import OperatorError
from tongdai.settings.declarations import Settings
from tongdai.tenants import key_format
from tongdai.tenants import store as tenants

LOCK_WAIT_S = 60
COMPRESSION = 3
"""The level of gzip: a third of the default's time for a tenth more bytes."""


def pepper_of(settings: Settings) -> bytes:
    """The pepper of an installation, from its settings or its data directory; OperatorError when it is not there."""
    data_dir = Path(settings.data_dir)
    found = settings.key_pepper.encode() if settings.key_pepper is not None else key_format.present_pepper(data_dir)
    if found is None:
        raise OperatorError(
            f"{data_dir / key_format.PEPPER_FILE} is missing: name the server's data directory with --data-dir, or set "
            "TONGDAI_KEY_PEPPER"
        )
    return found


async def create(
    dsn: str,
    conn: Connection,
    path: Path,
    postgres_bin: Path | None,
    pepper: bytes | None,
    progress: Progress,
    *,
    replace: bool,
) -> Manifest:
    """Write a backup of a database to a file, and return its manifest.

    `conn` is a session on the database of the DSN. `pepper` is put into the file; None: it is not. `replace` a file
    that exists. When it fails there is no file, or the former one.
    """
    if await store.is_distributed(conn):
        raise OperatorError("the database is a Citus cluster: back it up with the tools of Citus")
    version = await store.server_version(conn)
    clients = await asyncio.to_thread(programs.find_clients, version // 10_000, postgres_bin)
    with archive.created(path, replace=replace) as writer:
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            migrations = await store.migrations(conn)
            if not migrations:
                raise OperatorError("the database holds no data of Tongdai")
            contents = await store.contents(conn)
            fingerprint = await tenants.pepper_fingerprint(conn)
            if pepper is not None and fingerprint != key_format.fingerprint(pepper):
                raise OperatorError("the key pepper is not the one that this database's keys were made with")
            progress.step("Backing up")
            counting = asyncio.create_task(_rows(conn))
            try:
                dump = await _dump(clients, dsn, contents, writer, progress)
                tables = await counting
            finally:
                counting.cancel()
                await asyncio.wait([counting])  # before the session ends the transaction
        if pepper is not None:
            writer.pepper(pepper)
        manifest = Manifest(
            format=FORMAT,
            tongdai=__version__,
            taken_at=contents.taken_at,
            postgresql=version,
            schema=contents.schema,
            migrations=migrations,
            tables=tables,
            dump=dump,
            pepper=Pepper(fingerprint, included=pepper is not None),
        )
        writer.finish(manifest)
    return manifest


async def _rows(conn: Connection) -> dict[str, int]:
    return await store.count(conn, await store.tables(conn))


async def _dump(clients: Path, dsn: str, contents: store.Contents, writer: archive.Writer, progress: Progress) -> Dump:
    url, password = without_password(dsn)
    program = await programs.start(
        clients,
        "pg_dump",
        "--format=custom",
        f"--compress={COMPRESSION}",
        "--no-owner",
        "--no-privileges",
        f'--table="{contents.schema}".*',
        f"--snapshot={contents.snapshot}",
        f"--lock-wait-timeout={LOCK_WAIT_S}s",
        f"--dbname={url}",
        environment={} if password is None else {"PGPASSWORD": password},
    )
    try:
        program.close_input()
        dump = await writer.dump(_counted(program.output(archive.CHUNK), progress))
        await program.succeeded()
    finally:
        await program.kill()
    return dump


async def _counted(chunks: AsyncIterator[bytes], progress: Progress) -> AsyncIterator[bytes]:
    done = 0
    async for chunk in chunks:
        done += len(chunk)
        progress.done(done)
        yield chunk
