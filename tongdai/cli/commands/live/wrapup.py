"""`tongdai wrapup`, by the API of a running server."""

from datetime import datetime
from uuid import UUID

import click

from tongdai.agents.wrap_up.model import MAX_TIMED_S, WrapUpMode
from tongdai.cli.api_client import client_options
from tongdai.cli.param_types import ID, Text
from tongdai.cli.tables import json_option, show
from tongdai_client import Client, WrapUpCode


@click.group
def wrapup() -> None:
    """Create wrap-up codes, and set those of calls, by a running server.

    \b
    Example:
      tongdai wrapup create --name Sold --success
    """


@wrapup.command
@click.option("--name", required=True, type=Text(), help="The name that agents read.")
@click.option("--success", is_flag=True, help="The contact is done.")
@click.option("--callback", is_flag=True, help="The contact is called again at a time that comes with the code.")
@click.option("--do-not-call", is_flag=True, help="The number goes on a do-not-call list.")
@click.option("--number-unusable", is_flag=True, help="The number does not reach the contact.")
@client_options("agent")
def create(client: Client, name: str, success: bool, callback: bool, do_not_call: bool, number_unusable: bool) -> None:
    """Create a wrap-up code, and print its id.

    \b
    Example:
      tongdai wrapup create --name "Call later" --callback
    """
    made = client.create_wrap_up_code(
        name, success=success, callback=callback, do_not_call=do_not_call, number_unusable=number_unusable
    )
    click.echo(made.code_id)


@wrapup.command
@json_option
@client_options("agent")
def codes(client: Client, as_json: bool) -> None:
    """List the wrap-up codes.

    \b
    Example:
      tongdai wrapup codes
    """
    columns = ["codeId", "name", "success", "callback", "doNotCall", "numberUnusable"]
    show(columns, [_row(code) for code in client.wrap_up_codes().data], as_json=as_json)


def _row(code: WrapUpCode) -> dict[str, object]:
    return {
        "codeId": code.code_id,
        "name": code.name,
        "success": code.success,
        "callback": code.callback,
        "doNotCall": code.do_not_call,
        "numberUnusable": code.number_unusable,
    }


@wrapup.command
@click.argument("code_id", metavar="CODE_ID", type=ID)
@client_options("agent")
def delete(client: Client, code_id: int) -> None:
    """Delete a wrap-up code: calls that have it keep it.

    \b
    Example:
      tongdai wrapup delete 3
    """
    click.echo(client.delete_wrap_up_code(code_id).message)


@wrapup.command
@click.option("--campaign", "campaign_id", metavar="ID", type=ID, help="For the calls of this campaign.")
@click.option("--queue", "queue_id", metavar="ID", type=ID, help="For the callers of this queue.")
@click.option("--mode", required=True, type=click.Choice([mode.value for mode in WrapUpMode]), help="How it ends.")
@click.option(
    "--seconds", metavar="SECONDS", type=click.IntRange(1, MAX_TIMED_S), help="How long it lasts without a code; timed."
)
@click.option("--code", "codes", multiple=True, metavar="ID", type=ID, help="A code to offer. Repeatable; else all.")
@client_options("campaign,queue")
def rule(
    client: Client,
    campaign_id: int | None,
    queue_id: int | None,
    mode: str,
    seconds: int | None,
    codes: tuple[int, ...],
) -> None:
    """Set how agents wrap up the calls of a campaign or of a queue.

    \b
    Example:
      tongdai wrapup rule --campaign 1042 --mode mandatory
    """
    offered = list(codes) or None
    if campaign_id is not None and queue_id is None:
        done = client.set_campaign_wrap_up(campaign_id, mode, timed_sec=seconds, code_ids=offered)
    elif queue_id is not None and campaign_id is None:
        done = client.set_queue_wrap_up(queue_id, mode, timed_sec=seconds, code_ids=offered)
    else:
        raise click.UsageError("Give --campaign or --queue.")
    click.echo(done.message)


@wrapup.command
@click.argument("call_id", metavar="CALL_ID", type=click.UUID)
@click.option("--code", "code_id", required=True, metavar="ID", type=ID, help="The wrap-up code.")
@click.option("--note", type=Text(), help="What else there is to say.")
@click.option(
    "--callback-at",
    metavar="TIME",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"]),
    help="When to call again, with its offset: 2026-03-11T09:00+07:00.",
)
@click.option("--callback-agent", metavar="ID", type=ID, help="Keep a caller's callback for this agent first.")
@client_options("agent")
def call(
    client: Client,
    call_id: UUID,
    code_id: int,
    note: str | None,
    callback_at: datetime | None,
    callback_agent: int | None,
) -> None:
    """Set the code of a call, with what follows from it.

    \b
    Example:
      tongdai wrapup call 5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11 --code 3
    """
    done = client.wrap_up_call(
        str(call_id), code_id, note=note, callback_at=callback_at, callback_agent_id=callback_agent
    )
    click.echo(done.message)
