"""`tongdai team`, by the API of a running server."""

import click

from tongdai.cli.api_client import client_options
from tongdai.cli.param_types import ID, Text
from tongdai.cli.tables import json_option, show
from tongdai_client import Client


@click.group
def team() -> None:
    """Create, list, rename and delete teams of agents, by a running server.

    \b
    Example:
      tongdai team create --name "Team 1"
    """


@team.command
@click.option("--name", required=True, type=Text(), help="The name of the team.")
@click.option("--id", "team_id", metavar="ID", type=ID, help="Your own number of the team.  [default: the next one]")
@client_options("agent")
def create(client: Client, name: str, team_id: int | None) -> None:
    """Create a team, and print its id. Agents get it by --team.

    \b
    Example:
      tongdai team create --name "Team 1"
    """
    click.echo(client.create_team(name, team_id=team_id).team_id)


@team.command("list")
@json_option
@client_options("agent")
def list_(client: Client, as_json: bool) -> None:
    """List the teams.

    \b
    Example:
      tongdai team list
    """
    rows = [{"teamId": one.team_id, "name": one.name, "agents": one.agents} for one in client.teams().data]
    show(["teamId", "name", "agents"], rows, as_json=as_json)


@team.command
@click.argument("team_id", metavar="TEAM_ID", type=ID)
@click.option("--name", required=True, type=Text(), help="The new name.")
@client_options("agent")
def rename(client: Client, team_id: int, name: str) -> None:
    """Rename a team.

    \b
    Example:
      tongdai team rename 1 --name "Team 2"
    """
    click.echo(client.update_team(team_id, name).message)


@team.command
@click.argument("team_id", metavar="TEAM_ID", type=ID)
@client_options("agent")
def delete(client: Client, team_id: int) -> None:
    """Delete a team that has no agents.

    \b
    Example:
      tongdai team delete 1
    """
    click.echo(client.delete_team(team_id).message)
