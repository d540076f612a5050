"""`tongdai tenant`."""

import click

from tongdai.campaigns.hours import store as hours_store
from tongdai.campaigns.settings.kinds import Window, Windows
from tongdai.campaigns.settings.rules import STANDARD_HOURS
from tongdai.campaigns.settings.windows import Week
from tongdai.cli import call_settings
from tongdai.cli.commands import switches
from tongdai.cli.database import database_options, run
from tongdai.cli.param_types import ID, ZONE, Text
from tongdai.cli.tables import counted, json_option, show
from tongdai.contacts.numbers import phone, time_zones
from tongdai.db.pool import Connection
from tongdai.errors import InvalidInput, OperatorError
from tongdai.ids import TenantId
from tongdai.settings.declarations import Settings
from tongdai.switches import store as switch_store
from tongdai.tenants import store
from tongdai.tenants.model import Tenant

LIMIT = click.IntRange(1, 2**31 - 1)


async def known(conn: Connection, tenant_id: int) -> Tenant:
    """Find a tenant; OperatorError when there is none."""
    tenant = await store.find_tenant(conn, TenantId(tenant_id))
    if tenant is None:
        raise _unknown(tenant_id)
    return tenant


def _unknown(tenant_id: int) -> OperatorError:
    return OperatorError(f"tenant {tenant_id} not found; list tenants with tongdai tenant list")


@click.group
def tenant() -> None:
    """Create tenants, move them between switches, set their time zones, calling hours and rate limits.

    A tenant is a company; its campaigns, contacts and queues are invisible to other tenants.

    \b
    Example:
      tongdai tenant create 20260310 --name AloHub
    """


@tenant.command
@click.argument("tenant_id", metavar="ID", type=ID)
@click.option("--name", required=True, type=Text(), help="The tenant's name.")
@click.option(
    "--country",
    default="VN",
    show_default=True,
    help="Two letters; numbers without a country code are of this country.",
)
@click.option(
    "--zone", type=ZONE, help="Time zone of contacts whose own is unknown.  [default: the country's only one, or UTC]"
)
@click.option("--switch", "switch_name", help="The switch that carries its calls.  [default: default]")
@database_options
def create(
    settings: Settings, tenant_id: int, name: str, country: str, zone: str | None, switch_name: str | None
) -> None:
    """Create a tenant. Choose an ID of 1 to 18 digits; requests name it in X-Tenant-ID.

    \b
    Examples:
      tongdai tenant create 20260310 --name AloHub --country VN
      tongdai tenant create 20260311 --name "AloHub US" --country US --zone America/New_York
    """
    code = phone.canonical_country(country)
    if code is None:
        raise click.BadParameter(f"{country!r} is no country: expected two letters such as VN.", param_hint="--country")
    zone = zone or time_zones.zone_of_country(code) or "UTC"

    async def work(conn: Connection) -> store.Created | None:
        async with conn.transaction():
            switch = None if switch_name is None else await switches.known(conn, switch_name)
            made = await store.create_tenant(conn, TenantId(tenant_id), name, code, zone)
            if made is not None and switch is not None:
                await store.set_switch(conn, made.tenant.tenant_id, switch)
            return made

    made = run(settings, work, creates=True)
    if made is None:
        raise OperatorError(f"tenant {tenant_id} exists already")
    if made.kept:
        click.echo(
            f"The first tenant keeps the phones and trunks that it uses: {', '.join(made.kept)}. This one gets its "
            "own with tongdai endpoint give",
            err=True,
        )
    click.echo(
        f"Tenant {tenant_id} created, in {zone}. Next: tongdai key create --tenant {tenant_id} --scopes campaign,queue"
    )


@tenant.command("list")
@json_option
@database_options
def list_(settings: Settings, as_json: bool) -> None:
    """List all tenants. A limit shown as - is the server's default.

    \b
    Example:
      tongdai tenant list --json
    """
    rows = [
        {
            "tenantId": tenant.tenant_id,
            "name": tenant.name,
            "country": tenant.country,
            "tenantLimit": tenant.tenant_limit,
            "routeLimit": tenant.route_limit,
            "createdAt": tenant.created_at,
            "timeZone": tenant.zone,
        }
        for tenant in run(settings, store.list_tenants)
    ]
    show(["tenantId", "name", "country", "tenantLimit", "routeLimit", "createdAt", "timeZone"], rows, as_json=as_json)


