"""`tongdai campaign`."""

import click
import msgspec

from tongdai.campaigns import store
from tongdai.campaigns.model import DEFAULT_TYPE, Action, Campaign, Totals
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.view import settings_shown
from tongdai.cli import call_settings
from tongdai.cli.commands.tenants import known
from tongdai.cli.database import database_options, run
from tongdai.cli.param_types import ID, Pattern, Text
from tongdai.cli.tables import json_option, show
from tongdai.db.pool import Connection
from tongdai.errors import OperatorError
from tongdai.ids import CampaignId, TenantId
from tongdai.settings import Settings

_tenant_option = click.option(
    "--tenant", "tenant_id", metavar="ID", required=True, type=ID, help="The campaign's tenant."
)
_campaign_option = click.option("--campaign", "campaign_id", metavar="ID", required=True, type=ID, help="The campaign.")
TYPE = Pattern("type", "[A-Z][A-Z0-9_]{0,63}", "1 to 64 of A-Z, 0-9 and _, a letter first")


@click.group
def campaign() -> None:
    """Create, configure, start, stop and list a tenant's campaigns.

    \b
    Example:
      tongdai campaign create --tenant 20260310 --name "Customer survey"
    """


@campaign.command
@_tenant_option
@click.option("--name", required=True, type=Text(), help="Its name.")
@click.option("--type", "type_", default=DEFAULT_TYPE, show_default=True, type=TYPE, help="How it calls.")
@click.option("--user-name", type=Text(), help="The person in charge of it.")
@call_settings.setting_options
@database_options
def create(settings: Settings, tenant_id: int, name: str, type_: str, user_name: str | None, **options: object) -> None:
    """Create a campaign, in status inprocess, and print its id.

    \b
    Example:
      CAMPAIGN=$(tongdai campaign create --tenant 20260310 --name "Customer survey" \\
          --audio survey --window "mon-fri 08:00-11:30" --window "sat 09:00-11:30")
    """
    changes = call_settings.sent_by(options)

    async def work(conn: Connection) -> CampaignId:
        owner = await known(conn, tenant_id)
        async with conn.transaction():
            made = call_settings.applied(CallSettings(), changes, owner.country)
            await _lock_queue(conn, owner.tenant_id, made)
            return (await store.create(conn, owner.tenant_id, name, type_, user_name, None, made)).campaign_id

    click.echo(run(settings, work))


@campaign.command("set")
@_tenant_option
@_campaign_option
@call_settings.setting_options
@database_options
def set_(settings: Settings, tenant_id: int, campaign_id: int, **options: object) -> None:
    """Change settings of a campaign. '' resets a setting that can be empty, as in --window ''.

    \b
    Example:
      tongdai campaign set --tenant 20260310 --campaign 7 --mode progressive --queue 3 --cps 5
    """
    changes = call_settings.sent_by(options)
    if not changes:
        raise click.UsageError("Nothing to set: give at least one setting.")

    async def work(conn: Connection) -> None:
        owner = await known(conn, tenant_id)
        async with conn.transaction():
            before = await store.lock(conn, owner.tenant_id, CampaignId(campaign_id))
            if before is None:
                raise OperatorError(f"tenant {tenant_id} has no campaign {campaign_id}")
            after = call_settings.applied(before, changes, owner.country)
            await _lock_queue(conn, owner.tenant_id, after)
            await store.change(conn, owner.tenant_id, CampaignId(campaign_id), settings=(before, after), by=None)

    run(settings, work)


@campaign.command
@_tenant_option
@_campaign_option
@database_options
def start(settings: Settings, tenant_id: int, campaign_id: int) -> None:
    """Start a campaign, or resume a paused one.

    \b
    Example:
      tongdai campaign start --tenant 20260310 --campaign 7
    """
    _move(settings, tenant_id, CampaignId(campaign_id), Action.START)


@campaign.command
@_tenant_option
@_campaign_option
@database_options
def pause(settings: Settings, tenant_id: int, campaign_id: int) -> None:
    """Pause a running campaign. Active calls continue.

    \b
    Example:
      tongdai campaign pause --tenant 20260310 --campaign 7
    """
    _move(settings, tenant_id, CampaignId(campaign_id), Action.PAUSE)


