"""`tongdai queue holidays` and `holiday`."""

import re

import click

from tongdai.cli.commands.opening.hours import found, tenant_option
from tongdai.cli.commands.tenants import known
from tongdai.cli.database import database_options, run
from tongdai.cli.param_types import Text
from tongdai.cli.tables import json_option, show
from tongdai.db.pool import Connection
from tongdai.errors import InvalidInput, OperatorError
from tongdai.local_time import zone_named
from tongdai.queues.holidays import public, store
from tongdai.queues.holidays.model import calendar_of
from tongdai.queues.holidays.view import HolidayChange, HolidayView, edits_of, view_of
from tongdai.queues.hours.view import OpenSpan
from tongdai.settings.declarations import Settings

_SPAN = re.compile(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})")


class _Span(click.ParamType[OpenSpan]):
    name = "span"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> OpenSpan:
        written = _SPAN.fullmatch(value)
        if written is None:
            self.fail(f"{value!r}: expected two times, as in 08:00-12:00.", param, ctx)
        return OpenSpan(written[1], written[2])


@click.command
@tenant_option
@click.option("--year", type=click.IntRange(public.FIRST_YEAR, public.LAST_YEAR), help="[default: the present one]")
@json_option
@database_options
def holidays(settings: Settings, tenant_id: int, year: int | None, as_json: bool) -> None:
    """List the holidays of a tenant.

    They are the public ones of its country, with its changes.

    \b
    Example:
      tongdai queue holidays --tenant 20260310 --year 2027
    """

    async def work(conn: Connection) -> list[HolidayView]:
        tenant = await known(conn, tenant_id)
        now = (await found(conn, tenant.tenant_id, None)).now.astimezone(zone_named(tenant.zone)).year
        wanted = now if year is None else year
        first, last = public.days_of_year(wanted)
        edits = await store.edits(conn, tenant.tenant_id, first, last)
        return [view_of(day) for day in calendar_of(public.of_year(tenant.country, wanted), edits)]

    rows = [
        {
            "date": day.date,
            "name": day.name,
            "open": [f"{span.from_}-{span.to}" for span in day.open],
            "public": day.publicHoliday,
            "changed": day.changed,
            "removed": day.removed,
        }
        for day in run(settings, work)
    ]
    show(["date", "name", "open", "public", "changed", "removed"], rows, as_json=as_json)


@click.command
@click.argument("day", metavar="DAY")
@tenant_option
@click.option("--name", type=Text(), help="Its name.  [default: that of the public holiday]")
@click.option("--open", "spans", metavar="FROM-TO", multiple=True, type=_Span(), help="Open at these times.")
@click.option("--remove", is_flag=True, help="Make a public holiday an ordinary day.")
@click.option("--reset", is_flag=True, help="Drop the tenant's change of the day.")
@database_options
def holiday(
    settings: Settings,
    day: str,
    tenant_id: int,
    name: str | None,
    spans: tuple[OpenSpan, ...],
    remove: bool,
    reset: bool,
) -> None:
    """Change a holiday.

    Add, rename, remove or reset it, or give it hours of its own.

    \b
    Examples:
      tongdai queue holiday 2027-07-10 --tenant 20260310 --name "Du lịch công ty"
      tongdai queue holiday 2027-02-05 --tenant 20260310 --open 08:00-12:00
      tongdai queue holiday 2027-09-03 --tenant 20260310 --remove
    """
    if remove + reset + bool(name is not None or spans) > 1:
        raise click.UsageError("Give one of --remove, --reset, or a name and times.")
    change = HolidayChange(date=day, name=name, open=list(spans), removed=remove, reset=reset)

    async def work(conn: Connection) -> None:
        tenant = await known(conn, tenant_id)
        try:
            edits = edits_of([change], tenant.country)
        except InvalidInput as error:
            raise OperatorError(error.message.removeprefix("holidays[0].")) from None
        await store.change(conn, tenant.tenant_id, edits, None)

    run(settings, work)
    click.echo(f"{day} {'reset' if reset else 'removed' if remove else 'set'}.")
