"""`tongdai campaign timeline`: a campaign's calls over time, by the API of a running server."""

from datetime import datetime

import click
import msgspec

from tongdai.calls.timeline.model import Step
from tongdai.cli.api_client import client_options
from tongdai.cli.param_types import ID, INSTANT
from tongdai.cli.tables import json_option, show
from tongdai_client import Client

_COLUMNS = ["at", "calls", "answered", "abandoned", "abandonedRate24h", "talking", "idle"]


@click.command
@click.argument("campaign_id", metavar="ID", type=ID)
@click.option(
    "--step",
    type=click.Choice([one.value for one in Step]),
    default=Step.MINUTE.value,
    show_default=True,
    help="Length of the intervals.",
)
@click.option("--from", "since", metavar="TIME", type=INSTANT, help="The first one.")
@click.option("--to", "before", metavar="TIME", type=INSTANT, help="Where they end; now without it.")
@json_option
@client_options("campaign")
def timeline(
    client: Client, campaign_id: int, step: str, since: datetime | None, before: datetime | None, as_json: bool
) -> None:
    """Show a campaign's calls over time, with the abandonment rate.

    Minutes are of the last hour, hours of the last day, unless times are given.

    \b
    Example:
      tongdai campaign timeline 1042 --step hour
    """
    found = client.campaign_timeline(campaign_id, step=step, since=since, before=before)
    show(_COLUMNS, [msgspec.to_builtins(point, builtin_types=(datetime,)) for point in found.data], as_json=as_json)
