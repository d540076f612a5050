"""`tongdai report`, by the API of a running server."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import reduce
from pathlib import Path
from typing import Any, Protocol, TypeVar, Unpack

import click
import msgspec

from tongdai.cli.api_client import client_options
from tongdai.cli.param_types import ID
from tongdai.cli.tables import json_option, show
from tongdai.queues.live.model import MAX_SERVICE_S
from tongdai.reports.model import Step
from tongdai_client import Client
from tongdai_client.operations.reports.files import ReportFilters, ReportName

_QUEUES = {
    "from": "since",
    "queue": "queue_name",
    "offered": "offered",
    "answered": "answered",
    "abandoned": "abandoned",
    "overflowed": "overflowed",
    "callback": "callback",
    "closed": "closed",
    "refused": "refused",
    "failed": "failed",
    "open": "open",
    "level": "service_level_of_offered",
    "answerSec": "answer_sec",
    "p90": "answer_sec_p90",
    "handleSec": "handle_sec",
}
_AGENTS = {
    "from": "since",
    "agent": "agent_name",
    "calls": "calls",
    "talkSec": "talk_sec",
    "holdSec": "hold_sec",
    "consultSec": "consult_sec",
    "conferenceSec": "conference_sec",
    "wrapUpSec": "wrap_up_sec",
    "handleSec": "handle_sec",
    "signedInSec": "signed_in_sec",
    "idleSec": "idle_sec",
    "talkingSec": "talking_sec",
    "pausedSec": "paused_sec",
    "pauses": "pauses",
}
_OFFERS = {
    "from": "since",
    "queue": "queue_name",
    "agent": "agent_name",
    "offers": "offers",
    "answered": "answered",
    "noAnswer": "no_answer",
    "rejected": "rejected",
    "callerGone": "caller_gone",
    "unreachable": "unreachable",
    "open": "open",
    "answerRate": "answer_rate",
    "answerSec": "answer_sec",
}
_MISSED = {
    "from": "since",
    "queue": "queue_name",
    "missed": "missed",
    "outcomes": "outcomes",
    "states": "states",
    "servedRate": "served_rate",
    "waitSec": "wait_sec",
}
_CAMPAIGNS = {
    "from": "since",
    "campaign": "campaign_name",
    "calls": "calls",
    "open": "open",
    "placed": "placed",
    "answered": "answered",
    "connected": "connected",
    "answerRate": "answer_rate",
    "abandonRate": "abandon_rate",
    "talkSec": "talk_sec",
}
_IMPORTS = {
    "from": "since",
    "campaign": "campaign_name",
    "imports": "imports",
    "done": "done",
    "failed": "failed",
    "open": "open",
    "rows": "rows",
    "created": "created",
    "duplicate": "duplicate",
    "refused": "refused",
    "waiting": "waiting",
    "removed": "removed",
}


class _Day(click.ParamType[date]):
    """A date, or an instant with an offset."""

    name = "day"

    def convert(self, value: str | date, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value) if len(value) == len("2026-03-10") else datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is neither a date such as 2026-03-10 nor an instant.", param, ctx)


DAY = _Day()


_F = TypeVar("_F", bound=Callable[..., Any])


def _period(command: _F) -> _F:
    """The options of every report."""
    options = (
        click.option(
            "--from", "since", metavar="DAY", type=DAY, help="The first day, or an instant; today without it."
        ),
        click.option("--to", "before", metavar="DAY", type=DAY, help="The day after the last one, or an instant."),
        click.option(
            "--interval",
            type=click.Choice([one.value for one in Step]),
            default=Step.DAY.value,
            show_default=True,
            help="In minutes, or day.",
        ),
    )
    return reduce(lambda made, option: option(made), reversed(options), command)


_OUTPUT = click.option(
    "--output",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Save the rows as a file, .csv or .xlsx.",
)


class _Found(Protocol):
    """A report of any kind."""

    @property
    def data(self) -> Sequence[object]: ...


def _show(
    client: Client,
    name: ReportName,
    columns: Mapping[str, str],
    read: Callable[..., _Found],
    file: Path | None,
    *,
    as_json: bool,
    **asked: Unpack[ReportFilters],
) -> None:
    """Print a report, or save it as a file."""
    if file is not None:
        if file.suffix.lower() not in {".csv", ".xlsx"}:
            raise click.UsageError("the name of the file must end with .csv or .xlsx")
        click.echo(f"Saved {client.save_report(name, file, **asked)}")
        return
    found = read(**asked)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
        return
    rows = [{column: getattr(row, field) for column, field in columns.items()} for row in found.data]
    for row in rows:
        row["from"] = row["from"].isoformat(timespec="minutes")
    show(list(columns), rows, as_json=False)


@click.group
def report() -> None:
    """Print reports, or save them as CSV or XLSX, by a running server.

    Days and intervals are by the tenant's clock, and a call belongs to the interval in which it arrived.

    \b
    Example:
      tongdai report queues --from 2026-03-10 --interval 60 --key sk_live_…
    """


@report.command
@_period
@click.option("--queue", "queue_id", metavar="ID", type=ID, help="One queue.")
@click.option(
    "--service-level",
    "service_level_sec",
    metavar="SECONDS",
    type=click.IntRange(1, MAX_SERVICE_S),
    help="The threshold of the service level, in place of that of each queue.",
)
@_OUTPUT
@json_option
@client_options("report")
def queues(client: Client, file: Path | None, *, as_json: bool, **asked: Unpack[ReportFilters]) -> None:
    """Report callers of queues: how their waits ended, service levels.

    \b
    Examples:
      tongdai report queues --from 2026-03-01 --to 2026-04-01
      tongdai report queues --interval 30 --queue 1001226 --output today.xlsx
    """
    _show(client, "queues", _QUEUES, client.queue_report, file, as_json=as_json, **asked)


@report.command
@_period
@click.option("--agent", "agent_id", metavar="ID", type=ID, help="One agent.")
@click.option("--team", "team_id", metavar="ID", type=ID, help="Agents who are in this team now.")
@_OUTPUT
@json_option
@client_options("report")
def agents(client: Client, file: Path | None, *, as_json: bool, **asked: Unpack[ReportFilters]) -> None:
    """Report the time of agents, with customers and by state.

    \b
    Examples:
      tongdai report agents --from 2026-03-10 --team 3
      tongdai report agents --from 2026-03-01 --to 2026-04-01 --output march.xlsx
    """
    _show(client, "agents", _AGENTS, client.agent_report, file, as_json=as_json, **asked)


@report.command
@_period
@click.option("--queue", "queue_id", metavar="ID", type=ID, help="Callers of one queue.")
@click.option("--agent", "agent_id", metavar="ID", type=ID, help="Offers to one agent.")
@click.option("--team", "team_id", metavar="ID", type=ID, help="Offers to agents who are in this team now.")
@_OUTPUT
@json_option
@client_options("report")
def offers(client: Client, file: Path | None, *, as_json: bool, **asked: Unpack[ReportFilters]) -> None:
    """Report offers of callers to agents.

    \b
    Example:
      tongdai report offers --from 2026-03-10 --agent 7
    """
    _show(client, "offers", _OFFERS, client.offer_report, file, as_json=as_json, **asked)


@report.command
@_period
@click.option("--queue", "queue_id", metavar="ID", type=ID, help="One queue.")
@_OUTPUT
@json_option
@client_options("report")
def missed(client: Client, file: Path | None, *, as_json: bool, **asked: Unpack[ReportFilters]) -> None:
    """Report missed calls, with their states now.

    \b
    Example:
      tongdai report missed --from 2026-03-01 --to 2026-04-01
    """
    _show(client, "missed", _MISSED, client.missed_report, file, as_json=as_json, **asked)


@report.command
@_period
@click.option("--campaign", "campaign_id", metavar="ID", type=ID, help="One campaign.")
@_OUTPUT
@json_option
@client_options("report")
def campaigns(client: Client, file: Path | None, *, as_json: bool, **asked: Unpack[ReportFilters]) -> None:
    """Report the calls of campaigns.

    \b
    Example:
      tongdai report campaigns --from 2026-03-10 --interval 60 --campaign 1042
    """
    _show(client, "campaigns", _CAMPAIGNS, client.campaign_report, file, as_json=as_json, **asked)


@report.command
@_period
@click.option("--campaign", "campaign_id", metavar="ID", type=ID, help="One campaign.")
@_OUTPUT
@json_option
@client_options("report")
def imports(client: Client, file: Path | None, *, as_json: bool, **asked: Unpack[ReportFilters]) -> None:
    """Report imports of contacts.

    \b
    Example:
      tongdai report imports --from 2026-03-01 --to 2026-04-01
    """
    _show(client, "imports", _IMPORTS, client.import_report, file, as_json=as_json, **asked)
