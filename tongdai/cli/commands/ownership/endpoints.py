"""`tongdai endpoint`."""

import click

from tongdai.cli.commands import switches
from tongdai.cli.commands.tenants import known
from tongdai.cli.database import database_options, run
from tongdai.cli.param_types import ENDPOINT, ID
from tongdai.cli.tables import json_option, show
from tongdai.db.pool import Connection
from tongdai.errors import OperatorError
from tongdai.numbers.endpoints import store
from tongdai.numbers.endpoints.model import EndpointKind, EndpointRefusal, SipEndpoint
from tongdai.settings.declarations import Settings
from tongdai.switches.model import DEFAULT_NAME

_switch = click.option(
    "--switch", "switch_name", default=DEFAULT_NAME, show_default=True, help="The switch that it is on."
)


@click.group
def endpoint() -> None:
    """Give the phones and trunks of switches to tenants.

    On an Asterisk with several tenants only what is given to a tenant is called for it: phones of agents, and trunks
    that campaigns name. On the simulated switch, and while there is one tenant, nothing need be given.

    \b
    Example:
      tongdai endpoint give agent-7 --phone --tenant 20260310
    """


@endpoint.command
@click.argument("names", metavar="NAME...", type=ENDPOINT, nargs=-1, required=True)
@click.option("--phone", "kind", flag_value=EndpointKind.PHONE.value, help="They are agents' phones.")
@click.option("--trunk", "kind", flag_value=EndpointKind.TRUNK.value, help="They are trunks.")
@click.option("--tenant", "tenant_id", metavar="ID", type=ID, help="The tenant that gets them.")
@click.option("--all-tenants", is_flag=True, help="All tenants get them: for trunks.")
@_switch
@database_options
def give(
    settings: Settings,
    names: tuple[str, ...],
    kind: str | None,
    tenant_id: int | None,
    all_tenants: bool,
    switch_name: str,
) -> None:
    """Give phones or trunks of a switch to a tenant.

    Trunks may be given to all tenants. Of several names all are given, or none.

    \b
    Examples:
      tongdai endpoint give agent-7 agent-8 --phone --tenant 20260310
      tongdai endpoint give carrier --trunk --all-tenants
    """
    if kind is None:
        raise click.UsageError("Expected --phone or --trunk.")
    if (tenant_id is not None) == all_tenants:
        raise click.UsageError("Expected either --tenant ID or --all-tenants.")
    if all_tenants and kind != EndpointKind.TRUNK:
        raise click.UsageError("Only trunks are given to all tenants; a phone is one tenant's.")

    async def work(conn: Connection) -> None:
        async with conn.transaction():
            owner = None if tenant_id is None else (await known(conn, tenant_id)).tenant_id
            switch = await switches.known(conn, switch_name)
            for name in names:
                given = await store.give(conn, switch.switch_id, name, EndpointKind(kind), owner, None)
                if isinstance(given, EndpointRefusal):
                    found = await store.find(conn, switch.switch_id, name)
                    has = found.owner if found else "another's now"
                    raise OperatorError(f"{name} is {has}: take it first with tongdai endpoint take {name}")

    run(settings, work)
    whose = "all tenants" if tenant_id is None else f"tenant {tenant_id}"
    click.echo(f"{', '.join(names)} on switch {switch_name}: {kind} of {whose}.")


@endpoint.command("list")
@click.option("--tenant", "tenant_id", metavar="ID", type=ID, help="Those of this tenant only.")
@json_option
@database_options
def list_(settings: Settings, tenant_id: int | None, as_json: bool) -> None:
    """List the phones and trunks that are given to tenants. A tenantId shown as - is all tenants.

    \b
    Example:
      tongdai endpoint list
    """

    async def work(conn: Connection) -> list[SipEndpoint]:
        owner = None if tenant_id is None else (await known(conn, tenant_id)).tenant_id
        return (await store.page(conn, 2**31, 0, tenant_id=owner))[0]

    rows = [
        {"switch": one.switch, "name": one.name, "kind": one.kind.value, "tenantId": one.tenant_id}
        for one in run(settings, work)
    ]
    show(["switch", "name", "kind", "tenantId"], rows, as_json=as_json)


@endpoint.command
@click.argument("name", type=ENDPOINT)
@_switch
@database_options
def take(settings: Settings, name: str, switch_name: str) -> None:
    """Take a phone or trunk from whoever has it. Active calls continue.

    \b
    Example:
      tongdai endpoint take agent-7
    """

    async def work(conn: Connection) -> SipEndpoint | None:
        switch = await switches.known(conn, switch_name)
        found = await store.find(conn, switch.switch_id, name)
        return None if found is None else await store.take(conn, found.endpoint_id, None)

    taken = run(settings, work)
    if taken is None:
        raise OperatorError(f"nobody has {name} on switch {switch_name}; see tongdai endpoint list")
    click.echo(f"{name} on switch {switch_name} is no longer {taken.owner}.")
