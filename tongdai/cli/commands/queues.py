"""`tongdai queue`."""

import click

from tongdai.cli.commands.inbound.menus import menu
from tongdai.cli.commands.inbound.settings import delete
from tongdai.cli.commands.inbound.settings import settings as settings_of_queue
from tongdai.cli.commands.live.queues import why
from tongdai.cli.commands.opening.holidays import holiday, holidays
from tongdai.cli.commands.opening.hours import close, hours, open_
from tongdai.cli.commands.opening.prompts import prompts
from tongdai.cli.commands.opening.sounds import sound
from tongdai.cli.commands.tenants import known
from tongdai.cli.database import database_options, run
from tongdai.cli.param_types import ID, Pattern, Text
from tongdai.cli.tables import json_option, show
from tongdai.db.pool import Connection
from tongdai.errors import OperatorError
from tongdai.ids import QueueId
from tongdai.queues import store
from tongdai.queues.model import MAX_NUMBER, Change, InboundQueue, NumberRefusal
from tongdai.settings.declarations import Settings

NUMBER = Pattern("digits", f"[0-9]{{1,{MAX_NUMBER}}}", f"1 to {MAX_NUMBER} digits")


@click.group
def queue() -> None:
    """Create and list a tenant's inbound queues; set how callers are treated.

    settings, menu, delete and why use a running server, the others the database.

    \b
    Example:
      tongdai queue create --tenant 20260310 --name Support --number 19006363
    """


@queue.command
@click.option("--tenant", "tenant_id", metavar="ID", required=True, type=ID, help="The queue's tenant.")
@click.option("--name", required=True, type=Text(), help="The queue's name.")
@click.option("--number", type=NUMBER, help="The number that callers dial; see tongdai number.")
@database_options
def create(settings: Settings, tenant_id: int, name: str, number: str | None) -> None:
    """Create an inbound queue, and print its id. Its strategy is normal.

    \b
    Example:
      tongdai queue create --tenant 20260310 --name Support --number 19006363
    """

    async def work(conn: Connection) -> tuple[QueueId, bool]:
        owner = await known(conn, tenant_id)
        made = await store.create(conn, owner.tenant_id, name, number, Change(), None)
        if made is NumberRefusal.OF_OTHER_QUEUE:
            raise OperatorError(f"another queue of tenant {tenant_id} has number {number}")
        if isinstance(made, NumberRefusal):
            raise OperatorError(f"{number} is another tenant's number; see tongdai number list")
        given = number is None or await store.has_callers(conn, number)
        return made, given

    queue_id, given = run(settings, work)
    click.echo(queue_id)
    if not given:
        click.echo(f"Its callers are refused until: tongdai number give {number} --tenant {tenant_id}", err=True)


@queue.command("list")
@click.option("--tenant", "tenant_id", metavar="ID", required=True, type=ID, help="The tenant.")
@json_option
@database_options
def list_(settings: Settings, tenant_id: int, as_json: bool) -> None:
    """List a tenant's inbound queues.

    \b
    Example:
      tongdai queue list --tenant 20260310
    """

    async def work(conn: Connection) -> list[InboundQueue]:
        owner = await known(conn, tenant_id)
        return (await store.page(conn, owner.tenant_id, 2**31, 0))[0]

    columns = ["queueId", "name", "number", "strategy", "holdMusic", "maxWaitS", "announcePosition"]
    show(columns, [_row(queue) for queue in run(settings, work)], as_json=as_json)


def _row(queue: InboundQueue) -> dict[str, object]:
    return {
        "queueId": queue.queue_id,
        "name": queue.name,
        "number": queue.number,
        "strategy": queue.strategy.name.lower(),
        "holdMusic": queue.moh_file,
        "maxWaitS": queue.max_wait_s,
        "announcePosition": queue.announce_position,
        "agentSelector": queue.agent_selector,
    }


for command in (settings_of_queue, menu, delete, hours, close, open_, holidays, holiday, prompts, sound, why):
    queue.add_command(command)
