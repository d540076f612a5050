"""`tongdai health`, by the API of a running server."""

import click
import msgspec

from tongdai.cli.api_client import client_options
from tongdai.cli.tables import json_option, show
from tongdai_client import Client


@click.command
@json_option
@client_options("report")
def health(client: Client, as_json: bool) -> None:
    """Show what works for a tenant, and what to do where it does not.

    The exit status is 1 if a part does not work.

    \b
    Example:
      tongdai health
    """
    found = client.health()
    rows = [msgspec.to_builtins(part) for part in found.parts]
    show(
        ["part", "state", "reason", "message"],
        [{**row, "message": row["message"] or ""} for row in rows],
        as_json=as_json,
    )
    if found.state == "failed":
        click.get_current_context().exit(1)
