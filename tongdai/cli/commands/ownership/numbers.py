"""`tongdai number`."""

import click

from tongdai.cli.commands.tenants import known
from tongdai.cli.database import database_options, run
from tongdai.cli.param_types import ENDPOINT, ID, Text
from tongdai.cli.tables import json_option, show
from tongdai.contacts.numbers.phone import NumberFault
from tongdai.db.pool import Connection
from tongdai.errors import OperatorError
from tongdai.numbers import core, store
from tongdai.numbers.model import CalledNumber, GiveRefusal
from tongdai.settings.declarations import Settings


@click.group
def number() -> None:
    """Give the numbers that callers dial to tenants.

    A call to a number that is given to nobody, or that no queue of its tenant has, is refused before it is answered.

    \b
    Example:
      tongdai number give 02873001234 --tenant 20260310
    """


@number.command
@click.argument("text", metavar="NUMBER", type=Text())
@click.option("--tenant", "tenant_id", metavar="ID", required=True, type=ID, help="The tenant that gets it.")
@click.option(
    "--trunk",
    type=ENDPOINT,
    help="The trunk of its switch by which its calls come.  [default: they come by any]",
)
@database_options
def give(settings: Settings, text: str, tenant_id: int, trunk: str | None) -> None:
    """Give a number to a tenant. Without a plus it is read in the tenant's country.

    With --trunk its calls come by that trunk alone, and the carrier may send its last digits, at least three. A number
    that the tenant has already gets the trunk that is named.

    \b
    Examples:
      tongdai number give 02873001234 --tenant 20260310
      tongdai number give 19006363 --tenant 20260310 --trunk carrier
    """

    async def work(conn: Connection) -> CalledNumber:
        owner = await known(conn, tenant_id)
        number = core.read(text, owner.country)
        if isinstance(number, NumberFault):
            raise OperatorError(f"{text!r} {number.message}")
        given = await store.give(conn, owner.tenant_id, number, trunk, None)
        if given is GiveRefusal.OTHER_TENANT:
            raise OperatorError(f"+{number} is another tenant's: take it first with tongdai number take +{number}")
        if given is GiveRefusal.TRUNK_OF_OTHER:
            raise OperatorError(f"{trunk} is no trunk of tenant {tenant_id}; see tongdai endpoint list")
        assert isinstance(given, CalledNumber)
        return given

    given = run(settings, work)
    by = "" if given.trunk is None else f", whose calls come by {given.trunk}"
    click.echo(f"Number {given.e164} is tenant {tenant_id}'s{by}.")


@number.command("list")
@click.option("--tenant", "tenant_id", metavar="ID", type=ID, help="Numbers of this tenant only.")
@json_option
@database_options
def list_(settings: Settings, tenant_id: int | None, as_json: bool) -> None:
    """List the numbers that are given to tenants. `national` is how each is dialled within its country.

    \b
    Example:
      tongdai number list --tenant 20260310
    """

    async def work(conn: Connection) -> list[CalledNumber]:
        owner = None if tenant_id is None else (await known(conn, tenant_id)).tenant_id
        return (await store.page(conn, 2**31, 0, tenant_id=owner))[0]

    rows = [
        {"number": one.e164, "national": one.national, "tenantId": one.tenant_id, "trunk": one.trunk}
        for one in run(settings, work)
    ]
    show(["number", "national", "tenantId", "trunk"], rows, as_json=as_json)


@number.command
@click.argument("text", metavar="NUMBER", type=Text())
@database_options
def take(settings: Settings, text: str) -> None:
    """Take a number from the tenant who has it. Its callers are refused from then on.

    \b
    Example:
      tongdai number take +842873001234
    """

    async def work(conn: Connection) -> CalledNumber | None:
        found = await store.written_as(conn, text)
        return await store.take(conn, found[0].number, None) if len(found) == 1 else None

    taken = run(settings, work)
    if taken is None:
        raise OperatorError(f"nobody has number {text}, or it may be several; see tongdai number list")
    click.echo(f"Number {taken.e164} is no longer tenant {taken.tenant_id}'s.")
