"""`tongdai dnc`, by the API of a running server."""

import csv
import os
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain, islice
from pathlib import Path

import click
import msgspec

from tongdai.cli import detected
from tongdai.cli.api_client import client_options
from tongdai.cli.param_types import ID, Text
from tongdai.cli.tables import counted, json_option, show
from tongdai.do_not_call.entries import file_reader
from tongdai.do_not_call.entries.date_order import order_of
from tongdai.do_not_call.entries.expiry import read_day
from tongdai.do_not_call.entries.file_reader import NumberFile, Row
from tongdai.do_not_call.entries.validation import MISSING, Sent
from tongdai.do_not_call.model import MAX_NUMBERS
from tongdai.errors import InvalidInput, OperatorError
from tongdai.files import BodyFormat, Format, Limits, media_type
from tongdai.files.cells import as_written
from tongdai.http.streams.csv import csv_header, csv_of
from tongdai_client import Client, DncNumbersAdded, DncRowError, ImportDetected

_HEADER = ("phoneNumber", "reason", "expiresAt", "areaCode")
"""The fields of Sent."""
_FAILED_COLUMNS = ("failedRow", "failedReason")
"""The columns behind those of the file in a file of failed rows."""
_SHOWN = 20
"""Number of failed rows, and of warnings, that are listed one by one."""
_ARCHIVE = b"PK\x03\x04"

_number = click.argument("number")
_list = click.option("--list", "dnc_list_id", metavar="ID", required=True, type=ID, help="The list; see `list`.")


@click.group
def dnc() -> None:
    """Manage do-not-call lists by a running server.

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
    """Create a list, and print its id.

    \b
    Example:
      LIST=$(tongdai dnc create "Do not disturb")
    """
    click.echo(client.create_dnc_list(name, campaign_id=campaign_id).dnc_list_id)


@dnc.command
@_number
@_list
@click.option("--reason", metavar="TEXT", type=Text(), help="Why the number must not be called.")
@click.option("--until", metavar="INSTANT", help="When it expires: 2030-01-31T17:00:00+07:00, or a day.")
@client_options("campaign")
def add(client: Client, number: str, dnc_list_id: int, reason: str | None, until: str | None) -> None:
    """Add a number to a list, or give it another reason and expiry.

    The number may be in any written form. Without --reason and --until the entry has none.

    \b
    Example:
      tongdai dnc add 0901234567 --list 12 --reason "Asked not to be called"
    """
    expires_at = None if until is None else _until(until)
    added = client.add_dnc_number(dnc_list_id, number, reason=reason, expires_at=expires_at)
    click.echo(f"{number} {'added to' if added.added else 'updated in'} do-not-call list {dnc_list_id}.")


def _until(text: str) -> datetime | date:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is not None and instant.tzinfo is not None:
        return instant
    day = read_day(text)
    expected = "expected 2030-01-31T17:00:00+07:00, or a day: 2030-01-31"
    if day is None or ":" in text:
        raise click.BadParameter(f"{text!r} is no instant: {expected}.", param_hint="--until")
    if order_of([text]).either is not None:
        raise click.BadParameter(f"{text!r} may be two days: {expected}.", param_hint="--until")
    return day


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
@click.option(
    "--failed",
    "failed_path",
    metavar="PATH",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the rows that failed, and why.  [default: FILE.failed.csv]",
)
@click.option("--allow-failed", is_flag=True, help="Exit with code 0 even if rows failed.")
@click.option(
    "--encoding", metavar="NAME", help="The character set of CSV, such as cp1258, tcvn3, vni.  [default: detected]"
)
@client_options("campaign")
def import_(
    client: Client,
    file: Path,
    dnc_list_id: int,
    failed_path: Path | None,
    allow_failed: bool,
    encoding: str | None,
) -> None:
    """Add the numbers of a CSV, XLSX, JSON or NDJSON file to a list.

    A header row names the columns phoneNumber, reason and expiresAt in any order; of a file without one, the columns of
    numbers are found, or the columns area,number of the registry of the United States. What was read as what is
    printed, with the columns that were not read although they seem to have phone numbers. Dates are read day first or
    month first as the whole column shows, and if it does not, as the later one of both days.

    A row is listed if a number can be read in it; the others fail and go to a file, and the exit code is 1 unless
    --allow-failed is given. A file without rows is an error. The rows are sent in pieces of 10,000; after Ctrl-C or a
    failure import the file again, as numbers are never listed twice.

    \b
    Examples:
      tongdai dnc import numbers.csv --list 12
      tongdai dnc import numbers.xlsx --list 12 --failed bad.csv
    """
    failed_path = failed_path or file.with_name(f"{file.name}.failed.csv")
    if not os.access(failed_path.parent, os.W_OK):
        raise click.UsageError(f"{failed_path} cannot be written: name another path with --failed.")
    done = _Done()
    with _opened(file, encoding) as found:
        while piece := list(islice(found.rows, MAX_NUMBERS)):
            _import_piece(client, dnc_list_id, found, piece, done)
        summary = f"{done.added} added, {done.updated} updated, {len(done.failed)} failed"
        click.echo(summary + (f", {done.warned} with warnings" if done.warned else ""))
        _show_rows([error for error, _ in done.failed[:_SHOWN]])
        for warning in done.warnings[:_SHOWN]:
            click.echo(f"row {warning.row}, {warning.phone_number}: {warning.reason}", err=True)
        for line in detected.lines(_detected(found, done), "import the file again with --encoding"):
            click.echo(line, err=True)
        if done.failed:
            _write_failed(failed_path, found, done.failed)
        if done.failed and not allow_failed:
            rows = "1 row is" if len(done.failed) == 1 else f"{len(done.failed):,} rows are"
            raise OperatorError(f"{rows} not listed and may be called: {failed_path} has them")


@dataclass(slots=True)
class _Done:
    """Outcome of the rows so far."""

    rows: int = 0
    added: int = 0
    updated: int = 0
    warned: int = 0
    warnings: list[DncRowError] = field(default_factory=list[DncRowError])
    failed: list[tuple[DncRowError, Row]] = field(default_factory=list[tuple[DncRowError, Row]])
    notes: dict[str, None] = field(default_factory=dict[str, None])
    """Notes of the server about pieces, each once."""


def _import_piece(client: Client, dnc_list_id: int, found: NumberFile, piece: Sequence[Row], done: _Done) -> None:
    # The rows with a number, and where in the piece each is.
    sent, places = list[Sent](), list[int]()
    failed: dict[int, DncRowError] = {}
    for at, row in enumerate(piece):
        if (one := found.sent(row)).phone is None:
            failed[at] = DncRowError(row=done.rows + at + 1, phone_number=None, reason=MISSING)
        else:
            sent.append(one)
            places.append(at)
    if sent:
        result = _send(client, dnc_list_id, sent)
        for error in result.errors:
            at = places[error.row - 1]
            failed[at] = _at_row(error, done.rows + at + 1)
        done.added += result.added
        done.updated += result.updated
        done.warned += result.warned
        done.warnings += [_at_row(warning, done.rows + places[warning.row - 1] + 1) for warning in result.warnings]
        done.notes |= dict.fromkeys(result.detected.notes if result.detected else ())
    done.failed += [(failed[at], piece[at]) for at in sorted(failed)]
    done.rows += len(piece)
    if len(piece) == MAX_NUMBERS:  # others may follow
        counts = f"{done.added:,} added, {done.updated:,} updated, {len(done.failed):,} failed"
        click.echo(f"{counted(done.rows, 'row')} sent: {counts}", err=True)


def _detected(found: NumberFile, done: _Done) -> ImportDetected:
    whole = msgspec.convert(msgspec.to_builtins(found.detected), ImportDetected)
    return msgspec.structs.replace(whole, notes=[*whole.notes, *done.notes])


@contextmanager
def _opened(file: Path, encoding: str | None) -> Generator[NumberFile]:
    try:
        with file.open("rb") as opened:
            workbook = opened.read(len(_ARCHIVE)) == _ARCHIVE or file.suffix.lower() == ".xlsx"
            body_format = BodyFormat(Format.XLSX if workbook else _format_of_name(file))
            if encoding is not None:
                body_format = media_type.with_encoding(body_format, encoding)
            with file_reader.open_numbers(opened, body_format, Limits(MAX_NUMBERS), date.today()) as found:  # noqa: DTZ011
                yield found
    except InvalidInput as error:
        raise OperatorError(f"{file}: {error.message}") from None
    except OSError as error:
        raise OperatorError(f"cannot read {file}: {error.strerror}") from None


def _format_of_name(file: Path) -> Format:
    """NDJSON by the ending, as its first line may be a bare number; otherwise CSV unless the content is JSON."""
    ending = media_type.ENDINGS.get(file.suffix.lower().removeprefix("."))
    return Format.NDJSON if ending is Format.NDJSON else Format.CSV


def _send(client: Client, dnc_list_id: int, sent: Sequence[Sent]) -> DncNumbersAdded:
    with tempfile.TemporaryDirectory(prefix="tongdai-") as folder:
        path = Path(folder) / "numbers.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(chain((_HEADER,), sent))
        return client.add_dnc_csv(dnc_list_id, path, errors=MAX_NUMBERS)


def _at_row(error: DncRowError, row: int) -> DncRowError:
    """The error with the row's number in the file."""
    return DncRowError(row=row, phone_number=error.phone_number, reason=error.reason)


