"""`tongdai agent`, by the API of a running server."""

import time

import click

from tongdai.agents.model import DEFAULT_WRAP_UP_S, MAX_WRAP_UP_S, AgentState, Mode, NextState, OfflineReason
from tongdai.cli.api_client import client_options
from tongdai.cli.commands.live.agents import AGENT, SKILL, agent_id_of, change, preview, show_agent, skill_of
from tongdai.cli.commands.live.own_day import pause_reasons, today
from tongdai.cli.param_types import ENDPOINT, ID, Text
from tongdai.cli.tables import json_option, show
from tongdai.errors import OperatorError
from tongdai_client import Agent, Client, PhoneCredentials, QueueMember


@click.group
def agent() -> None:
    """Create, change and list agents by a running server, sign them in and out.

    AGENT is the id of an agent, or the name, if one agent has it.

    \b
    Example:
      tongdai agent create --name "Tran Thi B" --endpoint agent-7 --queue 1001226 --key sk_live_…
    """


@agent.command
@click.option("--name", required=True, type=Text(), help="The agent's name.")
@click.option(
    "--endpoint",
    metavar="NAME",
    type=ENDPOINT,
    help="The phone's endpoint. Without: a SIP account is made.",
)
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
    help="Seconds after each call before the next one.",
)
@click.option(
    "--mode",
    type=click.Choice([mode.value for mode in Mode]),
    default=Mode.NAILED_UP.value,
    show_default=True,
    help="Whether the phone stays connected, or is called for each call of a caller.",
)
@click.option("--also", "also", multiple=True, metavar="ID", type=ID, help="Another queue of the agent. Repeatable.")
@click.option(
    "--skill", "skills", multiple=True, metavar="NAME=LEVEL", type=SKILL, help="A skill, 1 to 10. Repeatable."
)
@click.option("--team", "team_id", metavar="ID", type=ID, help="Your own number of the agent's team.")
@client_options("agent")
def create(
    client: Client,
    name: str,
    endpoint: str | None,
    queue_id: int,
    wrap_up_sec: int,
    mode: str,
    also: tuple[int, ...],
    skills: tuple[str, ...],
    team_id: int | None,
) -> None:
    """Create an agent, who is offline, and print the agent's id.

    Without --endpoint also the user name and the password of the phone's SIP account, on standard error: the password
    is shown once.

    \b
    Example:
      AGENT=$(tongdai agent create --name "Tran Thi B" --endpoint agent-7 --queue 1001226)
    """
    made = client.create_agent(
        name,
        endpoint,
        queue_id,
        wrap_up_sec=wrap_up_sec,
        mode=mode,
        team_id=team_id,
        queues=[QueueMember(queue_id=other) for other in dict.fromkeys(also)],
        skills=[skill_of(text) for text in skills],
    )
    if made.phone is not None:
        click.echo(_credentials(made.phone), err=True)
    click.echo(made.agent_id)


def _credentials(phone: PhoneCredentials) -> str:
    return f"username {phone.username}\npassword {phone.password}"


@agent.command("list")
@click.option("--queue", "queue_id", metavar="ID", type=ID, help="Agents of this queue only.")
@click.option("--state", type=click.Choice([state.value for state in AgentState]), help="Agents in this state only.")
@click.option("--team", "team_id", metavar="ID", type=ID, help="Agents of this team only.")
@json_option
@client_options("agent")
def list_(client: Client, queue_id: int | None, state: str | None, team_id: int | None, as_json: bool) -> None:
    """List agents and their states.

    \b
    Example:
      tongdai agent list --state idle
    """
    columns = [
        "agentId",
        "name",
        "endpoint",
        "mode",
        "queueId",
        "wrapUpSec",
        "state",
        "stateSince",
        "offlineReason",
        "callId",
    ]
    agents = client.agents(queue_id=queue_id, state=state, team_id=team_id)
    show(columns, [_row(found) for found in agents], as_json=as_json)


def _row(found: Agent) -> dict[str, object]:
    return {
        "agentId": found.agent_id,
        "name": found.name,
        "endpoint": found.endpoint,
        "mode": found.mode,
        "queueId": found.queue_id,
        "wrapUpSec": found.wrap_up_sec,
        "state": state_in_words(found),
        "stateSince": found.state_since,
        "offlineReason": found.offline_reason,
        "callId": found.call_id,
    }


def state_in_words(found: Agent) -> str:
    """State of an agent in words: `talking, then paused (lunch)`; `idle, busy elsewhere`."""
    state = found.state if found.next_state is None else f"{found.state}, then {found.next_state}"
    state = state if found.pause_reason is None else f"{state} ({found.pause_reason})"
    return f"{state}, busy elsewhere" if found.busy_elsewhere else state


SIGN_IN_S = 45.0
"""Longer than a phone is called, with what the dialer takes to begin."""
POLL_S = 0.5
_WHY = {
    OfflineReason.SIGNED_OUT: "signed out meanwhile",
    OfflineReason.NO_ANSWER: "the phone was not answered, or the call was declined",
    OfflineReason.BUSY: "the phone is busy",
    OfflineReason.UNREACHABLE: "the switch cannot reach the phone; it is not registered, or no endpoint has that name",
    OfflineReason.PHONE_HUNG_UP: "the phone hung up",
    OfflineReason.LOST: "the switch has lost the phone's call",
}


