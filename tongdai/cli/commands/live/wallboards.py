"""`tongdai wallboard`, by the API of a running server."""

from collections.abc import Callable
from typing import TypeVar

import click
from msgspec import UNSET

from tongdai.cli.api_client import client_options
from tongdai.cli.param_types import ID, Text
from tongdai.cli.tables import json_option, show
from tongdai.people.users.model import Language
from tongdai.wallboards.model import Theme, Tile
from tongdai_client import Client, WallboardThreshold, WallboardThresholds

_TILES = click.option(
    "--tile",
    "tiles",
    type=click.Choice([str(tile) for tile in Tile]),
    multiple=True,
    help="A figure to show; repeat it for more, in their order.  [default: all]",
)
_QUEUES = click.option(
    "--queue", "queue_ids", metavar="ID", type=ID, multiple=True, help="A queue to show; repeat it.  [default: all]"
)
_LANGUAGE = click.option(
    "--language", type=click.Choice([str(one) for one in Language]), help="Its language.  [default: the browser's]"
)
_THEME = click.option("--theme", type=click.Choice([str(one) for one in Theme]), help="Its colours.  [default: dark]")
_LEVEL = (click.IntRange(0), click.IntRange(0))
_WAITING = click.option("--waiting", type=_LEVEL, metavar="WARN ALARM", help="Callers who wait, to warn and alarm.")
_LONGEST = click.option("--longest", type=_LEVEL, metavar="WARN ALARM", help="Seconds of the longest wait, likewise.")
_SERVICE = click.option("--service", type=_LEVEL, metavar="WARN ALARM", help="Service level in percent, this low.")

Level = tuple[int, int] | None
_Command = TypeVar("_Command", bound=Callable[..., object])


def _look(command: _Command) -> _Command:
    """Take the options for what a board shows."""
    for option in (_THEME, _LANGUAGE, _SERVICE, _LONGEST, _WAITING, _QUEUES, _TILES):
        command = option(command)
    return command


@click.group
def wallboard() -> None:
    """Create, change and revoke boards for televisions, by a running server.

    A board shows figures of queues to whoever has its token, and no callers. The token is shown once.

    \b
    Example:
      tongdai wallboard create --name "Call centre" --longest 30 60
    """


@wallboard.command
@click.option("--name", required=True, type=Text(), help="The name that it shows.")
@_look
@client_options("queue")
def create(
    client: Client,
    name: str,
    tiles: tuple[str, ...],
    queue_ids: tuple[int, ...],
    waiting: Level,
    longest: Level,
    service: Level,
    language: str | None,
    theme: str | None,
) -> None:
    """Create a wallboard and print its token on standard output.

    \b
    Example:
      tongdai wallboard create --name "Call centre" --queue 1001227 --longest 30 60 --service 80 60
    """
    made = client.create_wallboard(
        name,
        tiles=tiles or None,
        queue_ids=queue_ids,
        thresholds=_thresholds(waiting, longest, service),
        language=language,
        theme=theme,
    )
    click.echo(f"Wallboard {made.wallboard_id}. Its token is shown only now:", err=True)
    click.echo(made.token)


@wallboard.command("list")
@json_option
@client_options("queue")
def list_(client: Client, as_json: bool) -> None:
    """List the wallboards, without their tokens.

    \b
    Example:
      tongdai wallboard list
    """
    rows = [
        {
            "wallboardId": one.wallboard_id,
            "name": one.name,
            "hint": one.hint,
            "tiles": one.tiles,
            "queueIds": one.queue_ids,
            "createdAt": one.created_at,
            "seenAt": one.seen_at,
        }
        for one in client.wallboards().data
    ]
    show(["wallboardId", "name", "hint", "tiles", "queueIds", "createdAt", "seenAt"], rows, as_json=as_json)


@wallboard.command
@click.argument("wallboard_id", metavar="WALLBOARD_ID", type=ID)
@click.option("--name", type=Text(), help="The name that it shows.")
@_look
@click.option("--all-queues", is_flag=True, help="Show all queues.")
@client_options("queue")
def change(
    client: Client,
    wallboard_id: int,
    name: str | None,
    tiles: tuple[str, ...],
    queue_ids: tuple[int, ...],
    all_queues: bool,
    waiting: Level,
    longest: Level,
    service: Level,
    language: str | None,
    theme: str | None,
) -> None:
    """Change what is given of a wallboard; where it is open it follows. Thresholds are replaced together.

    \b
    Example:
      tongdai wallboard change 4 --theme light --queue 1001227
    """
    if queue_ids and all_queues:
        raise click.UsageError("Expected --queue ID or --all-queues, not both.")
    levels = _thresholds(waiting, longest, service)
    done = client.update_wallboard(
        wallboard_id,
        name=UNSET if name is None else name,
        tiles=tiles or UNSET,
        queue_ids=queue_ids if queue_ids or all_queues else UNSET,
        thresholds=UNSET if levels == WallboardThresholds() else levels,
        language=UNSET if language is None else language,
        theme=UNSET if theme is None else theme,
    )
    click.echo(done.message)


@wallboard.command
@click.argument("wallboard_id", metavar="WALLBOARD_ID", type=ID)
@client_options("queue")
def revoke(client: Client, wallboard_id: int) -> None:
    """Revoke the token of a wallboard, and delete the board.

    \b
    Example:
      tongdai wallboard revoke 4
    """
    click.echo(client.revoke_wallboard(wallboard_id).message)


def _thresholds(waiting: Level, longest: Level, service: Level) -> WallboardThresholds:
    return WallboardThresholds(waiting=_level(waiting), longest_sec=_level(longest), service_percent=_level(service))


def _level(given: Level) -> WallboardThreshold | None:
    return None if given is None else WallboardThreshold(*given)
