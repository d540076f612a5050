"""`tongdai contacts`, by the API of a running server."""

import contextlib
import functools
import itertools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import click

from tongdai.call_outcome import Outcome
from tongdai.cli.api_client import campaign_options
from tongdai.cli.detected import uses_by_hand
from tongdai.cli.import_report import report
from tongdai.cli.param_types import ID, Text
from tongdai.cli.progress import Shown, progress
from tongdai.cli.tables import counted, json_option, show
from tongdai.errors import OperatorError
from tongdai_client import (
    CalledAgain,
    CampaignDetail,
    CampaignStatus,
    Client,
    ConnectionFailed,
    ImportFailed,
    ImportId,
    ImportJob,
    ImportStarted,
    ImportUndone,
)

MANY = 50_000
"""Contacts between two lines of progress."""
OUTCOMES = [outcome.value for outcome in Outcome]


@click.group
def contacts() -> None:
    """Import contacts by a running server, undo imports, call contacts again.

    \b
    Example:
      tongdai contacts import customers.csv --campaign 1042 --key sk_live_…
    """


@contacts.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--list", "list_name", metavar="NAME", type=Text(), help="The list to add to; created if missing.")
@click.option("--dry-run", is_flag=True, help="Check every row and create nothing.")
@click.option("--update", is_flag=True, help="Give contacts that have the numbers what the rows have.")
@click.option(
    "--encoding",
    metavar="NAME",
    help="The character set of CSV or a workbook, such as cp1258, tcvn3, vni.  [default: detected]",
)
@click.option(
    "--sheet", metavar="NAME", type=Text(), help="The sheet of a workbook, by name or number.  [default: the first]"
)
@click.option("--all-sheets", is_flag=True, help="Read all visible sheets of a workbook that have phone numbers.")
@click.option("--skip-hidden", is_flag=True, help="Leave out the rows that a workbook hides, as by a filter.")
@click.option(
    "--column",
    "columns",
    metavar="HEADING=USE",
    multiple=True,
    help="The use of a column, where the detected one is wrong: phoneNumber, name, externalId, timeZone, country, "
    "attribute or ignored. May be repeated.",
)
@click.option(
    "--gzip/--no-gzip",
    "compress",
    default=None,
    help="Compress while sending.  [default: yes, unless the server is on this machine]",
)
@click.option(
    "--failed",
    "--refused",
    "failed_path",
    metavar="PATH",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the failed rows, and why: once corrected, a file to import.  [default: FILE.failed.csv]",
)
@click.option("--allow-failed", "--allow-refused", is_flag=True, help="Exit with code 0 even if rows failed.")
@click.option(
    "--yes",
    is_flag=True,
    help="Do not ask before importing into a running campaign. Without a terminal, as in a pipe, it must be given.",
)
@campaign_options
def import_(
    client: Client,
    campaign: CampaignDetail,
    file: Path,
    list_name: str | None,
    dry_run: bool,
    update: bool,
    encoding: str | None,
    sheet: str | None,
    all_sheets: bool,
    skip_hidden: bool,
    columns: tuple[str, ...],
    compress: bool | None,
    failed_path: Path | None,
    allow_failed: bool,
    yes: bool,
) -> None:
    """Import a CSV, TSV, NDJSON, JSON or XLSX file, also gzipped.

    Columns are found by their names: phoneNumber, name, externalId; others are kept as attributes. Rows without a
    usable number fail: the others are imported, and the exit code is 1 unless --allow-failed is given. The failed rows
    are written as the file has them, with the reason: correct them and import that file. Ctrl-C while the file is sent
    cancels it; afterwards it asks whether to leave the import running or to undo it.

    A number that the campaign has is a duplicate and changes nothing. With --update its contact gets the name,
    reference, attributes and time zone of the row; what the row lacks stays, and so do list, state and calls.

    \b
    Examples:
      tongdai contacts import customers.csv --campaign 1042
      tongdai contacts import customers.xlsx --campaign 1042 --list "May" --dry-run
      tongdai contacts import customers.xlsx --campaign 1042 --sheet "Tháng 5" --skip-hidden
      tongdai contacts import odd.csv --campaign 1042 --column Contact=phoneNumber
      tongdai contacts import debts.csv --campaign 1042 --update
      tongdai contacts import big.csv --campaign 1042 --url https://calls.example --failed bad.csv
    """
    failed_path = failed_path or file.with_name(f"{file.name}.failed.{'ndjson' if _is_json(file) else 'csv'}")
    if not os.access(failed_path.parent, os.W_OK):
        raise click.UsageError(f"{failed_path} cannot be written: name another path with --failed.")
    if not dry_run and not yes:
        _ask_if_running(campaign)
    compressed = _is_far(client.url) if compress is None else compress
    with progress(file.name) as shown:
        send = functools.partial(
            client.import_file,
            campaign.campaign_id,
            file,
            list_name=list_name,
            dry_run=dry_run,
            on_duplicate="update" if update else None,
            encoding=encoding,
            sheet=sheet,
            all_sheets=all_sheets,
            skip_hidden=skip_hidden,
            columns=uses_by_hand(columns),
            compress=compressed,
        )
        started = _send(client, campaign.campaign_id, file, send, shown)
        job = _follow(client, started, shown)
    if job is None:
        _leave_or_undo(client, started)
        raise click.Abort
    stored = report(client, job, failed_path, update)
    if job.status == "failed":
        raise OperatorError(f"import {job.job_id} failed as a whole: {job.error_message}")
    if job.failed_rows and not allow_failed:
        where = f", listed in {failed_path}" if stored else ""
        raise OperatorError(f"{job.failed_rows:,} of {counted(job.total_rows, 'row')} failed{where}")


