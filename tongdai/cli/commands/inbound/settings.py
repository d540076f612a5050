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


class _Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The vendor's fields of a queue, by the names that its PUT has, as `client.update_queue` takes them."""

    strategy: int | msgspec.UnsetType = msgspec.UNSET
    moh_file_id: str | msgspec.UnsetType | None = msgspec.UNSET
    max_wait_sec: int | msgspec.UnsetType | None = msgspec.UNSET
    announce_position: bool | msgspec.UnsetType | None = msgspec.UNSET
    number: str | msgspec.UnsetType | None = msgspec.field(name="callinNumber", default=msgspec.UNSET)


_OF_RECORD = {one.encode_name: one for one in msgspec.structs.fields(_Record)}
_OF_SETTINGS = {one.encode_name: one for one in msgspec.structs.fields(QueueSettingsChange)}
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

    The names are those of the API. A value is a number, yes, no, a word, none, or a destination: queue:ID, menu:ID,
    number:NUMBER, message:SOUND, callback, hang_up. Skills are NAME:LEVEL, with commas between them.

    \b
    Examples:
      tongdai queue settings 1001227
      tongdai queue settings 1001227 strategy=vip max_wait_sec=120 overflow=queue:1001228
      tongdai queue settings 1001227 agentSelector=ring_all menuId=none skills=english:5,billing:1
    """
    record, change = _sent(assignments)
    # The settings first: more of theirs may be refused, and then nothing has changed.
    if change:
        client.update_queue_settings(queue_id, msgspec.convert(change, QueueSettingsChange, strict=False))
    if record:
        sent = msgspec.convert(record, _Record, strict=False)
        client.update_queue(queue_id, **msgspec.structs.asdict(sent))
    rows = _rows(client.queue(queue_id), client.queue_settings(queue_id))
    show(["setting", "value"], rows, as_json=as_json)


def _sent(assignments: tuple[str, ...]) -> tuple[Values, Values]:
    """Read the vendor's fields and the other settings; UsageError names what is wrong."""
    record: dict[str, Any] = {}
    change: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or name not in _OF_RECORD | _OF_SETTINGS:
            raise click.UsageError(f"{assignment!r}: expected NAME=VALUE{_nearest(name)}.")
        if name in record | change:
            raise click.UsageError(f"{name} is given twice.")
        value = _value(name, text)
        field, struct = (_OF_RECORD[name], _Record) if name in _OF_RECORD else (_OF_SETTINGS[name], QueueSettingsChange)
        try:
            msgspec.convert({name: value}, struct, strict=False)
        except msgspec.ValidationError:
            raise click.UsageError(f"{assignment!r}: expected {_expected(field.type)}.") from None
        (record if name in _OF_RECORD else change)[name] = value
    return record, change


def _nearest(name: str) -> str:
    """Name the setting that is probably meant."""
    by_lower = {known.lower(): known for known in _OF_RECORD | _OF_SETTINGS}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return f"; is {by_lower[found[0]]} meant?" if found else ", NAME as the command without one lists them"


def _value(name: str, text: str) -> Any:
    value = _WORDS.get(text, text)
    if name == "strategy":
        return _STRATEGIES.get(text, text)
    if value is None or name not in _OF_SETTINGS:
        return [] if name == "skills" else value
    if name == "skills":
        parts = [one.rpartition(":") for one in text.split(",")]
        return [{"skill": skill, "level": level} if colon else {"skill": level} for skill, colon, level in parts]
    if CallerDestination in get_args(_OF_SETTINGS[name].type):
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
    record = _Record(
        strategy=queue.strategy,
        moh_file_id=queue.moh_file_id,
        max_wait_sec=queue.max_wait_sec,
        announce_position=queue.announce_position,
        number=queue.number,
    )
    found = [(name, getattr(record, field.name)) for name, field in _OF_RECORD.items()]
    found += [(name, getattr(settings, field.name)) for name, field in _OF_SETTINGS.items()]
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
