"""`tongdai agent show`, `change`, `preview`, and agents by their names, by the API of a running server."""

from typing import Any, cast

import click
import msgspec
from msgspec import UNSET

from tongdai import ids
from tongdai.agents.model import MAX_WRAP_UP_S, Mode
from tongdai.cli.api_client import client_options
from tongdai.cli.param_types import ENDPOINT, ID, Pattern, Text
from tongdai.cli.tables import json_option, show
from tongdai.errors import OperatorError
from tongdai_client import Agent, AgentSkill, Client, Preview, QueueMember

AGENT = click.argument("named", metavar="AGENT", type=Text())
"""An agent, by id or name; `agent_id_of` finds the id."""
SKILL = Pattern("skill", r"[^=]{1,64}=([1-9]|10)", "NAME=LEVEL, a level of 1 to 10")


def agent_id_of(client: Client, named: str) -> int:
    """The id that is given, or that of the one agent with the name; OperatorError says why there is none."""
    given = ids.parse(named)
    if given is not None:
        return given
    found = [one.agent_id for one in client.agents() if one.name.casefold() == named.casefold()]
    if not found:
        raise OperatorError(f"no agent has the name {named}; see tongdai agent list")
    if len(found) > 1:
        raise OperatorError(f"{len(found)} agents have the name {named}: give the id, one of {_listed(found)}")
    return found[0]


def _listed(agent_ids: list[int]) -> str:
    return ", ".join(map(str, agent_ids))


def skill_of(text: str) -> AgentSkill:
    name, _, level = text.rpartition("=")
    return AgentSkill(skill=name, level=int(level))


@click.command("show")
@AGENT
@json_option
@client_options("agent")
def show_agent(client: Client, named: str, as_json: bool) -> None:
    """Show all there is to an agent.

    \b
    Examples:
      tongdai agent show 7
      tongdai agent show "Tran Thi B"
    """
    found = client.agent(agent_id_of(client, named))
    rows: list[dict[str, object]] = [
        {"field": field.encode_name, "value": _in_words(getattr(found, field.name))}
        for field in msgspec.structs.fields(Agent)
    ]
    show(["field", "value"], rows, as_json=as_json)


def _in_words(value: Any) -> object:
    """Write a value as the options of `change` take it, and a queue with the agent's position in it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ",".join(map(_one_in_words, cast("list[QueueMember | AgentSkill]", value))) or None
    return value


def _one_in_words(one: QueueMember | AgentSkill) -> str:
    return f"{one.queue_id}:{one.position}" if isinstance(one, QueueMember) else f"{one.skill}={one.level}"


@click.command
@AGENT
@click.option("--name", type=Text(), help="Another name.")
@click.option("--endpoint", metavar="NAME", type=ENDPOINT, help="Another phone, of an offline agent.")
@click.option("--queue", "queue_id", metavar="ID", type=ID, help="Another queue of their own.")
@click.option("--wrap-up", "wrap_up_sec", metavar="SECONDS", type=click.IntRange(0, MAX_WRAP_UP_S), help="After calls.")
@click.option("--mode", type=click.Choice([mode.value for mode in Mode]), help="Another mode, of an offline agent.")
@click.option("--team", "team_id", metavar="ID", type=ID, help="Your own number of their team.")
@click.option("--no-team", is_flag=True, help="They are in no team.")
@click.option("--also", multiple=True, metavar="ID", type=ID, help="A queue, instead of those so far. Repeatable.")
@click.option("--no-also", is_flag=True, help="They serve their own queue alone.")
@click.option(
    "--skill", "skills", multiple=True, metavar="NAME=LEVEL", type=SKILL, help="Instead of those so far. Repeatable."
)
@click.option("--no-skills", is_flag=True, help="They have no skills.")
@client_options("agent")
def change(
    client: Client,
    named: str,
    name: str | None,
    endpoint: str | None,
    queue_id: int | None,
    wrap_up_sec: int | None,
    mode: str | None,
    team_id: int | None,
    no_team: bool,
    also: tuple[int, ...],
    no_also: bool,
    skills: tuple[str, ...],
    no_skills: bool,
) -> None:
    """Change an agent: what is given, all or nothing.

    \b
    Example:
      tongdai agent change 7 --wrap-up 20 --also 1001227 --skill english=5
    """
    if (no_team and team_id is not None) or (no_also and also) or (no_skills and skills):
        raise click.UsageError("--no-team, --no-also and --no-skills clear what --team, --also and --skill set.")
    sent: dict[str, Any] = {
        "name": UNSET if name is None else name,
        "endpoint": UNSET if endpoint is None else endpoint,
        "queue_id": UNSET if queue_id is None else queue_id,
        "wrap_up_sec": UNSET if wrap_up_sec is None else wrap_up_sec,
        "mode": UNSET if mode is None else mode,
        "team_id": None if no_team else UNSET if team_id is None else team_id,
        "queues": [QueueMember(queue_id=other) for other in dict.fromkeys(also)] if also or no_also else UNSET,
        "skills": [skill_of(text) for text in skills] if skills or no_skills else UNSET,
    }
    if all(value is UNSET for value in sent.values()):
        raise click.UsageError("Give what is to change, such as --wrap-up 20.")
    click.echo(client.update_agent(agent_id_of(client, named), **sent).message)


@click.group
def preview() -> None:
    """Offer agents the contacts of preview campaigns.

    \b
    Example:
      tongdai agent preview next 7 --campaign 1042
    """


@preview.command("next")
@AGENT
@click.option("--campaign", "campaign_id", required=True, metavar="ID", type=ID, help="The campaign, of mode preview.")
@json_option
@client_options("agent")
def next_(client: Client, named: str, campaign_id: int, as_json: bool) -> None:
    """Offer an agent the next contact.

    It is the same one until it is accepted or skipped.

    \b
    Example:
      tongdai agent preview next 7 --campaign 1042
    """
    offered = client.next_preview(agent_id_of(client, named), campaign_id)
    click.echo(offered.message, err=True)
    columns = ["contactId", "phoneNumber", "name", "externalId", "attempts", "lapsesAt"]
    show(columns, [] if offered.preview is None else [_row(offered.preview)], as_json=as_json)


def _row(offer: Preview) -> dict[str, object]:
    return {
        "contactId": offer.contact_id,
        "phoneNumber": offer.phone_number,
        "name": offer.name,
        "externalId": offer.external_id,
        "attempts": offer.attempts,
        "lapsesAt": offer.lapses_at,
    }


@preview.command
@AGENT
@client_options("agent")
def accept(client: Client, named: str) -> None:
    """Have the offered contact called.

    \b
    Example:
      tongdai agent preview accept 7
    """
    click.echo(client.accept_preview(agent_id_of(client, named)).message)


@preview.command
@AGENT
@click.option("--reason", type=Text(), help="Why, for the audit log.")
@client_options("agent")
def skip(client: Client, named: str, reason: str | None) -> None:
    """Skip the offered contact: it is due again after 10 minutes.

    \b
    Example:
      tongdai agent preview skip 7 --reason "not at work yet"
    """
    click.echo(client.skip_preview(agent_id_of(client, named), reason=reason).message)