def _ask_if_running(campaign: CampaignDetail) -> None:
    """Ask, as people will be called; where nobody can be asked, refuse."""
    if campaign.status != CampaignStatus.RUNNING:
        return
    consequence = f"campaign {campaign.campaign_id} ({campaign.name}) is running: new contacts are called at once"
    if not sys.stdin.isatty():
        raise OperatorError(f"{consequence}. Say --yes to import all the same, or --dry-run to only check")
    click.confirm(f"{consequence[0].upper()}{consequence[1:]}. Continue?", abort=True, err=True)


def _is_json(file: Path) -> bool:
    """Whether its failed rows come as NDJSON."""
    return Path(file.name.removesuffix(".gz")).suffix.lower() in {".json", ".ndjson", ".jsonl"}


def _is_far(url: str) -> bool:
    return urlsplit(url).hostname not in {"127.0.0.1", "localhost", "::1"}


def _send(
    client: Client, campaign_id: int, file: Path, send: Callable[..., ImportStarted], shown: Shown
) -> ImportStarted:
    """`send` sends the file, and reports to `progress`."""
    whole = False

    def sent(done: int, total: int) -> None:
        nonlocal whole
        whole = done == total
        shown.sent(done, total)

    try:
        return send(progress=sent)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from None
    except OSError as error:
        raise OperatorError(f"cannot read {file}: {error.strerror}") from None
    except KeyboardInterrupt:
        unsure = f"{file.name} was sent whole: the server may have taken it. {_see(client, campaign_id)}"
        click.echo(unsure if whole else f"Cancelled: nothing of {file.name} was imported.", err=True)
        raise click.Abort from None


def _follow(client: Client, started: ImportStarted, shown: Shown) -> ImportJob | None:
    """Follow the import until it is done or failed, and return it; None after Ctrl-C."""
    try:
        return client.wait(started, progress=shown.taken_in)
    except ImportFailed as failed:
        return failed.job
    except ConnectionFailed as error:
        raise OperatorError(f"{error}. The import continues. {_see(client, started.campaign_id)}") from None
    except KeyboardInterrupt:
        return None


def _leave_or_undo(client: Client, job: ImportStarted) -> None:
    """Ask after Ctrl-C; without a terminal or an answer the import is left running."""
    answer = "leave"
    if sys.stdin.isatty():
        choices = click.Choice(["leave", "undo"])
        with contextlib.suppress(click.Abort):
            answer = click.prompt(f"Leave import {job.job_id} running, or undo it?", "leave", type=choices, err=True)
    if answer == "undo":
        click.echo(_undone(client.undo_import(job)), err=True)
        return
    click.echo(f"Import {job.job_id} continues. {_see(client, job.campaign_id)}", err=True)
    click.echo(f"Undo it: tongdai contacts undo {job.job_id} {_place(client, job.campaign_id)}", err=True)


def _see(client: Client, campaign_id: int) -> str:
    return f"See it: tongdai contacts jobs {_place(client, campaign_id)}"


def _place(client: Client, campaign_id: int) -> str:
    return f"--campaign {campaign_id} --url {client.url.removesuffix('/v1')}"


