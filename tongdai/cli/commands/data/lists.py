"""`tongdai lists`, by the API of a running server."""

import sys
from collections.abc import Callable
from typing import TypeVar

import click

from tongdai.call_outcome import Outcome
from tongdai.cli.api_client import campaign_options
from tongdai.cli.param_types import ID, Text
from tongdai.cli.tables import counted, json_option, show
from tongdai.errors import OperatorError
from tongdai_client import CampaignDetail, Client

_OUTCOMES = [outcome.value for outcome in Outcome]
_LIST = click.option("--list", "list_id", metavar="ID", type=ID, help="Contacts of that list.")
_CONTACT = click.option(
    "--contact", "contact_ids", metavar="ID", multiple=True, type=ID, help="That contact. Repeat for more."
)
_OUTCOME = click.option(
    "--outcome",
    "outcomes",
    multiple=True,
    metavar="OUTCOME",
    type=click.Choice(_OUTCOMES),
    help=f"Of these, contacts whose last call ended so: {', '.join(_OUTCOMES)}. Repeat for more.",
)
_Command = TypeVar("_Command", bound=Callable[..., object])


def _chosen(command: _Command) -> _Command:
    """Take the options that choose contacts of a campaign."""
    return _LIST(_CONTACT(_OUTCOME(command)))


@click.group
def lists() -> None:
    """Create, rename, delete and empty contact lists, move contacts between them, by a running server.

    \b
    Example:
      tongdai lists create "May" --campaign 1042
    """


@lists.command("show")
@json_option
@campaign_options
def show_(client: Client, campaign: CampaignDetail, as_json: bool) -> None:
    """List the contact lists of a campaign.

    \b
    Example:
      tongdai lists show --campaign 1042
    """
    rows = [
        {"listId": one.list_id, "name": one.name, "contacts": one.contact_count}
        for one in client.contact_lists(campaign.campaign_id)
    ]
    show(["listId", "name", "contacts"], rows, as_json=as_json)


@lists.command
@click.argument("name", type=Text())
@campaign_options
def create(client: Client, campaign: CampaignDetail, name: str) -> None:
    """Create an empty list, and print its id.

    \b
    Example:
      tongdai lists create "May" --campaign 1042
    """
    click.echo(client.create_contact_list(campaign.campaign_id, name).list_id)


@lists.command
@click.argument("list_id", metavar="LIST_ID", type=ID)
@click.argument("name", type=Text())
@campaign_options
def rename(client: Client, campaign: CampaignDetail, list_id: int, name: str) -> None:
    """Rename a list.

    \b
    Example:
      tongdai lists rename 501 "May, second half" --campaign 1042
    """
    click.echo(client.rename_contact_list(campaign.campaign_id, list_id, name).message)


@lists.command
@click.argument("list_id", metavar="LIST_ID", type=ID)
@click.option("--contacts", "with_contacts", is_flag=True, help="Delete its contacts too, if all of them are pending.")
@click.option("--yes", is_flag=True, help="Do not ask. Without a terminal, as in a pipe, it must be given.")
@campaign_options
def delete(client: Client, campaign: CampaignDetail, list_id: int, with_contacts: bool, yes: bool) -> None:
    """Delete a list that has no contacts.

    With --contacts these are deleted first, if all of them are pending.

    \b
    Examples:
      tongdai lists delete 501 --campaign 1042
      tongdai lists delete 501 --contacts --campaign 1042
    """
    if with_contacts:
        found = client.delete_contacts(campaign.campaign_id, list_id=list_id, dry_run=True)
        if found.not_pending:
            raise OperatorError(f"{counted(found.not_pending, 'contact')} of the list are in a call or processed")
        _confirm(f"delete {counted(found.deleted, 'contact')}", yes=yes)
        client.delete_contacts(campaign.campaign_id, list_id=list_id)
    click.echo(client.delete_contact_list(campaign.campaign_id, list_id).message)


