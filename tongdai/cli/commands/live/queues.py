"""`tongdai queue why`, by the API of a running server."""

import click

from tongdai.cli.api_client import client_options
from tongdai.cli.param_types import ID
from tongdai.cli.tables import json_option, show
from tongdai_client import AgentDiagnostics, CallerDiagnostics, Client


@click.command
@click.argument("queue_id", metavar="QUEUE_ID", type=ID)
@click.option("--agents", "of_agents", is_flag=True, help="Why each agent of the queue is offered nobody.")
@json_option
@client_options("queue")
def why(client: Client, queue_id: int, of_agents: bool, as_json: bool) -> None:
    """Say why each caller of a queue has no agent yet.

    \b
    Example:
      tongdai queue why 1001227 --agents
    """
    found = client.queue_diagnostics(queue_id)
    if found.message is not None:
        click.echo(found.message, err=True)
    if of_agents:
        show(["agentId", "name", "state", "why"], [_agent(one) for one in found.agents], as_json=as_json)
    else:
        columns = ["position", "phoneNumber", "waitS", "why", "callId"]
        show(columns, [_caller(one) for one in found.callers], as_json=as_json)


def _caller(one: CallerDiagnostics) -> dict[str, object]:
    return {
        "position": one.position,
        "phoneNumber": one.phone_number,
        "waitS": one.wait_sec,
        "why": one.message,
        "callId": one.call_id,
        "reason": one.reason,
        "agentId": one.agent_id,
        "until": one.until,
    }


def _agent(one: AgentDiagnostics) -> dict[str, object]:
    return {
        "agentId": one.agent_id,
        "name": one.name,
        "state": one.state,
        "why": one.message,
        "reason": one.reason,
        "callId": one.call_id,
        "until": one.until,
    }
