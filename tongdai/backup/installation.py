"""Restoring an installation: its embedded database or an external one, and its key pepper."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tongdai.backup import pepper as peppers
from tongdai.backup import restore, store
from tongdai.backup.archive import Reader
from tongdai.backup.progress import Progress
from tongdai.db import pool
from tongdai.db.embedded import exchange, programs, replacement, server
from tongdai.errors import OperatorError
from tongdai.settings.declarations import Settings
from tongdai.tenants import key_format


@dataclass(frozen=True, slots=True)
class Restored:
    contacts: int | None
    """How many contacts may have been called since the backup was made."""
    keys_revoked: int
    former: Path | None
    """Where the former cluster is; None: there was none, or it is an external database."""


async def restore_installation(
    settings: Settings, reader: Reader, *, lost_pepper: bool, confirm: Callable[[str], None], progress: Progress
) -> Restored:
    """Restore a backup; OperatorError, or what `confirm` raises, leave the installation as it was.

    `confirm` is called with what is about to be replaced, if anything is. `lost_pepper`: revoke all keys if their
    pepper is not there.
    """
    data_dir = Path(settings.data_dir)
    chosen = peppers.choose(
        reader.manifest.pepper.fingerprint,
        setting=None if settings.key_pepper is None else settings.key_pepper.encode(),
        included=reader.pepper(),
        present=key_format.present_pepper(data_dir),
        lost=lost_pepper,
    )
    if settings.database_url is None:
        return await _embedded(settings, data_dir, reader, chosen, confirm, progress)
    dsn = settings.session_dsn(settings.database_url)
    outcome = await _into(dsn, settings, reader, chosen, confirm, progress)
    if chosen.to_write is not None:
        key_format.replace_pepper(data_dir, chosen.to_write)
    return Restored(outcome.contacts, outcome.keys_revoked, None)


async def _embedded(
    settings: Settings,
    data_dir: Path,
    reader: Reader,
    chosen: peppers.Choice,
    confirm: Callable[[str], None],
    progress: Progress,
) -> Restored:
    restore.check(reader.manifest, programs.MAJOR)
    if (owner := server.owner_of(data_dir)) is not None:
        raise OperatorError(f"process {owner} runs the database in {data_dir}: stop it (tongdai serve), then repeat")
    if exchange.has_cluster(data_dir):
        confirm(f"{data_dir} has a database, which stays beside the restored one as postgres.former")
    _verify(reader, progress)
    progress.step("Making a database")
    async with replacement.replacement(data_dir, _programs(settings)) as new:
        outcome = await _into(new.dsn, settings, reader, chosen, confirm, progress)
        if chosen.to_write is not None:
            new.put_beside(key_format.PEPPER_FILE, chosen.to_write)
        progress.step("Putting it in place")
    return Restored(outcome.contacts, outcome.keys_revoked, new.former)


async def _into(
    dsn: str,
    settings: Settings,
    reader: Reader,
    chosen: peppers.Choice,
    confirm: Callable[[str], None],
    progress: Progress,
) -> restore.Outcome:
    conn = await pool.reach(dsn, name="tongdai restore")
    try:
        restore.check(reader.manifest, await store.server_version(conn) // 10_000)
        former = await restore.former_tables(conn, reader.manifest)
        if former:
            confirm(f"the database at {pool.host_of(dsn)} has {len(former)} tables, which are replaced for good")
        if settings.database_url is not None:
            _verify(reader, progress)
        return await restore.restore(dsn, conn, reader, former, _programs(settings), chosen.fingerprint, progress)
    finally:
        conn.terminate()


def _verify(reader: Reader, progress: Progress) -> None:
    """Read all of the backup before anything is touched."""
    progress.step("Checking the file", reader.manifest.dump.bytes)
    reader.verify(progress)


def _programs(settings: Settings) -> Path | None:
    return None if settings.postgres_bin is None else Path(settings.postgres_bin)
