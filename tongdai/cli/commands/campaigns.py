"""`tongdai campaign`, in the database or by the API of a running server."""

import click
import msgspec

from tongdai.campaigns import sounds
from tongdai.campaigns.model import DEFAULT_TYPE, Action
from tongdai.campaigns.settings.view import settings_shown
from tongdai.campaigns.settings.windows import Week
from tongdai.cli import call_settings
from tongdai.cli.campaign_access import Campaigns, Row, campaigns
from tongdai.cli.commands.live.timeline import timeline
from tongdai.cli.param_types import ID, Pattern, Text
from tongdai.cli.tables import json_option, show

_campaign_option = click.option("--campaign", "campaign_id", metavar="ID", required=True, type=ID, help="The campaign.")
TYPE = Pattern("type", "[A-Z][A-Z0-9_]{0,63}", "1 to 64 of A-Z, 0-9 and _, a letter first")


@click.group
def campaign() -> None:
    """Create, configure, start, stop and list a tenant's campaigns.

    With --key (or TONGDAI_API_KEY) the commands use a running server, as `tongdai contacts` does. With --tenant alone
    they use the database, whether a server runs or not.

    \b
    Examples:
      tongdai campaign create --tenant 20260310 --name "Customer survey"
      tongdai campaign list --key sk_live_…
    """


@campaign.command
@click.option("--name", required=True, type=Text(), help="The campaign's name.")
@click.option("--type", "type_", default=DEFAULT_TYPE, show_default=True, type=TYPE, help="The campaign's type.")
@click.option("--user-name", type=Text(), help="The person in charge.")
@call_settings.setting_options
@campaigns
def create(found: Campaigns, name: str, type_: str, user_name: str | None, **options: object) -> None:
    """Create a campaign, in status inprocess, and print its id.

    \b
    Example:
      CAMPAIGN=$(tongdai campaign create --tenant 20260310 --name "Customer survey" \\
          --audio survey --window "mon-fri 08:00-11:30" --window "sat 09:00-11:30")
    """
    created = found.create(name, type_, user_name, call_settings.sent_by(options))
    click.echo(created.campaign_id)
    _say(created.windows)
    if created.missing_sounds:
        options_named = [call_settings.naming_options(wire) for wire in created.missing_sounds]
        click.echo(f"{sounds.note(options_named)}.", err=True)


@campaign.command("set")
@_campaign_option
@call_settings.setting_options
@campaigns
def set_(found: Campaigns, campaign_id: int, **options: object) -> None:
    """Change settings of a campaign. '' resets a setting that can be empty, as in --window ''.

    \b
    Example:
      tongdai campaign set --tenant 20260310 --campaign 7 --mode progressive --queue 3 --cps 5
    """
    changes = call_settings.sent_by(options)
    if not changes:
        raise click.UsageError("Nothing to set: give at least one setting.")
    _say(found.change(campaign_id, changes))


@campaign.command
@_campaign_option
@campaigns
def start(found: Campaigns, campaign_id: int) -> None:
    """Start a campaign, or resume a paused one.

    \b
    Example:
      tongdai campaign start --tenant 20260310 --campaign 7
    """
    _move(found, campaign_id, Action.START)
    _say(found.find(campaign_id)[2])


@campaign.command
@_campaign_option
@campaigns
def pause(found: Campaigns, campaign_id: int) -> None:
    """Pause a running campaign. Active calls continue.

    \b
    Example:
      tongdai campaign pause --tenant 20260310 --campaign 7
    """
    _move(found, campaign_id, Action.PAUSE)


@campaign.command
@_campaign_option
@campaigns
def stop(found: Campaigns, campaign_id: int) -> None:
    """Stop a campaign for good. Active calls continue.

    \b
    Example:
      tongdai campaign stop --tenant 20260310 --campaign 7
    """
    _move(found, campaign_id, Action.STOP)


def _say(windows: Week) -> None:
    """Say when a campaign calls, apart from what scripts read."""
    click.echo(f"Calls {call_settings.week_in_words(windows)}, in the contact's local time", err=True)


def _move(found: Campaigns, campaign_id: int, action: Action) -> None:
    click.echo(f"Campaign {campaign_id} is {found.move(campaign_id, action).name.lower()}")


@campaign.command("show")
@_campaign_option
@json_option
@campaigns
def show_(found: Campaigns, campaign_id: int, as_json: bool) -> None:
    """Show a campaign: its status, contacts and settings.

    Calling windows, retry rules and frequency caps are those in effect: of the campaign and its preset together.

    \b
    Example:
      tongdai campaign show --tenant 20260310 --campaign 7
    """
    row, settings, windows = found.find(campaign_id)
    shown = _row(row) | (settings_shown(settings, windows) if as_json else call_settings.in_words(settings, windows))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(shown), indent=2))
    else:
        rows = [{"setting": name, "value": value} for name, value in shown.items()]
        show(["setting", "value"], rows, as_json=False)


@campaign.command("list")
@json_option
@campaigns
def list_(found: Campaigns, as_json: bool) -> None:
    """List a tenant's campaigns, with status and contacts.

    \b
    Example:
      tongdai campaign list --tenant 20260310
    """
    columns = ["campaignId", "name", "type", "status", "userName", "contacts", "pending", "inCall", "processed"]
    columns.append("pauseReason")
    show(columns, [_row(row) for row in found.all()], as_json=as_json)


def _row(row: Row) -> dict[str, object]:
    return {
        "campaignId": row.campaign.campaign_id,
        "name": row.campaign.name,
        "type": row.campaign.type,
        "status": row.campaign.status.name.lower(),
        "pauseReason": row.campaign.pause_reason,
        "userName": row.campaign.user_name,
        "createdAt": row.campaign.created_at,
        "contacts": row.pending + row.in_call + row.processed,
        "pending": row.pending,
        "inCall": row.in_call,
        "processed": row.processed,
    }


campaign.add_command(timeline)
