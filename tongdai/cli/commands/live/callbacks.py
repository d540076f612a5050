"""`tongdai callbacks`, by the API of a running server."""

from datetime import datetime
from uuid import UUID

import click

from tongdai.callbacks.model import CallbackState
from tongdai.cli.api_client import client_options
from tongdai.cli.param_types import ID, INSTANT
from tongdai.cli.tables import json_option, show
from tongdai_client import Client

CALLBACK = click.argument("callback_id", metavar="CALLBACK", type=click.UUID)
_AGENT = "The agent for whom it is kept, for a quarter of an hour."


@click.group
def callbacks() -> None:
    """List, create, change and cancel callbacks, by a running server.

    \b
    Example:
      tongdai callbacks list --state pending
    """


@callbacks.command("list")
@click.option("--queue", "queue_id", metavar="ID", type=ID, help="Those of this queue only.")
@click.option("--agent", "agent_id", metavar="ID", type=ID, help="Those that are kept for this agent only.")
@click.option("--state", type=click.Choice([state.value for state in CallbackState]), help="Those in this state only.")
@json_option
@client_options("agent")
def list_(client: Client, queue_id: int | None, agent_id: int | None, state: str | None, as_json: bool) -> None:
    """List the callbacks, and why each pending one waits.

    \b
    Example:
      tongdai callbacks list --state pending
    """
    rows: list[dict[str, object]] = [
        {
            "callbackId": one.callback_id,
            "queueId": one.queue_id,
            "phoneNumber": one.phone_number,
            "source": one.source,
            "state": one.state,
            "arrivedAt": one.arrived_at,
            "dueAt": one.due_at,
            "agentId": one.agent_id,
            "tries": one.tries,
            "why": one.message,
        }
        for one in client.callbacks(queue_id=queue_id, agent_id=agent_id, state=state)
    ]
    columns = [
        "callbackId",
        "queueId",
        "phoneNumber",
        "source",
        "state",
        "arrivedAt",
        "dueAt",
        "agentId",
        "tries",
        "why",
    ]
    show(columns, rows, as_json=as_json)


@callbacks.command
@click.argument("phone_number", metavar="NUMBER")
@click.option("--queue", "queue_id", required=True, metavar="ID", type=ID, help="The queue whose agents call.")
@click.option("--at", "due_at", metavar="TIME", type=INSTANT, help="When to call; without it, now.")
@click.option("--agent", "agent_id", metavar="ID", type=ID, help=_AGENT)
@click.option("--note", help="A note for people.")
@client_options("agent")
def create(
    client: Client, phone_number: str, queue_id: int, due_at: datetime | None, agent_id: int | None, note: str | None
) -> None:
    """Have a number called by an agent of a queue.

    \b
    Example:
      tongdai callbacks create 0901234567 --queue 1001226 --at 2027-03-10T09:00:00+07:00 --agent 7
    """
    made = client.create_callback(queue_id, phone_number, due_at=due_at, agent_id=agent_id, note=note)
    click.echo(made.callback_id)


@callbacks.command
@CALLBACK
@click.option("--at", "due_at", metavar="TIME", type=INSTANT, help="When to call.")
@click.option("--agent", "agent_id", metavar="ID", type=ID, help=_AGENT)
@client_options("agent")
def change(client: Client, callback_id: UUID, due_at: datetime | None, agent_id: int | None) -> None:
    """Change the time or the agent of a pending callback.

    \b
    Example:
      tongdai callbacks change 7c1d0f9e-3b58-4a3b-9d55-0f4b0a3d9c22 --at 2027-03-10T10:00:00+07:00
    """
    click.echo(client.change_callback(str(callback_id), due_at=due_at, agent_id=agent_id).message)


@callbacks.command
@CALLBACK
@client_options("agent")
def cancel(client: Client, callback_id: UUID) -> None:
    """Cancel a pending callback.

    \b
    Example:
      tongdai callbacks cancel 7c1d0f9e-3b58-4a3b-9d55-0f4b0a3d9c22
    """
    click.echo(client.cancel_callback(str(callback_id)).message)
