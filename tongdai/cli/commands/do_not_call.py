"""`tongdai dnc`, by the API of a running server."""

import csv
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path

import click

from tongdai.cli.api_client import client_options
from tongdai.cli.param_types import ID, Text
from tongdai.cli.tables import json_option, show
from tongdai.do_not_call.entries import file_reader
from tongdai.do_not_call.entries.validation import Sent
from tongdai.errors import InvalidInput, OperatorError
from tongdai_client import Client, DncNumbersAdded, DncRowError

_HEADER = ("phoneNumber", "reason", "expiresAt")
_SHOWN = 20
"""Number of refused rows that are listed one by one."""

_number = click.argument("number")
_list = click.option("--list", "dnc_list_id", metavar="ID", required=True, type=ID, help="The list; see `list`.")


@click.group
def dnc() -> None:
    """Manage the do-not-call lists of a running server.

    A list applies to every campaign, or to one. A listed number is not called from that moment on.

    \b
    Examples:
      tongdai dnc create "Do not disturb" --key sk_live_…
      tongdai dnc import numbers.csv --list 12 --key sk_live_…
    """


@dnc.command("list")
@json_option
@client_options("campaign")
def list_(client: Client, as_json: bool) -> None:
    """List the do-not-call lists. A list without a campaignId applies to every campaign.

    \b
    Example:
      tongdai dnc list --json
    """
    rows = [
        {
            "dncListId": one.dnc_list_id,
            "name": one.name,
            "campaignId": one.campaign_id,
            "entryCount": one.entry_count,
            "createdAt": one.created_at,
        }
        for one in client.dnc_lists()
    ]
    show(["dncListId", "name", "campaignId", "entryCount", "createdAt"], rows, as_json=as_json)


@dnc.command
@click.argument("name", type=Text())
@click.option("--campaign", "campaign_id", metavar="ID", type=ID, help="The campaign it applies to.  [default: all]")
@client_options("campaign")
def create(client: Client, name: str, campaign_id: int | None) -> None:
    """Create a list.

    \b
    Example:
      tongdai dnc create "Do not disturb"
    """
    made = client.create_dnc_list(name, campaign_id=campaign_id)
    click.echo(
        f"Do-not-call list {made.dnc_list_id} created. Next: tongdai dnc add 0901234567 --list {made.dnc_list_id}"
    )


@dnc.command
@_number
@_list
@click.option("--reason", metavar="TEXT", type=Text(), help="Why the number must not be called.")
@click.option("--until", metavar="INSTANT", help="When the entry expires: 2030-01-31T17:00:00+07:00.")
@client_options("campaign")
def add(client: Client, number: str, dnc_list_id: int, reason: str | None, until: str | None) -> None:
    """Add a number, in any written form, to a list; one that it has gets the new reason and expiry.

    \b
    Example:
      tongdai dnc add 0901234567 --list 12 --reason "Asked not to be called"
    """
    expires_at = None if until is None else _instant(until)
    added = client.add_dnc_number(dnc_list_id, number, reason=reason, expires_at=expires_at)
    click.echo(f"{number} {'added to' if added.added else 'updated in'} do-not-call list {dnc_list_id}.")


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is no instant: expected 2030-01-31T17:00:00+07:00.", param_hint="--until"
        ) from None


@dnc.command
@_number
@_list
@client_options("campaign")
def remove(client: Client, number: str, dnc_list_id: int) -> None:
    """Remove a number from a list.

    \b
    Example:
      tongdai dnc remove 0901234567 --list 12
    """
    client.remove_dnc_number(dnc_list_id, number)
    click.echo(f"{number} removed from do-not-call list {dnc_list_id}.")


@dnc.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@_list
@client_options("campaign")
def import_(client: Client, file: Path, dnc_list_id: int) -> None:
    """Add the numbers of a CSV file to a list: UTF-8, a header row, columns phoneNumber, reason, expiresAt.

    The file is sent in pieces of 10,000 rows; after Ctrl-C or a failure import it again, as numbers are never listed
    twice.

    \b
    Example:
      tongdai dnc import numbers.csv --list 12
    """
    added = updated = failed = sent = 0
    errors: list[DncRowError] = []
    for piece in _pieces(file):
        result = _send(client, dnc_list_id, piece)
        errors += [_moved(error, sent) for error in result.errors[: _SHOWN - len(errors)]]
        added, updated, failed = added + result.added, updated + result.updated, failed + result.failed
        sent += len(piece)
        click.echo(f"{sent:,} rows sent: {added:,} added, {updated:,} updated, {failed:,} failed", err=True)
    click.echo(f"{added} added, {updated} updated, {failed} failed")
    if errors:
        rows = [{"row": error.row, "phoneNumber": error.phone_number, "reason": error.reason} for error in errors]
        show(["row", "phoneNumber", "reason"], rows, as_json=False)


def _pieces(file: Path) -> Iterator[list[Sent]]:
    try:
        yield from file_reader.read(file.read_bytes())
    except InvalidInput as error:
        raise OperatorError(f"{file}: {error.message}") from None
    except OSError as error:
        raise OperatorError(f"cannot read {file}: {error.strerror}") from None


def _send(client: Client, dnc_list_id: int, piece: Sequence[Sent]) -> DncNumbersAdded:
    with tempfile.TemporaryDirectory(prefix="tongdai-") as folder:
        path = Path(folder) / "numbers.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(chain((_HEADER,), piece))
        return client.add_dnc_csv(dnc_list_id, path)


def _moved(error: DncRowError, before: int) -> DncRowError:
    """The error with the row's number in the file, given the number of rows before its piece."""
    return DncRowError(row=error.row + before, phone_number=error.phone_number, reason=error.reason)


@dnc.command
@click.argument("dnc_list_id", metavar="LIST", type=ID)
@click.option("--to", "file", metavar="PATH", type=click.Path(dir_okay=False, path_type=Path), help="[default: here]")
@client_options("campaign")
def export(client: Client, dnc_list_id: int, file: Path | None) -> None:
    """Write all numbers of a list as CSV, to standard output or to a file.

    \b
    Examples:
      tongdai dnc export 12 > numbers.csv
      tongdai dnc export 12 --to numbers.csv
    """
    if file is not None:
        try:
            client.save_dnc_csv(dnc_list_id, file)
        except OSError as error:
            raise OperatorError(f"cannot write {file}: {error.strerror}") from None
        return
    with tempfile.TemporaryDirectory(prefix="tongdai-") as folder:
        path = client.save_dnc_csv(dnc_list_id, Path(folder) / "numbers.csv")
        with path.open("rb") as saved:
            shutil.copyfileobj(saved, sys.stdout.buffer)
