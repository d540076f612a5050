"""`tongdai campaign`."""

import click

from tongdai.campaigns import store
from tongdai.campaigns.model import DEFAULT_TYPE, Campaign, Totals
from tongdai.cli.database import database_options, run
from tongdai.cli.tables import json_option, show
from tongdai.cli.tenants import known
from tongdai.cli.values import ID, Pattern, Text
from tongdai.db.pool import Connection
from tongdai.ids import CampaignId
from tongdai.settings import Settings

TYPE = Pattern("type", "[A-Z][A-Z0-9_]{0,63}", "1 to 64 of A-Z, 0-9 and _, a letter first")


@click.group
def campaign() -> None:
    """Create and list a tenant's campaigns.

    \b
    Example:
      tongdai campaign create --tenant 20260310 --name "Customer survey"
    """


@campaign.command
@click.option("--tenant", "tenant_id", metavar="ID", required=True, type=ID, help="Whose campaign it is.")
@click.option("--name", required=True, type=Text(), help="What people call it.")
@click.option("--type", "type_", default=DEFAULT_TYPE, show_default=True, type=TYPE, help="How it calls.")
@click.option("--user-name", type=Text(), help="The person in charge of it.")
@database_options
def create(settings: Settings, tenant_id: int, name: str, type_: str, user_name: str | None) -> None:
    """Create a campaign, in state inprocess, and print its id.

    \b
    Example:
      CAMPAIGN=$(tongdai campaign create --tenant 20260310 --name "Customer survey")
    """

    async def work(conn: Connection) -> CampaignId:
        owner = await known(conn, tenant_id)
        return (await store.create(conn, owner.tenant_id, name, type_, user_name, None)).campaign_id

    click.echo(run(settings, work))


@campaign.command("list")
@click.option("--tenant", "tenant_id", metavar="ID", required=True, type=ID, help="Whose campaigns.")
@json_option
@database_options
def list_(settings: Settings, tenant_id: int, as_json: bool) -> None:
    """List a tenant's campaigns with their status and how many contacts they have.

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
