"""`tongdai queue menu`, by the API of a running server."""

from typing import Any

import click

from tongdai.cli.api_client import Command, client_options, with_options
from tongdai.cli.commands.inbound import destinations
from tongdai.cli.commands.inbound.destinations import DESTINATION
from tongdai.cli.param_types import ID, Text
from tongdai.cli.tables import json_option, show
from tongdai.queues.menus.model import KEYS, REPEATS, TIMEOUT_S
from tongdai_client import CallerDestination, Client, Menu, NewMenu


@click.group
def menu() -> None:
    """Create and list keypad menus, which callers hear before a queue.

    `tongdai queue settings QUEUE_ID menuId=ID` puts a menu in front of a queue.

    \b
    Example:
      tongdai queue menu create --name Welcome --greeting tongdai/welcome --press 1=queue:1001227
    """


def _menu_options(command: Command) -> Command:
    return with_options(
        command,
        click.option("--name", required=True, type=Text(), help="The menu's name."),
        click.option("--greeting", metavar="SOUND", type=Text(), help="The sound of the switch that tells the keys."),
        click.option(
            "--press",
            "keys",
            multiple=True,
            required=True,
            metavar="KEY=DESTINATION",
            help=f"Where callers go who press it: {destinations.EXPECTED}. Repeatable.",
        ),
        click.option(
            "--otherwise",
            metavar="DESTINATION",
            type=DESTINATION,
            help="Where they go who press none, but no menu.  [default: the call ends]",
        ),
        click.option(
            "--timeout",
            "timeout_sec",
            metavar="SECONDS",
            type=click.IntRange(*TIMEOUT_S),
            default=5,
            show_default=True,
            help="How long a key is waited for after the greeting.",
        ),
        click.option(
            "--repeats",
            type=click.IntRange(*REPEATS),
            default=2,
            show_default=True,
            help="How often the greeting is played again.",
        ),
    )


def _sent(
    name: str,
    greeting: str | None,
    keys: tuple[str, ...],
    otherwise: CallerDestination | None,
    timeout_sec: int,
    repeats: int,
) -> NewMenu:
    options: dict[str, CallerDestination] = {}
    for one in keys:
        key, equals, target = one.partition("=")
        if not equals or len(key) != 1 or key not in KEYS:
            raise click.BadParameter(f"{one!r}: expected KEY=DESTINATION, a key of {KEYS}.", param_hint="'--press'")
        if key in options:
            raise click.BadParameter(f"{key} is given twice.", param_hint="'--press'")
        options[key] = DESTINATION(target)
    return NewMenu(
        name=name, greeting=greeting, options=options, otherwise=otherwise, timeout_sec=timeout_sec, repeats=repeats
    )


@menu.command
@_menu_options
@client_options("queue")
def create(client: Client, **sent: Any) -> None:
    """Create a menu, and print its id.

    \b
    Example:
      tongdai queue menu create --name Welcome --greeting tongdai/welcome \\
        --press 1=queue:1001227 --press 9=callback --otherwise queue:1001226
    """
    click.echo(client.create_menu(_sent(**sent)).menu_id)


@menu.command
@click.argument("menu_id", metavar="MENU_ID", type=ID)
@_menu_options
@client_options("queue")
def replace(client: Client, menu_id: int, **sent: Any) -> None:
    """Replace a menu by another, for keys that are pressed later.

    \b
    Example:
      tongdai queue menu replace 13 --name Welcome --press 1=queue:1001227 --otherwise callback
    """
    click.echo(client.replace_menu(menu_id, _sent(**sent)).message)


@menu.command("list")
@json_option
@client_options("queue")
def list_(client: Client, as_json: bool) -> None:
    """List the menus.

    \b
    Example:
      tongdai queue menu list
    """
    columns = ["menuId", "name", "greeting", "keys", "otherwise", "timeoutSec", "repeats", "usedBy"]
    show(columns, [_row(one) for one in client.menus()], as_json=as_json)


def _row(one: Menu) -> dict[str, object]:
    return {
        "menuId": one.menu_id,
        "name": one.name,
        "greeting": one.greeting,
        "keys": [f"{key}={destinations.in_words(option)}" for key, option in sorted(one.options.items())],
        "otherwise": destinations.in_words(one.otherwise),
        "timeoutSec": one.timeout_sec,
        "repeats": one.repeats,
        "usedBy": [
            *(f"queue:{queue_id}" for queue_id in one.used_by.queues),
            *(f"menu:{menu_id}" for menu_id in one.used_by.menus),
            *(["hours"] if one.used_by.default_hours else []),
        ],
    }


@menu.command
@click.argument("menu_id", metavar="MENU_ID", type=ID)
@client_options("queue")
def delete(client: Client, menu_id: int) -> None:
    """Delete a menu that no queue and no other menu refers to.

    \b
    Example:
      tongdai queue menu delete 13
    """
    click.echo(client.delete_menu(menu_id).message)
