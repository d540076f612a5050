"""`tongdai customer`, by the API of a running server."""

import itertools
import json
import sys
from datetime import datetime
from pathlib import Path

import click
import msgspec

from tongdai.cli.api_client import client_options
from tongdai.cli.param_types import ID, INSTANT, Text
from tongdai.cli.tables import counted, json_option, show
from tongdai.errors import OperatorError
from tongdai_client import ChangedPage, Client, FoundContact

_COLUMNS = ["customerId", "phoneNumber", "name", "externalId", "campaign", "contactId", "processStatus", "callStatus"]


@click.group
def customer() -> None:
    """Find who has a number in all campaigns, follow changes, export and erase a number, by a running server.

    \b
    Example:
      tongdai customer find --number 0901234567
    """


@customer.command
@click.option("--number", "phone_number", metavar="NUMBER", type=Text(), help="The number, in any written form.")
@click.option("--external-id", metavar="TEXT", type=Text(), help="The caller's own reference.")
@click.option("--name", metavar="TEXT", type=Text(), help="Part of the name.")
@click.option("--most", metavar="N", type=click.IntRange(1), default=100, help="Contacts to list.  [default: 100]")
@json_option
@client_options("campaign")
def find(
    client: Client, phone_number: str | None, external_id: str | None, name: str | None, most: int, as_json: bool
) -> None:
    """Find contacts in all campaigns, newest first.

    By number, reference or part of the name.

    \b
    Examples:
      tongdai customer find --number 0901234567
      tongdai customer find --name "nguyễn văn"
    """
    if [phone_number, external_id, name].count(None) != 2:
        raise click.UsageError("Give one of --number, --external-id and --name.")
    found = client.search_contacts(
        phone_number=phone_number, external_id=external_id, name=name, page_size=min(most, 1000)
    )
    show(_COLUMNS, [_row(one) for one in itertools.islice(found, most)], as_json=as_json)


@customer.command
@click.option("--since", metavar="INSTANT", type=INSTANT, help="Contacts that changed since.  [default: all]")
@click.option(
    "--state",
    "state_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where it keeps how far it has read. If the file is there, it reads what changed since.",
)
@client_options("campaign")
def follow(client: Client, since: datetime | None, state_file: Path | None) -> None:
    """Print the contacts that changed, as lines of JSON.

    They are of all campaigns. A line is a contact, or has the "deleted" of one that is gone. With --state the next run
    continues where this one ended, and nothing is skipped or doubled.

    \b
    Example:
      tongdai customer follow --state crm.cursor
    """
    cursor = state_file.read_text().strip() if state_file is not None and state_file.exists() else None
    for page in client.changed_contacts(since, cursor=cursor).pages():
        for contact in page.data:
            click.echo(msgspec.json.encode(contact).decode())
        assert isinstance(page, ChangedPage)
        for contact_id in page.deleted:
            click.echo(json.dumps({"deleted": contact_id}))
        if state_file is not None and page.resume_cursor is not None:
            sys.stdout.flush()
            state_file.write_text(page.resume_cursor + "\n")


@customer.command("show")
@click.argument("customer_id", metavar="CUSTOMER_ID", type=ID)
@json_option
@client_options("campaign")
def show_(client: Client, customer_id: int, as_json: bool) -> None:
    """List the contacts of a number in all campaigns, and count its calls.

    \b
    Example:
      tongdai customer show 55001
    """
    found = client.customer(customer_id)
    show(_COLUMNS, [_row(one) for one in found.contacts], as_json=as_json)
    last = "" if found.last_call_at is None else f", the last one {found.last_call_at:%Y-%m-%d %H:%M %Z}"
    click.echo(f"{counted(found.call_count, 'call')}{last}.", err=True)
    for entry in found.do_not_call:
        click.echo(f"On the do-not-call list {entry.dnc_list_id} ({entry.dnc_list_name}).", err=True)


@customer.command
@click.argument("customer_id", metavar="CUSTOMER_ID", type=ID)
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@client_options("admin")
def export(client: Client, customer_id: int, file: Path) -> None:
    """Write everything that is stored about a number to a JSON file.

    \b
    Example:
      tongdai customer export 55001 customer.json
    """
    found = msgspec.to_builtins(client.export_customer(customer_id))
    file.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    click.echo(f"{file}: {counted(len(found['contacts']), 'contact')}, {counted(len(found['calls']), 'call')}.")


@customer.command
@click.argument("customer_id", metavar="CUSTOMER_ID", type=ID)
@click.option("--keep-do-not-call", is_flag=True, help="Leave its entries on do-not-call lists.")
@click.option("--yes", is_flag=True, help="Do not ask. Without a terminal, as in a pipe, it must be given.")
@client_options("admin")
def erase(client: Client, customer_id: int, keep_do_not_call: bool, yes: bool) -> None:
    """Erase a number for good, and print the receipt.

    Everything that is stored about it is erased. Calls stay without the number, so that reports stay what they were.
    Backups are not changed.

    \b
    Examples:
      tongdai customer erase 55001
      tongdai customer erase 55001 --keep-do-not-call --yes
    """
    if not yes:
        if not sys.stdin.isatty():
            raise OperatorError(f"this erases customer {customer_id} for good: say --yes to do it")
        click.confirm(f"Erase customer {customer_id} for good?", abort=True, err=True)
    receipt = client.erase_customer(customer_id, keep_do_not_call=keep_do_not_call)
    counts = {
        "contacts": receipt.contacts,
        "calls": receipt.calls,
        "callbacks": receipt.callbacks,
        "do-not-call entries": receipt.do_not_call_entries,
        "events of calls": receipt.call_events,
        "events of webhooks": receipt.webhook_events,
        "audit entries": receipt.audit_entries,
        "rows of imports": receipt.import_rows,
    }
    show(["erased", "number"], [{"erased": what, "number": n} for what, n in counts.items()], as_json=False)
    click.echo(f"proof {receipt.proof}")
    if receipt.open_imports:
        click.echo(f"{counted(receipt.open_imports, 'import')} have not ended: they may bring it again.", err=True)


def _row(one: FoundContact) -> dict[str, object]:
    return {
        "customerId": one.customer_id,
        "phoneNumber": one.phone_number,
        "name": one.name,
        "externalId": one.external_id,
        "campaign": f"{one.campaign_id} {one.campaign_name}",
        "contactId": one.contact_id,
        "processStatus": one.process_status,
        "callStatus": one.call_status,
    }
