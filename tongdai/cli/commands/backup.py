"""`tongdai backup` and `tongdai restore`."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from tongdai.backup import archive, create, installation
from tongdai.backup.model import Manifest
from tongdai.cli.database import database_of, database_options, require_database, run_to_end
from tongdai.cli.steps import Steps, steps
from tongdai.db import pool
from tongdai.errors import OperatorError
from tongdai.settings.declarations import Settings


@click.command
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--with-pepper", is_flag=True, help="Put the key pepper into the file too: then keep the file as a secret."
)
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@database_options
def backup(settings: Settings, file: Path, with_pepper: bool, force: bool) -> None:
    """Write a backup of the database to a file, while the server runs or is stopped.

    The file holds all data of all tenants, as of the instant at which the command begins. It has mode 0600, and appears
    when it is complete. Without --with-pepper back up key.pepper of the data directory (or TONGDAI_KEY_PEPPER) apart
    from it: without the pepper no API key works.

    \b
    Examples:
      tongdai backup tongdai.backup --data-dir ./data
      tongdai backup /backups/$(date +%F).backup --with-pepper
      tongdai backup tongdai.backup --database-url postgresql://tongdai:secret@db.example/tongdai
    """
    pepper = create.pepper_of(settings) if with_pepper else None
    with steps() as shown:
        manifest = run_to_end(_backup(settings, file, pepper, shown, replace=force))
    click.echo(f"{file}: {_contents(manifest)}{' With the key pepper.' if with_pepper else ''}")
    if not with_pepper and manifest.pepper.fingerprint is not None:
        click.echo("The key pepper is not in it: back it up too, apart from the file.")


async def _backup(settings: Settings, file: Path, pepper: bytes | None, shown: Steps, *, replace: bool) -> Manifest:
    require_database(settings)
    programs = Path(settings.postgres_bin) if settings.postgres_bin else None
    async with database_of(settings) as dsn:
        conn = await pool.reach(dsn, name="tongdai backup")
        try:
            return await create.create(dsn, conn, file, programs, pepper, shown, replace=replace)
        finally:
            conn.terminate()


@click.command
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace the present data without a question.")
@click.option(
    "--new-pepper", is_flag=True, help="The key pepper is lost: revoke all keys, which cannot work without it."
)
@database_options
def restore(settings: Settings, file: Path, force: bool, new_pepper: bool) -> None:
    """Restore a backup into a new data directory, over a stopped one, or into an external database.

    The data is replaced when all of it is restored and verified; a restore that fails or is interrupted leaves what was
    there as it was. In a data directory the former database stays in postgres.former until you delete it. Stop the
    server before, and start it afterwards.

    Dialing is held afterwards: calls that were placed after the backup was made are not in it.

    \b
    Examples:
      tongdai restore tongdai.backup --data-dir ./restored
      tongdai restore tongdai.backup --data-dir ./data --force
      tongdai restore tongdai.backup --database-url postgresql://tongdai:secret@db.example/empty
    """
    with archive.opened(file) as reader, steps() as shown:
        restored = run_to_end(
            installation.restore_installation(
                settings,
                reader,
                lost_pepper=new_pepper,
                confirm=lambda what: shown.paused(lambda: _confirm(what, force=force)),
                progress=shown,
            )
        )
        manifest = reader.manifest
    click.echo(f"Restored and verified: {_contents(manifest)}")
    if restored.keys_revoked:
        click.echo(f"{restored.keys_revoked:,} API keys are revoked, as their pepper is lost: tongdai key create")
    if restored.former is not None:
        click.echo(f"The former database is in {restored.former}: delete it when you need it no more.")
    click.echo(
        f"Dialing is held: calls placed after {_instant(manifest.taken_at)} are not in it, and "
        f"{restored.contacts or 0:,} contacts may have been called since. Start the server, find out which were, then: "
        "tongdai dialing release"
    )


def _confirm(what: str, *, force: bool) -> None:
    if force:
        return
    if not sys.stdin.isatty():
        raise OperatorError(f"{what}: repeat with --force")
    click.confirm(f"{what[0].upper()}{what[1:]}. Continue?", abort=True, err=True)


def _contents(manifest: Manifest) -> str:
    return f"{manifest.rows:,} rows in {len(manifest.tables)} tables, as of {_instant(manifest.taken_at)}."


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"
