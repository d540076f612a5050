"""`tongdai queue settings`, `delete`, by the API of a running server."""

import difflib
from collections.abc import Mapping
from typing import Any, get_args

import click
import msgspec

from tongdai.cli.api_client import client_options
from tongdai.cli.commands.inbound import destinations
from tongdai.cli.param_types import ID
from tongdai.cli.tables import json_option, show
from tongdai.queues.model import Strategy
from tongdai_client import CallerDestination, Client, Queue, QueueSettings, QueueSettingsChange

_FIELDS = {one.encode_name: one for one in msgspec.structs.fields(QueueSettingsChange)}
_OF_RECORD = ("callinName", "strategy", "moh_file_id", "max_wait_sec", "announce_position", "callinNumber")
"""Fields of the queue itself, as its PUT names them."""
_WORDS = {"yes": "true", "no": "false", "none": None}
_STRATEGIES = {one.name.lower(): str(one.value) for one in Strategy}

Values = Mapping[str, Any]
"""Values to send, by the names in requests."""


@click.command
@click.argument("queue_id", metavar="QUEUE_ID", type=ID)
@click.argument("assignments", metavar="[NAME=VALUE]...", nargs=-1)
@json_option
@client_options("queue")
def settings(client: Client, queue_id: int, assignments: tuple[str, ...], as_json: bool) -> None:
    """Show or change the settings of a queue.

    All that are given are changed, or none.

    The names are those of the API. A value is a number, yes, no, a word, none, or a destination: queue:ID, menu:ID,
    number:NUMBER, message:SOUND, callback, hang_up. Skills are NAME:LEVEL, with commas between them.

    \b
    Examples:
      tongdai queue settings 1001227
      tongdai queue settings 1001227 strategy=vip max_wait_sec=120 overflow=queue:1001228
      tongdai queue settings 1001227 callinName="Support, evenings"
      tongdai queue settings 1001227 agentSelector=ring_all menuId=none skills=english:5,billing:1
    """
    change = _sent(assignments)
    if change:
        client.update_queue_settings(queue_id, msgspec.convert(change, QueueSettingsChange, strict=False))
    rows = _rows(client.queue(queue_id), client.queue_settings(queue_id))
    show(["setting", "value"], rows, as_json=as_json)


def _sent(assignments: tuple[str, ...]) -> Values:
    """Read the settings to change; UsageError names what is wrong."""
    change: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or name not in _FIELDS:
            raise click.UsageError(f"{assignment!r}: expected NAME=VALUE{_nearest(name)}.")
        if name in change:
            raise click.UsageError(f"{name} is given twice.")
        change[name] = _value(name, text)
        try:
            msgspec.convert({name: change[name]}, QueueSettingsChange, strict=False)
        except msgspec.ValidationError:
            raise click.UsageError(f"{assignment!r}: expected {_expected(_FIELDS[name].type)}.") from None
    return change


def _nearest(name: str) -> str:
    """Name the setting that is probably meant."""
    by_lower = {known.lower(): known for known in _FIELDS}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return f"; is {by_lower[found[0]]} meant?" if found else ", NAME as the command without one lists them"


def _value(name: str, text: str) -> Any:
    if name == "callinName":  # also a queue named none, or yes
        return text
    if name == "strategy":
        return _STRATEGIES.get(text, text)
    value = _WORDS.get(text, text)
    if value is None:
        return [] if name == "skills" else value
    if name == "skills":
        parts = [one.rpartition(":") for one in text.split(",")]
        return [{"skill": skill, "level": level} if colon else {"skill": level} for skill, colon, level in parts]
    if CallerDestination in get_args(_FIELDS[name].type):
        try:
            return msgspec.to_builtins(destinations.parse(text))
        except ValueError as error:
            raise click.UsageError(f"{name}: {error}.") from None
    return value


def _expected(kind: Any) -> str:
    kinds = get_args(kind)
    words = "a number" if int in kinds else "yes or no" if bool in kinds else "a value"
    return f"{words}, or none" if type(None) in kinds else words


def _rows(queue: Queue, settings: QueueSettings) -> list[dict[str, object]]:
    found = [(name, getattr(queue if name in _OF_RECORD else settings, field.name)) for name, field in _FIELDS.items()]
    return [{"setting": name, "value": _in_words(name, value)} for name, value in found]


def _in_words(name: str, value: Any) -> object:
    """Write a value as it may be given."""
    if isinstance(value, CallerDestination):
        return destinations.in_words(value)
    if name == "skills":
        return ",".join(f"{one.skill}:{one.level}" for one in value) or None
    if isinstance(value, bool):
        return "yes" if value else "no"
    return Strategy(value).name.lower() if name == "strategy" else value


@click.command
@click.argument("queue_id", metavar="QUEUE_ID", type=ID)
@client_options("queue")
def delete(client: Client, queue_id: int) -> None:
    """Delete a queue to which nothing refers.

    \b
    Example:
      tongdai queue delete 1001229
    """
    click.echo(client.delete_queue(queue_id).message)
