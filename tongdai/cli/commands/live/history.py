"""`tongdai calls list` and `show`: calls of both directions, by the API of a running server."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

import click
import msgspec

from tongdai.call_outcome import OUTCOMES
from tongdai.calls.model import CallState, Directions
from tongdai.cli.api_client import client_options
from tongdai.cli.commands.live.callbacks import INSTANT
from tongdai.cli.commands.live.consults import CALL
from tongdai.cli.param_types import ID
from tongdai.cli.tables import json_option, show
from tongdai_client import Client

# The columns of each table, and the fields of the results that they show.
_CALLS = {
    "callId": "call_id",
    "direction": "direction",
    "phoneNumber": "phone_number",
    "campaignId": "campaign_id",
    "queueId": "queue_id",
    "agentId": "agent_id",
    "state": "state",
    "outcome": "outcome",
    "openedAt": "opened_at",
    "talkSec": "talk_sec",
}
_SEGMENTS = {"segment": "kind", "queueId": "queue_id", "agentId": "agent_id", "from": "started_at", "to": "ended_at"}
_OFFERS = {
    "offer": "outcome",
    "queueId": "queue_id",
    "agentId": "agent_id",
    "from": "offered_at",
    "to": "ended_at",
}
_EVENTS = {
    "event": "kind",
    "menu": "menu_name",
    "key": "key",
    "to": "to_kind",
    "target": "to",
    "phone": "endpoint",
    "by": "user_name",
    "at": "at",
}
_PARTIES = {"party": "kind", "target": "target", "agentId": "agent_id", "state": "state", "from": "called_at"}


@click.command("list")
@click.option(
    "--direction",
    type=click.Choice([one.value for one in Directions]),
    help="Without it and --queue: calls to contacts.",
)
@click.option("--queue", "queue_id", metavar="ID", type=ID, help="Calls that reached this queue last.")
@click.option("--campaign", "campaign_id", metavar="ID", type=ID, help="Calls of this campaign.")
@click.option("--agent", "agent_id", metavar="ID", type=ID, help="Calls of this agent.")
@click.option("--number", "phone_number", metavar="NUMBER", help="Calls to this number, or from it.")
@click.option("--outcome", metavar="OUTCOME", type=click.Choice(OUTCOMES), help="Calls that ended so.")
@click.option("--state", type=click.Choice([one.value for one in CallState]), help="Calls in this state.")
@click.option("--from", "opened_from", metavar="TIME", type=INSTANT, help="Calls that began then or later.")
@click.option("--to", "opened_before", metavar="TIME", type=INSTANT, help="Calls that began before.")
@click.option(
    "--limit", metavar="N", type=click.IntRange(1), default=100, show_default=True, help="The most calls to print."
)
@json_option
@client_options("report")
def list_(
    client: Client,
    direction: str | None,
    queue_id: int | None,
    campaign_id: int | None,
    agent_id: int | None,
    phone_number: str | None,
    outcome: str | None,
    state: str | None,
    opened_from: datetime | None,
    opened_before: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """List calls, newest first, also those of callers.

    \b
    Example:
      tongdai calls list --direction inbound --queue 1001226 --limit 20
    """
    found = client.calls(
        direction=direction,
        queue_id=queue_id,
        campaign_id=campaign_id,
        agent_id=agent_id,
        phone_number=phone_number,
        outcome=outcome,
        state=state,
        opened_from=opened_from,
        opened_before=opened_before,
    )
    _show(_CALLS, list(islice(found, limit)), as_json=as_json)


@click.command("show")
@CALL
@json_option
@client_options("report")
def show_(client: Client, call_id: UUID, as_json: bool) -> None:
    """Show a call with its segments, events and offers.

    \b
    Example:
      tongdai calls show 5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11
    """
    call = client.call(str(call_id))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(call), indent=2))
        return
    _show(_CALLS, [call])
    tables = (
        (_SEGMENTS, call.segments),
        (_EVENTS, call.events),
        (_OFFERS, call.offers),
        (_PARTIES, call.parties),
    )
    for columns, found in tables:
        if found:
            _show(columns, found)
    if call.held_until is not None:
        click.echo("The customer is on hold.")
    if call.muted:
        click.echo("The agent is muted.")


def _show(columns: Mapping[str, str], found: Sequence[object], *, as_json: bool = False) -> None:
    rows = [{name: getattr(one, field) for name, field in columns.items()} for one in found]
    show(list(columns), rows, as_json=as_json)


COMMANDS = (list_, show_)