@campaign.command
@_tenant_option
@_campaign_option
@database_options
def stop(settings: Settings, tenant_id: int, campaign_id: int) -> None:
    """Stop a campaign for good. Active calls continue.

    \b
    Example:
      tongdai campaign stop --tenant 20260310 --campaign 7
    """
    _move(settings, tenant_id, CampaignId(campaign_id), Action.STOP)


def _move(settings: Settings, tenant_id: int, campaign_id: CampaignId, action: Action) -> None:
    async def work(conn: Connection) -> Campaign:
        owner = (await known(conn, tenant_id)).tenant_id
        moved = await store.move(conn, owner, campaign_id, action, None)
        if moved is not None:
            return moved
        found = await store.find(conn, owner, campaign_id)
        if found is None:
            raise OperatorError(f"tenant {tenant_id} has no campaign {campaign_id}")
        raise OperatorError(f"cannot {action} a campaign that is {found.status.name.lower()}")

    click.echo(f"Campaign {campaign_id} is {run(settings, work).status.name.lower()}")


@campaign.command("show")
@_tenant_option
@_campaign_option
@json_option
@database_options
def show_(settings: Settings, tenant_id: int, campaign_id: int, as_json: bool) -> None:
    """Show a campaign: its state, its contacts, and how it calls, with the windows and retry rules in effect.

    \b
    Example:
      tongdai campaign show --tenant 20260310 --campaign 7
    """

    async def work(conn: Connection) -> dict[str, object]:
        owner = (await known(conn, tenant_id)).tenant_id
        found = await store.find(conn, owner, CampaignId(campaign_id))
        held = await store.call_settings(conn, owner, CampaignId(campaign_id))
        if found is None or held is None:
            raise OperatorError(f"tenant {tenant_id} has no campaign {campaign_id}")
        totals = await store.totals_of(conn, owner, [found.campaign_id])
        return _row(found, totals[found.campaign_id]) | (
            settings_shown(held) if as_json else call_settings.in_words(held)
        )

    found = run(settings, work)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
    else:
        rows = [{"setting": name, "value": value} for name, value in found.items()]
        show(["setting", "value"], rows, as_json=False)


@campaign.command("list")
@click.option("--tenant", "tenant_id", metavar="ID", required=True, type=ID, help="The tenant.")
@json_option
@database_options
def list_(settings: Settings, tenant_id: int, as_json: bool) -> None:
    """List a tenant's campaigns with their status and number of contacts.

    \b
    Example:
      tongdai campaign list --tenant 20260310
    """

    async def work(conn: Connection) -> list[dict[str, object]]:
        owner = (await known(conn, tenant_id)).tenant_id
        found, _ = await store.page(conn, owner, user_name=None, status=None, type_=None, limit=2**31, offset=0)
        totals = await store.totals_of(conn, owner, [campaign.campaign_id for campaign in found])
        return [_row(campaign, totals[campaign.campaign_id]) for campaign in found]

    columns = ["campaignId", "name", "type", "status", "userName", "contacts", "pending", "inCall", "processed"]
    show(columns, run(settings, work), as_json=as_json)


async def _lock_queue(conn: Connection, tenant_id: TenantId, settings: CallSettings) -> None:
    queue_id = settings.queue_id
    if queue_id is not None and not await store.lock_queue(conn, tenant_id, queue_id):
        raise OperatorError(f"tenant {tenant_id} has no queue {queue_id}")


def _row(campaign: Campaign, totals: Totals) -> dict[str, object]:
    pending, in_call, processed = (totals.by_process_status[status] for status in range(3))
    return {
        "campaignId": campaign.campaign_id,
        "name": campaign.name,
        "type": campaign.type,
        "status": campaign.status.name.lower(),
        "userName": campaign.user_name,
        "createdAt": campaign.created_at,
        "contacts": totals.contacts,
        "pending": pending,
        "inCall": in_call,
        "processed": processed,
    }
