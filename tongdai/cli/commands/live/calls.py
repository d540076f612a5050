"""`tongdai calls`, by the API of a running server."""

from uuid import UUID

import click

from tongdai.calls.acts.model import DEFAULT_HOLD_S, MAX_HOLD_S, MIN_HOLD_S
from tongdai.cli.api_client import client_options
from tongdai_client import Client

CALL = click.argument("call_id", metavar="CALL_ID", type=click.UUID)


@click.group
def calls() -> None:
    """Hold, mute and end live calls by a running server.

    \b
    Example:
      tongdai calls hang-up 5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11 --key sk_live_…
    """


@calls.command
@CALL
@click.option(
    "--max",
    "max_sec",
    metavar="SECONDS",
    type=click.IntRange(MIN_HOLD_S, MAX_HOLD_S),
    default=DEFAULT_HOLD_S,
    show_default=True,
    help="The limit, after which the call resumes by itself.",
)
@client_options("agent")
def hold(client: Client, call_id: UUID, max_sec: int) -> None:
    """Put the customer of a call on hold.

    \b
    Example:
      tongdai calls hold 5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11 --max 120
    """
    click.echo(client.hold_call(str(call_id), max_sec=max_sec).message)


@calls.command
@CALL
@client_options("agent")
def resume(client: Client, call_id: UUID) -> None:
    """End the hold of a call.

    \b
    Example:
      tongdai calls resume 5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11
    """
    click.echo(client.resume_call(str(call_id)).message)


@calls.command
@CALL
@client_options("agent")
def mute(client: Client, call_id: UUID) -> None:
    """Mute the agent of a call.

    \b
    Example:
      tongdai calls mute 5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11
    """
    click.echo(client.mute_call(str(call_id)).message)


@calls.command
@CALL
@client_options("agent")
def unmute(client: Client, call_id: UUID) -> None:
    """Unmute the agent of a call.

    \b
    Example:
      tongdai calls unmute 5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11
    """
    click.echo(client.unmute_call(str(call_id)).message)


@calls.command("hang-up")
@CALL
@client_options("agent")
def hang_up(client: Client, call_id: UUID) -> None:
    """End an answered call.

    \b
    Example:
      tongdai calls hang-up 5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11
    """
    click.echo(client.hang_up_call(str(call_id)).message)
