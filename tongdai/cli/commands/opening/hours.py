"""`tongdai queue hours`, `close` and `open`."""

from dataclasses import replace
from datetime import timedelta

import click
import msgspec

from tongdai.campaigns.settings.kinds import Window
from tongdai.cli import call_settings
from tongdai.cli.commands.inbound.destinations import DESTINATION
from tongdai.cli.commands.tenants import known
from tongdai.cli.database import database_options, run
from tongdai.cli.param_types import DURATION, ID, Text
from tongdai.db.pool import Connection
from tongdai.errors import ApiError, InvalidInput, OperatorError
from tongdai.ids import QueueId, TenantId
from tongdai.local_time import zone_named
from tongdai.queues.destinations import view as destinations_view
from tongdai.queues.hours import store
from tongdai.queues.hours.core import open_at
from tongdai.queues.hours.model import Closed, Closure, Hours, Open, OpeningRules, Week
from tongdai.queues.hours.view import OpeningWindow, parse_week, show_week
from tongdai.queues.model import Destination
from tongdai.settings.declarations import Settings
from tongdai_client import CallerDestination

tenant_option = click.option("--tenant", "tenant_id", metavar="ID", required=True, type=ID, help="The tenant.")
queue_option = click.option(
    "--queue", "queue_id", metavar="ID", type=ID, help="The queue.  [default: all that set nothing of their own]"
)


async def found(conn: Connection, tenant_id: TenantId, queue_id: int | None) -> store.Settings:
    """The settings of a queue, without one the tenant's defaults; OperatorError when there is no such queue."""
    settings = await store.find(conn, tenant_id, None if queue_id is None else QueueId(queue_id))
    if settings is None:
        raise OperatorError(f"queue {queue_id} of tenant {tenant_id} not found; see tongdai queue list")
    return settings


@click.command
@tenant_option
@queue_option
@call_settings.windows_argument
@click.option("--holidays/--no-holidays", "observes", default=None, help="Whether holidays close it.")
@click.option("--after", "after", metavar="DESTINATION", type=DESTINATION, help="Where callers go while it is closed.")
@click.option(
    "--default",
    "default",
    is_flag=True,
    help="Remove all that is set here: the tenant's settings apply.",
)
@database_options
def hours(
    settings: Settings,
    tenant_id: int,
    queue_id: int | None,
    windows: tuple[Window, ...],
    observes: bool | None,
    after: CallerDestination | None,
    default: bool,
) -> None:
    """Show or set when a queue is open, in the tenant's time zone.

    A window to an earlier time ends on the next day. A destination is queue:ID, menu:ID, number:NUMBER, message:SOUND,
    callback or hang_up.

    \b
    Examples:
      tongdai queue hours --tenant 20260310
      tongdai queue hours --tenant 20260310 --queue 1001227 "mon-fri 08:00-12:00" "sat 08:00-12:00"
      tongdai queue hours --tenant 20260310 --queue 1001227 --after message:closed
      tongdai queue hours --tenant 20260310 --queue 1001228 "daily 22:00-06:00" --no-holidays
    """
    if default and (windows or observes is not None or after is not None):
        raise click.UsageError("--default sets nothing: give it alone.")
    try:
        sent = [OpeningWindow(one.days, one.from_, one.to) for one in windows]
        week = parse_week("WINDOW", sent) if sent else None
    except InvalidInput as error:
        raise click.BadParameter(f"{error.message}.") from None

    async def work(conn: Connection) -> tuple[OpeningRules, Open | Closed]:
        tenant = (await known(conn, tenant_id)).tenant_id
        before = await found(conn, tenant, queue_id)
        own = before.tenant if queue_id is None else before.queue
        changed = Hours(closure=own.closure) if default else _changed(own, week, observes)
        queue = None if queue_id is None else QueueId(queue_id)
        async with conn.transaction():
            if after is not None:
                sent_to = await _checked(conn, tenant, queue, after, before.country)
                changed = replace(changed, after_hours=sent_to)
            if changed != own:
                await store.change(conn, tenant, queue, changed, None)
        found_now = await found(conn, tenant, queue_id)
        rules = await store.rules(conn, tenant, found_now)
        return rules, open_at(rules, found_now.now)

    rules, now_is = run(settings, work)
    click.echo(f"opening hours: {_in_words(rules.week)}")
    click.echo(f"holidays: {'closed' if rules.observes_holidays else 'open'}")
    click.echo(f"after hours: {_destination_in_words(rules.after_hours)}")
    click.echo(f"now: {_state(now_is, rules.zone)}")


