"""`tongdai wrapup`, by the API of a running server."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import click

from tongdai.agents.wrap_up.model import MAX_TIMED_S, WrapUpMode
from tongdai.cli.api_client import client_options
from tongdai.cli.param_types import ID, INSTANT, Text
from tongdai.cli.tables import json_option, show
from tongdai_client import Client, WrapUpCode


@click.group
def wrapup() -> None:
    """Create and change wrap-up codes, and set those of calls, by a running server.

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
@click.argument("code_id", metavar="CODE_ID", type=ID)
@click.option("--name", type=Text(), help="Another name.")
@click.option("--success/--no-success", default=None, help="The contact is done.")
@click.option("--callback/--no-callback", default=None, help="The contact is called again.")
@click.option("--do-not-call/--no-do-not-call", default=None, help="The number goes on a do-not-call list.")
@click.option("--number-unusable/--no-number-unusable", default=None, help="The number does not reach the contact.")
@client_options("agent")
def change(client: Client, code_id: int, **changed: Any) -> None:
    """Change a wrap-up code, for calls that get it from then on.

    \b
    Example:
      tongdai wrapup change 3 --name "Call in the evening" --no-success
    """
    if all(value is None for value in changed.values()):
        raise click.UsageError("Give what is to change, such as --name.")
    click.echo(client.update_wrap_up_code(code_id, **changed).message)


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
@click.option("--mode", type=click.Choice([mode.value for mode in WrapUpMode]), help="Set how it ends.")
@click.option(
    "--seconds", metavar="SECONDS", type=click.IntRange(1, MAX_TIMED_S), help="How long it lasts without a code; timed."
)
@click.option("--code", "codes", multiple=True, metavar="ID", type=ID, help="A code to offer. Repeatable; else all.")
@client_options("campaign,queue")
def rule(
    client: Client,
    campaign_id: int | None,
    queue_id: int | None,
    mode: str | None,
    seconds: int | None,
    codes: tuple[int, ...],
) -> None:
    """Show or set how calls of a campaign or queue are wrapped up.

    \b
    Examples:
      tongdai wrapup rule --queue 1001227
      tongdai wrapup rule --campaign 1042 --mode mandatory
    """
    if (campaign_id is None) == (queue_id is None):
        raise click.UsageError("Give --campaign or --queue.")
    if mode is None and (seconds is not None or codes):
        raise click.UsageError("Give --mode with --seconds and --code: a rule is set as a whole.")
    offered = list(codes) or None
    if campaign_id is not None:
        if mode is not None:
            client.set_campaign_wrap_up(campaign_id, mode, timed_sec=seconds, code_ids=offered)
        found = client.campaign_wrap_up(campaign_id)
    else:
        assert queue_id is not None, "one of the two is given"
        if mode is not None:
            client.set_queue_wrap_up(queue_id, mode, timed_sec=seconds, code_ids=offered)
        found = client.queue_wrap_up(queue_id)
    click.echo(f"mode: {found.mode}{'' if found.timed_sec is None else f', {found.timed_sec} s'}")
    click.echo(f"codes: {', '.join(f'{code.code_id} {code.name}' for code in found.codes) or 'none'}")


@wrapup.command
@click.option("--from", "since", required=True, metavar="TIME", type=INSTANT, help="Calls that ended from then on.")
@click.option("--to", "before", metavar="TIME", type=INSTANT, help="Before then.  [default: now]")
@click.option("--campaign", "campaign_id", metavar="ID", type=ID, help="Calls of this campaign only.")
@click.option("--queue", "queue_id", metavar="ID", type=ID, help="Callers of this queue only.")
@click.option("--agent", "agent_id", metavar="ID", type=ID, help="Calls of this agent only.")
@json_option
@client_options("agent")
def counts(client: Client, since: datetime, before: datetime | None, as_json: bool, **of: int | None) -> None:
    """Count the calls that ended in a period by their wrap-up code.

    The last line counts those that had an agent and have no code.

    \b
    Example:
      tongdai wrapup counts --from 2026-03-10T00:00+07:00 --queue 1001227
    """
    found = client.wrap_up_counts(since, before or datetime.now(UTC), **of)
    rows: list[dict[str, object]] = [
        {"codeId": one.code_id, "name": one.name, "calls": one.calls} for one in found.data
    ]
    rows.append({"codeId": None, "name": None, "calls": found.without_code})
    show(["codeId", "name", "calls"], rows, as_json=as_json)


@wrapup.command
@click.argument("call_id", metavar="CALL_ID", type=click.UUID)
@click.option("--code", "code_id", required=True, metavar="ID", type=ID, help="The wrap-up code.")
@click.option("--note", type=Text(), help="What else there is to say.")
@click.option(
    "--callback-at",
    metavar="TIME",
    type=INSTANT,
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
