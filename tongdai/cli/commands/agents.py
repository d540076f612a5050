"""`tongdai agent`, by the API of a running server."""

import click

from tongdai.agents.model import DEFAULT_WRAP_UP_S, ENDPOINT, MAX_WRAP_UP_S, AgentState
from tongdai.cli.api_client import client_options
from tongdai.cli.param_types import ID, Pattern, Text
from tongdai.cli.tables import json_option, show
from tongdai_client import Agent, Client

PHONE = Pattern("endpoint", ENDPOINT, "1 to 64 of A-Z, a-z, 0-9, _ and -")


@click.group
def agent() -> None:
    """Create and list agents of a running server, sign them in and out.

    \b
    Example:
      tongdai agent create --name "Tran Thi B" --endpoint agent-7 --queue 1001226 --key sk_live_…
    """


@agent.command
@click.option("--name", required=True, type=Text(), help="Its name.")
@click.option("--endpoint", required=True, metavar="NAME", type=PHONE, help="The PJSIP endpoint of the agent's phone.")
@click.option(
    "--queue", "queue_id", required=True, metavar="ID", type=ID, help="The queue whose calls the agent takes."
)
@click.option(
    "--wrap-up",
    "wrap_up_sec",
    metavar="SECONDS",
    type=click.IntRange(0, MAX_WRAP_UP_S),
    default=DEFAULT_WRAP_UP_S,
    show_default=True,
    help="After each call, until the next.",
)
@client_options("agent")
def create(client: Client, name: str, endpoint: str, queue_id: int, wrap_up_sec: int) -> None:
    """Create an agent, who is offline, and print the agent's id.

    \b
    Example:
      AGENT=$(tongdai agent create --name "Tran Thi B" --endpoint agent-7 --queue 1001226)
    """
    click.echo(client.create_agent(name, endpoint, queue_id, wrap_up_sec=wrap_up_sec).agent_id)


@agent.command("list")
@click.option("--queue", "queue_id", metavar="ID", type=ID, help="Agents of this queue only.")
@click.option("--state", type=click.Choice([state.value for state in AgentState]), help="Agents in this state only.")
@json_option
@client_options("agent")
def list_(client: Client, queue_id: int | None, state: str | None, as_json: bool) -> None:
    """List agents and their states.

    \b
    Example:
      tongdai agent list --state idle
    """
    columns = ["agentId", "name", "endpoint", "queueId", "wrapUpSec", "state", "stateSince"]
    show(columns, [_row(found) for found in client.agents(queue_id=queue_id, state=state)], as_json=as_json)


def _row(found: Agent) -> dict[str, object]:
    return {
        "agentId": found.agent_id,
        "name": found.name,
        "endpoint": found.endpoint,
        "queueId": found.queue_id,
        "wrapUpSec": found.wrap_up_sec,
        "state": f"{found.state}, sign-out pending" if found.sign_out_pending else found.state,
        "stateSince": found.state_since,
    }


@agent.command("sign-in")
@click.argument("agent_id", metavar="AGENT_ID", type=ID)
@client_options("agent")
def sign_in(client: Client, agent_id: int) -> None:
    """Have an agent's phone called. Once it is answered, the agent is idle and gets calls.

    \b
    Example:
      tongdai agent sign-in 7
    """
    click.echo(client.sign_in_agent(agent_id).message)


@agent.command("sign-out")
@click.argument("agent_id", metavar="AGENT_ID", type=ID)
@client_options("agent")
def sign_out(client: Client, agent_id: int) -> None:
    """Have an agent's phone hung up, at once or when the present call ends.

    \b
    Example:
      tongdai agent sign-out 7
    """
    click.echo(client.sign_out_agent(agent_id).message)
