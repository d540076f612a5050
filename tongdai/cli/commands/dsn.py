"""`tongdai dsn`."""

import asyncio
from pathlib import Path

import click

from tongdai.cli.database import database_options
from tongdai.db.embedded import server as embedded
from tongdai.errors import OperatorError
from tongdai.settings import Settings


@click.command
@database_options
def dsn(settings: Settings) -> None:
    """Print the DSN of the running server's database, for psql and pg_dump. It contains the password.

    \b
    Examples:
      tongdai dsn --data-dir ./data
      pg_dump --format=custom --file=tongdai.dump "$(tongdai dsn --data-dir ./data)"
    """
    found = (
        settings.session_database_url or settings.database_url or asyncio.run(embedded.attach(Path(settings.data_dir)))
    )
    if found is None:
        raise OperatorError(f"no server runs on {settings.data_dir}: start one with tongdai serve")
    click.echo(found)
