"""`tongdai calls consult` and the others by which somebody else comes into a live call, or gets it."""

from uuid import UUID

import click

from tongdai.cli.api_client import client_options
from tongdai.cli.param_types import ENDPOINT, ID
from tongdai_client import Client

CALL = click.argument("call_id", metavar="CALL_ID", type=click.UUID)
PHONE = click.option("--phone", required=True, metavar="NAME", type=ENDPOINT, help="The supervisor's phone.")


@click.command
@CALL
@click.option("--agent", "agent_id", metavar="ID", type=ID, help="An idle agent.")
@click.option("--number", metavar="NUMBER", help="A number outside.")
@click.option("--phone", metavar="NAME", type=ENDPOINT, help="A phone of the tenant.")
@client_options("agent")
def consult(client: Client, call_id: UUID, agent_id: int | None, number: str | None, phone: str | None) -> None:
    """Consult somebody while the customer is on hold.

    \b
    Example:
      tongdai calls consult 5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11 --agent 8
    """
    if sum(one is not None for one in (agent_id, number, phone)) != 1:
        raise click.UsageError("expected one of --agent, --number and --phone")
    click.echo(client.consult(str(call_id), agent_id=agent_id, number=number, endpoint=phone).message)


@click.command("complete-consult")
@CALL
@client_options("agent")
def complete_consult(client: Client, call_id: UUID) -> None:
    """Transfer the customer to the consulted party.

    \b
    Example:
      tongdai calls complete-consult 5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11
    """
    click.echo(client.complete_consult(str(call_id)).message)


@click.command("cancel-consult")
@CALL
@client_options("agent")
def cancel_consult(client: Client, call_id: UUID) -> None:
    """Hang up the consulted party.

    \b
    Example:
      tongdai calls cancel-consult 5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11
    """
    click.echo(client.cancel_consult(str(call_id)).message)


@click.command
@CALL
@client_options("agent")
def conference(client: Client, call_id: UUID) -> None:
    """Let the customer join agent and consulted party.

    \b
    Example:
      tongdai calls conference 5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11
    """
    click.echo(client.join_conference(str(call_id)).message)


@click.command("take-over")
@CALL
@PHONE
@client_options("agent")
def take_over(client: Client, call_id: UUID, phone: str) -> None:
    """Let a phone take the customer over from the agent.

    \b
    Example:
      tongdai calls take-over 5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11 --phone supervisor-1
    """
    click.echo(client.take_over_call(str(call_id), phone).message)


COMMANDS = (consult, complete_consult, cancel_consult, conference, take_over)