@lists.command
@_chosen
@click.option("--to", "to_list", metavar="ID", required=True, type=ID, help="The list that they come into.")
@click.option("--dry-run", is_flag=True, help="Only count them.")
@campaign_options
def move(
    client: Client,
    campaign: CampaignDetail,
    list_id: int | None,
    contact_ids: tuple[int, ...],
    outcomes: tuple[str, ...],
    to_list: int,
    dry_run: bool,
) -> None:
    """Move contacts to another list of their campaign. Their state, calls and due times stay.

    \b
    Examples:
      tongdai lists move --list 501 --outcome no_answer --to 502 --campaign 1042 --dry-run
      tongdai lists move --contact 88001 --to 502 --campaign 1042
    """
    if not (list_id or contact_ids):
        raise click.UsageError("Nothing chosen: give --list or --contact.")
    done = client.move_contacts(
        campaign.campaign_id,
        to_list,
        contact_ids=contact_ids or None,
        list_id=list_id,
        call_status=outcomes or None,
        dry_run=dry_run,
    )
    click.echo(f"{'Would move' if dry_run else 'Moved'} {counted(done.moved, 'contact')}.")


@lists.command
@click.argument("list_id", metavar="LIST_ID", type=ID)
@click.option("--dry-run", is_flag=True, help="Only count them.")
@click.option("--yes", is_flag=True, help="Do not ask. Without a terminal, as in a pipe, it must be given.")
@campaign_options
def empty(client: Client, campaign: CampaignDetail, list_id: int, dry_run: bool, yes: bool) -> None:
    """Delete the pending contacts of a list.

    Those that are in a call or were called stay.

    \b
    Examples:
      tongdai lists empty 501 --campaign 1042 --dry-run
      tongdai lists empty 501 --campaign 1042 --yes
    """
    found = client.delete_contacts(campaign.campaign_id, list_id=list_id, dry_run=True)
    if dry_run:
        click.echo(f"Would delete {counted(found.deleted, 'contact')}.")
        return
    _confirm(f"delete {counted(found.deleted, 'contact')}", yes=yes)
    done = client.delete_contacts(campaign.campaign_id, list_id=list_id)
    click.echo(f"Deleted {counted(done.deleted, 'contact')}.")


@lists.command
@_chosen
@click.option(
    "--attribute", "attributes", metavar="KEY=TEXT", multiple=True, help="An attribute of all of them. Repeat for more."
)
@click.option("--dry-run", is_flag=True, help="Only count them.")
@campaign_options
def change(
    client: Client,
    campaign: CampaignDetail,
    list_id: int | None,
    contact_ids: tuple[int, ...],
    outcomes: tuple[str, ...],
    attributes: tuple[str, ...],
    dry_run: bool,
) -> None:
    """Give contacts the same attributes.

    Whatever their state; their other attributes stay.

    \b
    Examples:
      tongdai lists change --list 501 --attribute wave=2 --campaign 1042 --dry-run
      tongdai lists change --contact 88001 --attribute wave=2 --campaign 1042
    """
    if list_id is None and not contact_ids:
        raise click.UsageError("Give --list, --contact or both.")
    if not attributes or not all("=" in one for one in attributes):
        raise click.UsageError("Give --attribute KEY=TEXT, once or more.")
    done = client.change_contacts(
        campaign.campaign_id,
        contact_ids=list(contact_ids) or None,
        list_id=list_id,
        call_status=list(outcomes) or None,
        attributes=dict(one.split("=", 1) for one in attributes),
        dry_run=dry_run,
    )
    click.echo(f"{'Would change' if dry_run else 'Changed'} {counted(done.changed, 'contact')}.")
    if done.too_long:
        click.echo(f"{counted(done.too_long, 'contact')} would have attributes of more than 4 KB, and stay.", err=True)


def _confirm(what: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise OperatorError(f"this would {what}: say --yes to do it")
    click.confirm(f"{what.capitalize()}?", abort=True, err=True)
