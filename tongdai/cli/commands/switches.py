"""`tongdai switch`."""

import click

from tongdai.cli.database import database_options, run
from tongdai.cli.tables import json_option, show
from tongdai.db.pool import Connection
from tongdai.errors import OperatorError
from tongdai.ids import SwitchId
from tongdai.settings.declarations import Settings
from tongdai.switches import store
from tongdai.switches.model import Kind, Switch


async def known(conn: Connection, name: str) -> Switch:
    """The switch; OperatorError when there is none of that name."""
    found = await store.find(conn, name)
    if found is None:
        raise OperatorError(f"switch {name} not found; list switches with tongdai switch list")
    return found


@click.group
def switch() -> None:
    """List switches, and what their leaders report.

    A switch is an Asterisk, or the simulated one; a tenant is on one switch. A process of `tongdai serve --switch NAME`
    leads it, and adds it when it is new.

    \b
    Example:
      tongdai switch list
    """


@switch.command("list")
@json_option
@database_options
def list_(settings: Settings, as_json: bool) -> None:
    """List all switches. `running` is whether a process leads it, `up` whether that is connected with it.

    \b
    Example:
      tongdai switch list --json
    """

    async def work(conn: Connection) -> tuple[list[Switch], dict[SwitchId, int]]:
        return await store.list_switches(conn), await store.tenant_counts(conn)

    found, tenants = run(settings, work)
    rows = [
        {
            "name": one.name,
            "kind": one.kind,
            "description": one.description,
            "running": one.running,
            "up": one.up,
            "aliveAt": one.alive_at,
            "host": one.host,
            "liveCalls": one.live_calls,
            "tenants": tenants.get(one.switch_id, 0),
        }
        for one in found
    ]
    columns = ["name", "kind", "description", "running", "up", "aliveAt", "host", "liveCalls", "tenants"]
    show(columns, rows, as_json=as_json)


@switch.command
@click.argument("name")
@database_options
def simulate(settings: Settings, name: str) -> None:
    """Let a switch that was an Asterisk be simulated.

    From then on its calls reach nobody. Without this, a process that has no settings of an Asterisk refuses to lead the
    switch.

    \b
    Example:
      tongdai switch simulate default
    """

    async def work(conn: Connection) -> None:
        await store.set_kind(conn, (await known(conn, name)).switch_id, Kind.SIMULATED)

    run(settings, work)
    click.echo(f"Switch {name} may be simulated.")
