"""`tongdai calls`, by the API of a running server."""

from pathlib import Path
from uuid import UUID

import click

from tongdai.calls.acts.model import DEFAULT_HOLD_S, MAX_HOLD_S, MIN_HOLD_S
from tongdai.calls.missed.model import MissedState
from tongdai.cli.api_client import client_options
from tongdai.cli.commands.live import consults, history
from tongdai.cli.commands.live.consults import CALL, PHONE
from tongdai.cli.param_types import ID
from tongdai.cli.tables import json_option, show
from tongdai_client import Client


@click.group
def calls() -> None:
    """List and show calls, act on live ones, see to missed ones, by a running server.

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
@click.option("--queue", "queue_id", metavar="QUEUE_ID", type=ID, help="To a queue.")
@click.option("--agent", "agent_id", metavar="AGENT_ID", type=ID, help="To an agent, who is signed in.")
@click.option("--number", metavar="NUMBER", help="To a telephone number.")
@client_options("agent")
def transfer(client: Client, call_id: UUID, queue_id: int | None, agent_id: int | None, number: str | None) -> None:
    """Transfer a customer: the agent leaves at once.

    \b
    Example:
      tongdai calls transfer 5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11 --agent 12
    """
    if sum(one is not None for one in (queue_id, agent_id, number)) != 1:
        raise click.UsageError("expected one of --queue, --agent and --number")
    done = client.transfer_call(str(call_id), queue_id=queue_id, agent_id=agent_id, number=number)
    click.echo(done.message)


@calls.command
@CALL
@click.argument("digits", metavar="DIGITS")
@client_options("agent")
def dtmf(client: Client, call_id: UUID, digits: str) -> None:
    """Press keys for the customer's side to hear.

    Up to 32 of 0-9, A-D, * and #, and w for a pause.

    \b
    Example:
      tongdai calls dtmf 5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11 12w3#
    """
    click.echo(client.send_dtmf(str(call_id), digits).message)


@calls.command
@CALL
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@client_options("report")
def recording(client: Client, call_id: UUID, file: Path) -> None:
    """Save the recording of a call.

    It is in stereo: the customer is left, the others right.

    \b
    Example:
      tongdai calls recording 5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11 call.mp3
    """
    click.echo(client.save_recording(str(call_id), file))


@calls.command("delete-recording")
@CALL
@client_options("report")
def delete_recording(client: Client, call_id: UUID) -> None:
    """Delete the recording of a call.

    \b
    Example:
      tongdai calls delete-recording 5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11
    """
    click.echo(client.delete_recording(str(call_id)).message)


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


@calls.command
@CALL
@PHONE
@client_options("agent")
def listen(client: Client, call_id: UUID, phone: str) -> None:
    """Let a supervisor's phone hear the call, unheard.

    \b
    Example:
      tongdai calls listen 5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11 --phone supervisor-1
    """
    click.echo(client.listen_to_call(str(call_id), phone).message)


@calls.command
@CALL
@PHONE
@client_options("agent")
def whisper(client: Client, call_id: UUID, phone: str) -> None:
    """Let a supervisor's phone speak to the agent alone.

    \b
    Example:
      tongdai calls whisper 5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11 --phone supervisor-1
    """
    click.echo(client.whisper_in_call(str(call_id), phone).message)


@calls.command
@CALL
@PHONE
@client_options("agent")
def barge(client: Client, call_id: UUID, phone: str) -> None:
    """Let a supervisor's phone join the call.

    \b
    Example:
      tongdai calls barge 5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11 --phone supervisor-1
    """
    click.echo(client.barge_into_call(str(call_id), phone).message)


@calls.command
@CALL
@PHONE
@client_options("agent")
def leave(client: Client, call_id: UUID, phone: str) -> None:
    """Hang up a supervisor's phone; the call continues.

    \b
    Example:
      tongdai calls leave 5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11 --phone supervisor-1
    """
    click.echo(client.leave_call(str(call_id), phone).message)


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


@calls.command
@click.option("--queue", "queue_id", metavar="ID", type=ID, help="Calls to this queue only.")
@click.option("--state", type=click.Choice([state.value for state in MissedState]), help="Those in this state only.")
@json_option
@client_options("agent")
def missed(client: Client, queue_id: int | None, state: str | None, as_json: bool) -> None:
    """List the calls to queues that nobody answered.

    \b
    Example:
      tongdai calls missed --state open
    """
    rows: list[dict[str, object]] = [
        {
            "callId": call.call_id,
            "queueId": call.queue_id,
            "phoneNumber": call.phone_number,
            "outcome": call.outcome,
            "openedAt": call.opened_at,
            "waitSec": call.wait_sec,
            "state": call.state,
            "agentId": call.agent_id,
        }
        for call in client.missed_calls(queue_id=queue_id, state=state)
    ]
    columns = ["callId", "queueId", "phoneNumber", "outcome", "openedAt", "waitSec", "state", "agentId"]
    show(columns, rows, as_json=as_json)


@calls.command
@CALL
@click.option("--agent", "agent_id", required=True, metavar="ID", type=ID, help="The agent who will call back.")
@client_options("agent")
def claim(client: Client, call_id: UUID, agent_id: int) -> None:
    """Claim a missed call for an agent.

    \b
    Example:
      tongdai calls claim 5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11 --agent 7
    """
    click.echo(client.claim_missed_call(str(call_id), agent_id).message)


@calls.command
@CALL
@client_options("agent")
def release(client: Client, call_id: UUID) -> None:
    """Give a claimed missed call back.

    \b
    Example:
      tongdai calls release 5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11
    """
    click.echo(client.release_missed_call(str(call_id)).message)


@calls.command
@CALL
@client_options("agent")
def close(client: Client, call_id: UUID) -> None:
    """Close a missed call: nothing is to be done any more.

    \b
    Example:
      tongdai calls close 5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11
    """
    click.echo(client.close_missed_call(str(call_id)).message)


for command in (*history.COMMANDS, *consults.COMMANDS):
    calls.add_command(command)