@tenant.command
@click.argument("tenant_id", metavar="ID", type=ID)
@click.argument("zone", type=ZONE)
@database_options
def zone(settings: Settings, tenant_id: int, zone: str) -> None:
    """Set a tenant's time zone.

    It applies to contacts whose own zone is unknown; calling windows follow it at once.

    \b
    Example:
      tongdai tenant zone 20260310 Asia/Ho_Chi_Minh
    """
    if run(settings, lambda conn: store.set_zone(conn, TenantId(tenant_id), zone)) is None:
        raise _unknown(tenant_id)
    click.echo(f"Tenant {tenant_id} is in {zone}.")


@tenant.command
@click.argument("tenant_id", metavar="ID", type=ID)
@call_settings.windows_argument
@click.option("--default", "default", is_flag=True, help="Restore 'daily 08:00-21:00'.")
@database_options
def hours(settings: Settings, tenant_id: int, windows: tuple[Window, ...], default: bool) -> None:
    """Show or set a tenant's calling hours.

    They are those of campaigns that name neither a preset nor windows, in the contact's local time, and apply to
    running campaigns at once.

    \b
    Examples:
      tongdai tenant hours 20260310
      tongdai tenant hours 20260310 "mon-fri 08:00-20:00" "sat 08:00-12:00"
    """
    if default and windows:
        raise click.UsageError("--default replaces all windows: give it alone.")
    try:
        week = Windows().parse("WINDOW", windows) if windows else None
    except InvalidInput as error:
        raise click.BadParameter(f"{error.message}.") from None

    async def work(conn: Connection) -> Week | None:
        owner = (await known(conn, tenant_id)).tenant_id
        if default or week is not None:
            await hours_store.change(conn, owner, week, None)
        return await hours_store.find(conn, owner)

    found = run(settings, work)
    click.echo(f"calling hours: {call_settings.week_in_words(found or STANDARD_HOURS)}{'' if found else ' (default)'}")


@tenant.command
@click.argument("tenant_id", metavar="ID", type=ID)
@click.option("--switch", "switch_name", required=True, help="The switch's name; see `tongdai switch list`.")
@database_options
def move(settings: Settings, tenant_id: int, switch_name: str) -> None:
    """Let another switch carry a tenant's calls.

    It is refused while the tenant has an active call or an agent who is signed in.

    \b
    Example:
      tongdai tenant move 20260310 --switch hanoi
    """

    async def work(conn: Connection) -> None:
        switch = await switches.known(conn, switch_name)
        calls, agents = await switch_store.busy(conn, TenantId(tenant_id))
        if calls or agents:
            raise OperatorError(
                f"tenant {tenant_id} has {counted(calls, 'active call')} and {counted(agents, 'agent')} signed in: "
                "pause its campaigns, sign the agents out, and repeat"
            )
        if not await store.set_switch(conn, TenantId(tenant_id), switch):
            raise _unknown(tenant_id)

    run(settings, work)
    click.echo(f"Tenant {tenant_id} is on switch {switch_name}.")


@tenant.command
@click.argument("tenant_id", metavar="ID", type=ID)
@click.option("--tenant-limit", type=LIMIT, help="Requests in any 10 seconds, all together.")
@click.option("--route-limit", type=LIMIT, help="Requests in any 10 seconds to each route.")
@click.option("--default", "default", is_flag=True, help="Reset both to the server's defaults.")
@database_options
def limits(
    settings: Settings, tenant_id: int, tenant_limit: int | None, route_limit: int | None, default: bool
) -> None:
    """Show or set a tenant's rate limits.

    Limits that are given are set, and take effect at once, also on running servers.

    \b
    Example:
      tongdai tenant limits 20260310 --tenant-limit 1200 --route-limit 400
    """
    given = tenant_limit is not None or route_limit is not None
    if default and given:
        raise click.UsageError("--default clears both limits: give it alone.")

    async def work(conn: Connection) -> Tenant:
        if default:
            changed = await store.set_limits(conn, TenantId(tenant_id), None, None)
        elif given:
            changed = await store.change_limits(conn, TenantId(tenant_id), tenant_limit, route_limit)
        else:
            changed = await known(conn, tenant_id)
        if changed is None:
            raise _unknown(tenant_id)
        return changed

    found = run(settings, work)
    click.echo(_limit("tenant", found.tenant_limit, settings.tenant_limit))
    click.echo(_limit("route", found.route_limit, settings.route_limit))


def _limit(what: str, own: int | None, default: int) -> str:
    return f"{what} limit: {own or default} requests in 10 s{'' if own else ' (default)'}"