def _show_rows(errors: Sequence[DncRowError]) -> None:
    if errors:
        rows = [{"row": error.row, "phoneNumber": error.phone_number, "reason": error.reason} for error in errors]
        show(["row", "phoneNumber", "reason"], rows, as_json=False)


def _write_failed(path: Path, found: NumberFile, failed: Sequence[tuple[DncRowError, Row]]) -> None:
    """The failed rows as the file has them, each with the reason behind it: once corrected, a file to import."""
    width = max(len(row) for _, row in failed)
    header = found.header or found.columns.names(width)
    width = max(width, len(header))
    # A file of failed rows that is imported, and fails again, has their columns already.
    kept = [at for at, name in enumerate(_padded(header, width)) if name not in _FAILED_COLUMNS]
    try:
        with path.open("wb") as file:
            file.write(csv_header([*_cells(header, kept), *_FAILED_COLUMNS]))
            file.write(csv_of([*_cells(row, kept), error.row, error.reason] for error, row in failed))
    except OSError as error:
        raise OperatorError(f"cannot write {path}: {error.strerror}") from None


def _cells(row: Row, kept: Sequence[int]) -> Iterator[str]:
    return (as_written(row[at]) if at < len(row) else "" for at in kept)


def _padded(row: Row, width: int) -> Iterator[str]:
    return chain(row, [""] * (width - len(row)))


@dnc.command
@click.argument("dnc_list_id", metavar="LIST", type=ID)
@click.option(
    "--to",
    "file",
    metavar="PATH",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write.  [default: standard output]",
)
@client_options("campaign")
def export(client: Client, dnc_list_id: int, file: Path | None) -> None:
    """Write all numbers of a list as CSV.

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