async def _checked(
    conn: Connection, tenant: TenantId, queue_id: QueueId | None, after: CallerDestination, country: str
) -> Destination:
    """Where callers go, of the tenant's own; within the transaction that stores it."""
    sent = msgspec.convert(msgspec.to_builtins(after), destinations_view.CallerDestination)
    try:
        found = destinations_view.parse("--after", sent, country)
        assert found is not None
        await store.require_destination(conn, tenant, queue_id, found)
    except ApiError as error:
        raise OperatorError(f"--after: {error.message}") from None
    return found


def _destination_in_words(destination: Destination) -> str:
    return destination.kind if destination.target is None else f"{destination.kind}:{destination.target}"


def _changed(own: Hours, week: Week | None, observes: bool | None) -> Hours:
    """The settings with those that are given."""
    if week is not None:
        own = replace(own, week=week)
    return own if observes is None else replace(own, observes_holidays=observes)


def _in_words(week: Week) -> str:
    windows = show_week(week)
    return "; ".join(f"{call_settings.days_in_words(one.days)} {one.from_}-{one.to}" for one in windows)


def _state(now_is: Open | Closed, zone: str) -> str:
    until = "" if now_is.until is None else f" until {now_is.until.astimezone(zone_named(zone)):%Y-%m-%d %H:%M}"
    if isinstance(now_is, Open):
        return f"open{until}"
    why = now_is.holiday if now_is.holiday is not None else now_is.reason.replace("_", " ")
    return f"closed{until} ({why})"


@click.command
@tenant_option
@queue_option
@click.option("--for", "length", type=DURATION, help="Open again after that, as 90s, 15m, 24h or 30d.")
@click.option("--note", type=Text(), help="Why.")
@database_options
def close(settings: Settings, tenant_id: int, queue_id: int | None, length: timedelta | None, note: str | None) -> None:
    """Close a queue now, or without --queue all of a tenant. Callers who wait are served.

    \b
    Example:
      tongdai queue close --tenant 20260310 --queue 1001227 --for 2h --note "Fire drill"
    """

    async def work(conn: Connection) -> None:
        tenant = (await known(conn, tenant_id)).tenant_id
        before = await found(conn, tenant, queue_id)
        closure = Closure(None if length is None else before.now + length, note)
        await store.close(conn, tenant, None if queue_id is None else QueueId(queue_id), closure, None)

    run(settings, work)
    click.echo(f"{_noun(queue_id)} closed.")


@click.command("open")
@tenant_option
@queue_option
@database_options
def open_(settings: Settings, tenant_id: int, queue_id: int | None) -> None:
    """End what `tongdai queue close` began: opening hours hold again.

    \b
    Example:
      tongdai queue open --tenant 20260310 --queue 1001227
    """

    async def work(conn: Connection) -> None:
        tenant = (await known(conn, tenant_id)).tenant_id
        await found(conn, tenant, queue_id)
        await store.close(conn, tenant, None if queue_id is None else QueueId(queue_id), None, None)

    run(settings, work)
    click.echo(f"{_noun(queue_id)} opened.")


def _noun(queue_id: int | None) -> str:
    return "All queues" if queue_id is None else f"Queue {queue_id}"
