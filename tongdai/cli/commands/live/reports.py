"""`tongdai report`, by the API of a running server."""

from datetime import date, datetime
from pathlib import Path

import click
import msgspec

from tongdai.cli.api_client import client_options
from tongdai.cli.param_types import ID
from tongdai.cli.tables import json_option, show
from tongdai.queues.live.model import MAX_SERVICE_S
from tongdai.reports.model import Step
from tongdai_client import Client

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


@click.group
def report() -> None:
    """Print reports, or save them as CSV or XLSX, by a running server.

    Days and intervals are by the tenant's clock, and a call belongs to the interval in which it arrived.

    \b
    Example:
      tongdai report queues --from 2026-03-10 --interval 60 --key sk_live_…
    """


@report.command
@click.option("--from", "since", metavar="DAY", type=DAY, help="The first day, or an instant; today without it.")
@click.option("--to", "before", metavar="DAY", type=DAY, help="The day after the last one, or an instant.")
@click.option(
    "--interval",
    type=click.Choice([one.value for one in Step]),
    default=Step.DAY.value,
    show_default=True,
    help="In minutes, or day.",
)
@click.option("--queue", "queue_id", metavar="ID", type=ID, help="One queue.")
@click.option(
    "--service-level",
    "service_level_sec",
    metavar="SECONDS",
    type=click.IntRange(1, MAX_SERVICE_S),
    help="The threshold of the service level, in place of that of each queue.",
)
@click.option(
    "--output",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Save the rows as a file, .csv or .xlsx.",
)
@json_option
@client_options("report")
def queues(
    client: Client,
    since: date | None,
    before: date | None,
    interval: str,
    queue_id: int | None,
    service_level_sec: int | None,
    file: Path | None,
    *,
    as_json: bool,
) -> None:
    """Report callers of queues: how their waits ended, service levels.

    \b
    Examples:
      tongdai report queues --from 2026-03-01 --to 2026-04-01
      tongdai report queues --interval 30 --queue 1001226 --output today.xlsx
    """
    if file is not None:
        if file.suffix.lower() not in {".csv", ".xlsx"}:
            raise click.UsageError("the name of the file must end with .csv or .xlsx")
        saved = client.save_queue_report(
            file,
            since=since,
            before=before,
            interval=interval,
            queue_id=queue_id,
            service_level_sec=service_level_sec,
        )
        click.echo(f"Saved {saved}")
        return
    found = client.queue_report(
        since=since, before=before, interval=interval, queue_id=queue_id, service_level_sec=service_level_sec
    )
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
        return
    rows = [{column: getattr(row, field) for column, field in _QUEUES.items()} for row in found.data]
    for row in rows:
        row["from"] = row["from"].isoformat(timespec="minutes")
    show(list(_QUEUES), rows, as_json=False)
