"""`tongdai agent today` and `tongdai agent pause-reasons`, by the API of a running server."""

import click

from tongdai.agents.model import MAX_REASON
from tongdai.cli.api_client import client_options
from tongdai.cli.commands.live.agents import AGENT, agent_id_of
from tongdai.cli.param_types import Text
from tongdai.cli.tables import json_option, show
from tongdai_client import Client


@click.command
@AGENT
@json_option
@client_options("agent")
def today(client: Client, named: str, as_json: bool) -> None:
    """Show the figures of an agent since midnight of the tenant.

    \b
    Example:
      tongdai agent today 7
    """
    found = client.agent_today(agent_id_of(client, named))
    row: dict[str, object] = {
        "zone": found.zone,
        "since": found.since,
        "callsIn": found.calls_in,
        "callsOut": found.calls_out,
        "talkSec": found.talk_sec,
        "holdSec": found.hold_sec,
        "wrapUpSec": found.wrap_up_sec,
        "offers": found.offers,
        "missedOffers": found.missed_offers,
        "signedInSec": found.states.signed_in_sec,
        "idleSec": found.states.idle_sec,
        "pausedSec": found.states.paused_sec,
        "pauses": " ".join(f"{reason}={seconds}" for reason, seconds in found.states.pauses.items()),
    }
    show(list(row), [row], as_json=as_json)


@click.command("pause-reasons")
@click.option(
    "--set", "reasons", multiple=True, type=Text(), help=f"A reason, 1 to {MAX_REASON} characters. Repeatable."
)
@click.option("--clear", is_flag=True, help="Agents are offered no reasons.")
@json_option
@client_options("agent")
def pause_reasons(client: Client, reasons: tuple[str, ...], clear: bool, as_json: bool) -> None:
    """List or replace the reasons for pauses.

    Agents choose from them.

    \b
    Examples:
      tongdai agent pause-reasons
      tongdai agent pause-reasons --set Lunch --set "Short break"
    """
    if clear and reasons:
        raise click.UsageError("--clear removes what --set sets.")
    if clear or reasons:
        click.echo(client.set_pause_reasons(list(reasons)).message)
        return
    show(["reason"], [{"reason": reason} for reason in client.pause_reasons().reasons], as_json=as_json)