@agent.command("sign-in")
@AGENT
@click.option("--no-wait", is_flag=True, help="Return at once, whether the phone is answered or not.")
@client_options("agent")
def sign_in(client: Client, named: str, no_wait: bool) -> None:
    """Have an agent's phone called, and wait until it is answered.

    Then the agent is idle and gets calls. In mode ring the agent is idle at once, and nothing is called. The exit code
    is 1, and the reason is printed, when the agent is offline instead.

    \b
    Example:
      tongdai agent sign-in 7
    """
    agent_id = agent_id_of(client, named)
    client.sign_in_agent(agent_id)
    agent = client.agent(agent_id)
    if agent.mode == Mode.RING:
        click.echo(f"The phone {agent.endpoint} rings for each call.")
    else:
        click.echo(f"The phone {agent.endpoint} is being called.")
    deadline = time.monotonic() + SIGN_IN_S
    while not no_wait and agent.state == AgentState.CALLING:
        if time.monotonic() > deadline:
            raise OperatorError(
                "it is still being called, or waits to be: look at `tongdai agent list` and `tongdai top`"
            )
        time.sleep(POLL_S)
        agent = client.agent(agent_id)
    if agent.state == AgentState.OFFLINE:
        why = _WHY[OfflineReason(agent.offline_reason)] if agent.offline_reason else "the reason is not known"
        raise OperatorError(f"agent {agent_id} is offline: {why}")
    if not no_wait:
        click.echo(f"Agent {agent_id} is {agent.state}.")


@agent.command("sign-out")
@AGENT
@click.option("--force", is_flag=True, help="As a supervisor; the audit says so.")
@client_options("agent")
def sign_out(client: Client, named: str, force: bool) -> None:
    """Have an agent's phone hung up. A present call continues to its end.

    \b
    Example:
      tongdai agent sign-out 7
    """
    agent_id = agent_id_of(client, named)
    done = client.force_sign_out_agent(agent_id) if force else client.sign_out_agent(agent_id)
    click.echo(done.message)


@agent.command
@AGENT
@click.option("--reason", required=True, type=Text(), help="Why, as supervisors will read it.")
@client_options("agent")
def pause(client: Client, named: str, reason: str) -> None:
    """Pause an agent, at once or after the present call.

    \b
    Examples:
      tongdai agent pause 7 --reason lunch
      tongdai agent pause "Tran Thi B" --reason lunch
    """
    click.echo(client.force_pause_agent(agent_id_of(client, named), reason).message)


@agent.command
@AGENT
@click.option("--force", is_flag=True, help="As a supervisor: also who is unreachable, or whose wrap-up needs a code.")
@client_options("agent")
def ready(client: Client, named: str, force: bool) -> None:
    """Make an agent idle who is paused or in wrap-up.

    \b
    Example:
      tongdai agent ready 7
    """
    agent_id = agent_id_of(client, named)
    done = client.force_ready_agent(agent_id) if force else client.ready_agent(agent_id)
    click.echo(done.message)


@agent.command("next-state")
@AGENT
@click.argument("state", type=click.Choice([state.value for state in NextState]))
@click.option("--reason", type=Text(), help="Why, of a pause.")
@client_options("agent")
def next_state(client: Client, named: str, state: str, reason: str | None) -> None:
    """Say what an agent is after the present call.

    idle takes back what was said before.

    \b
    Example:
      tongdai agent next-state 7 paused --reason lunch
    """
    click.echo(client.set_next_state(agent_id_of(client, named), state, reason=reason).message)


@agent.command
@click.argument("agent_id", metavar="AGENT_ID", type=ID)
@client_options("agent")
def delete(client: Client, agent_id: int) -> None:
    """Delete an agent, who is offline.

    \b
    Example:
      tongdai agent delete 7
    """
    click.echo(client.delete_agent(agent_id).message)


@agent.command
@AGENT
@client_options("agent")
def release(client: Client, named: str) -> None:
    """Sign an agent out whatever the state: the last resort.

    \b
    Example:
      tongdai agent release 7
    """
    click.echo(client.release_agent(agent_id_of(client, named)).message)


@agent.group
def phone() -> None:
    """Make, show, rotate and remove a phone's SIP account.

    \b
    Example:
      tongdai agent phone make 7
    """


@phone.command
@click.argument("agent_id", metavar="AGENT_ID", type=ID)
@client_options("agent")
def make(client: Client, agent_id: int) -> None:
    """Make a SIP account for the phone of an offline agent, and print it. The password is shown once.

    \b
    Example:
      tongdai agent phone make 7
    """
    click.echo(_credentials(client.make_phone_account(agent_id).phone))


@phone.command
@click.argument("agent_id", metavar="AGENT_ID", type=ID)
@client_options("agent")
def rotate(client: Client, agent_id: int) -> None:
    """Give the account another password, and print it. The phone is signed off until it has it.

    \b
    Example:
      tongdai agent phone rotate 7
    """
    click.echo(_credentials(client.rotate_phone_password(agent_id).phone))


@phone.command("show")
@click.argument("agent_id", metavar="AGENT_ID", type=ID)
@json_option
@client_options("agent")
def show_(client: Client, agent_id: int, as_json: bool) -> None:
    """Show the account, and whether the switch has it.

    \b
    Example:
      tongdai agent phone show 7
    """
    account = client.phone_account(agent_id)
    row = {
        "username": account.username,
        "passwordAt": account.password_at,
        "onSwitch": account.on_switch,
        "problem": account.problem,
        "inBrowser": account.in_browser,
    }
    show(list(row), [row], as_json=as_json)


@phone.command
@click.argument("agent_id", metavar="AGENT_ID", type=ID)
@client_options("agent")
def remove(client: Client, agent_id: int) -> None:
    """Remove the account of an offline agent.

    \b
    Example:
      tongdai agent phone remove 7
    """
    click.echo(client.remove_phone_account(agent_id).message)


for command in (show_agent, change, preview, today, pause_reasons):
    agent.add_command(command)
