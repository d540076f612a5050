"""`tongdai migrate`."""

import click

from tongdai.cli.database import database_options, run_unmigrated
from tongdai.db import migrate as migrations
from tongdai.settings import Settings


@click.command
@database_options
def migrate(settings: Settings) -> None:
    """Bring the database to this version's tables, and tell what was done.

    `serve` does so by itself; this is for who wants it done before, or by another user of the database.

    \b
    Example:
      tongdai migrate --database-url postgresql://owner:secret@db.example/tongdai
    """
    names = {migration.number: migration.name for migration in migrations.read()}
    applied = run_unmigrated(settings, migrations.migrate)
    for number in applied:
        click.echo(f"Applied migration {number} ({names[number]})")
    if not applied:
        click.echo(f"Nothing to do: the database is at migration {max(names)}, the newest")