@contacts.command("call-again")
@click.option("--list", "list_id", metavar="ID", type=ID, help="Contacts of that list.")
@click.option(
    "--outcome",
    "outcomes",
    multiple=True,
    metavar="OUTCOME",
    type=click.Choice(OUTCOMES),
    help=f"Contacts whose last call ended so: {', '.join(OUTCOMES)}. Repeat for more.",
)
@click.option("--contact", "contact_ids", metavar="ID", multiple=True, type=ID, help="That contact. Repeat for more.")
@click.option("--dry-run", is_flag=True, help="Only count them.")
@click.option("--yes", is_flag=True, help="Do not ask. Without a terminal, as in a pipe, it must be given.")
@campaign_options
def call_again(
    client: Client,
    campaign: CampaignDetail,
    list_id: int | None,
    outcomes: tuple[str, ...],
    contact_ids: tuple[int, ...],
    dry_run: bool,
    yes: bool,
) -> None:
    """Call processed contacts again, by list, outcome or id.

    They are counted first. Contacts on a do-not-call list, or called as often as the campaign's --contact-cap allows,
    stay processed.

    \b
    Examples:
      tongdai contacts call-again --campaign 1042 --outcome no_answer --outcome busy --dry-run
      tongdai contacts call-again --campaign 1042 --list 501 --yes
    """
    if not (list_id or outcomes or contact_ids):
        raise click.UsageError("Nothing chosen: give --list, --outcome or --contact.")
    chosen = functools.partial(
        client.call_again,
        campaign.campaign_id,
        contact_ids=contact_ids or None,
        list_id=list_id,
        call_status=outcomes or None,
    )
    found = chosen(dry_run=True, progress=_at_each_many("counted"))
    rows = [{"outcome": outcome, "contacts": count} for outcome, count in found.by_call_status.items()]
    show(["outcome", "contacts"], rows, as_json=False)
    for count, why in ((found.do_not_call, "on a do-not-call list"), (found.over_cap, "over the frequency cap")):
        if count:
            click.echo(f"Processed as before: {counted(count, 'contact')} {why}.", err=True)
    for count, what in (
        (found.pending, "pending already"),
        (found.in_call, "in a call"),
        (found.not_found, "not found"),
    ):
        if count:
            click.echo(f"{what.capitalize()}: {counted(count, 'contact')}.", err=True)
    due = counted(found.due_again, "contact")
    if dry_run or not found.due_again:
        click.echo(f"{due} would be called again.")
        return
    if not yes:
        if not sys.stdin.isatty():
            raise OperatorError(f"{due} would be called again: say --yes to call them")
        click.confirm(f"Call {due} again?", abort=True, err=True)
    done = chosen(progress=_at_each_many("due again"))
    click.echo(f"{counted(done.due_again, 'contact')} will be called again.")


def _at_each_many(what: str) -> Callable[[CalledAgain], None]:
    """Progress on standard error, with a line at each MANY contacts."""
    shown = 0

    def tell(so_far: CalledAgain) -> None:
        nonlocal shown
        if so_far.next is not None and so_far.due_again // MANY > shown:
            shown = so_far.due_again // MANY
            click.echo(f"{counted(so_far.due_again, 'contact')} {what}", err=True)

    return tell


@contacts.command
@click.option(
    "--last", metavar="N", type=click.IntRange(1), default=20, help="Number of imports to list.  [default: 20]"
)
@json_option
@campaign_options
def jobs(client: Client, campaign: CampaignDetail, last: int, as_json: bool) -> None:
    """List a campaign's imports, newest first. The jobId is what `undo` takes.

    \b
    Example:
      tongdai contacts jobs --campaign 1042
    """
    found = client.import_jobs(campaign.campaign_id, page_size=min(last, 1000))
    rows = [_row(job) for job in itertools.islice(found, last)]
    columns = [
        "jobId",
        "status",
        "list",
        "rows",
        "created",
        "updated",
        "duplicate",
        "failed",
        "removed",
        "startedAt",
        "note",
    ]
    show(columns, rows, as_json=as_json)


def _row(job: ImportJob) -> dict[str, object]:
    return {
        "jobId": job.job_id,
        "status": job.status,
        "list": job.list_name,
        "rows": job.total_rows,
        "created": job.created_rows,
        "updated": job.updated_rows,
        "duplicate": job.duplicate_rows,
        "failed": job.failed_rows,
        "removed": job.removed_rows,
        "startedAt": job.started_at,
        "note": job.error_message or ("undone" if job.undone_at else "dry run" if job.dry_run else None),
    }


@contacts.command
@click.argument("job_id", metavar="JOB_ID", type=ID)
@click.option("--yes", is_flag=True, help="Do not ask.")
@campaign_options
def undo(client: Client, campaign: CampaignDetail, job_id: int, yes: bool) -> None:
    """Stop an import, and remove its contacts that were never called.

    What the import changed of contacts that were there stays changed.

    \b
    Examples:
      tongdai contacts undo 5 --campaign 1042
      tongdai contacts undo 5 --campaign 1042 --yes
    """
    job = client.import_job(campaign.campaign_id, job_id)
    if not yes:
        created = counted(job.created_rows, "contact")
        if not sys.stdin.isatty():
            raise OperatorError(f"import {job_id} created {created}: say --yes to remove those that were never called")
        question = f"Remove what import {job_id} created: {created}, as far as they were never called?"
        click.confirm(question, abort=True, err=True)
    click.echo(_undone(client.undo_import(ImportId(campaign.campaign_id, job_id))))
    if job.updated_rows:
        click.echo(f"What it changed of {counted(job.updated_rows, 'contact')} stays changed.")


def _undone(undone: ImportUndone) -> str:
    return f"Import {undone.job_id} is undone: {counted(undone.removed_rows, 'contact')} removed."
