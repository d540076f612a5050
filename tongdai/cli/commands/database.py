"""`tongdai migrate` and `tongdai dsn`."""

import asyncio
from pathlib import Path

import click

from tongdai.cli.database import database_options, run_unmigrated
from tongdai.cli.tables import counted
from tongdai.db import distribute as distribution
from tongdai.db import migrate as migrations
from tongdai.db.embedded import server as embedded
from tongdai.errors import OperatorError
from tongdai.settings.declarations import Settings


@click.command
@click.option("--distribute", is_flag=True, help="Then distribute the tables over the nodes of a Citus cluster.")
@database_options
def migrate(settings: Settings, distribute: bool) -> None:
    """Migrate the database to this version's schema, and print what was done.

    `serve` does so too; this command is for operators who want it done before, or by another database user.

    \b
    Examples:
      tongdai migrate --database-url postgresql://owner:secret@db.example/tongdai
      tongdai migrate --database-url postgresql://owner:secret@citus.example/tongdai --distribute
    """
    names = {migration.number: migration.name for migration in migrations.read()}
    applied = run_unmigrated(settings, migrations.migrate)
    for number in applied:
        click.echo(f"Applied migration {number} ({names[number]})")
    if not applied:
        click.echo(f"Nothing to do: the database is at migration {max(names)}, the newest")
    if distribute:
        done = run_unmigrated(settings, distribution.distribute)
        click.echo(
            f"Distributed {counted(len(done), 'table')}: {', '.join(done)}" if done else "All tables are distributed"
        )


@click.command
@database_options
def dsn(settings: Settings) -> None:
    """Print the DSN of the running server's database, for psql. It contains the password.

    \b
    Examples:
      tongdai dsn --data-dir ./data
      psql "$(tongdai dsn --data-dir ./data)"
    """
    found = (
        settings.session_database_url or settings.database_url or asyncio.run(embedded.attach(Path(settings.data_dir)))
    )
    if found is None:
        raise OperatorError(f"no server runs on {settings.data_dir}: start one with tongdai serve")
    click.echo(found)
