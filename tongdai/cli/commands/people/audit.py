"""`tongdai audit`, by the API of a running server."""

from datetime import datetime
from itertools import islice

import click
import msgspec

from tongdai.cli.api_client import client_options
from tongdai.cli.param_types import ID, INSTANT
from tongdai.cli.tables import json_option, show
from tongdai_client import AuditEntry, Client


@click.command
@click.option("--by-user", "user_id", metavar="ID", type=ID, help="Changes of this person.")
@click.option("--by-key", "key_id", metavar="ID", type=ID, help="Changes by this key.")
@click.option("--action", metavar="ACTION", help="An action, campaign.start, or all of a kind, campaign.")
@click.option("--subject", metavar="TEXT", help='To what: "campaign 1042".')
@click.option("--from", "since", metavar="TIME", type=INSTANT, help="Changes then or later.")
@click.option("--to", "before", metavar="TIME", type=INSTANT, help="Changes before.")
@click.option(
    "--limit", metavar="N", type=click.IntRange(1), default=100, show_default=True, help="The most entries to print."
)
@json_option
@client_options("admin")
def audit(
    client: Client,
    user_id: int | None,
    key_id: int | None,
    action: str | None,
    subject: str | None,
    since: datetime | None,
    before: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """List who changed what, by a running server. The newest change comes first.

    \b
    Example:
      tongdai audit --action campaign --from 2026-03-10T00:00+07:00
    """
    found = client.audit(user_id=user_id, key_id=key_id, action=action, subject=subject, since=since, before=before)
    rows = [_row(entry, as_json=as_json) for entry in islice(found, limit)]
    show(["auditId", "at", "author", "authorName", "action", "subject", "detail"], rows, as_json=as_json)


def _row(entry: AuditEntry, *, as_json: bool) -> dict[str, object]:
    row: dict[str, object] = msgspec.to_builtins(entry, builtin_types=(datetime,))
    if not as_json:
        row["detail"] = None if entry.detail is None else msgspec.json.encode(entry.detail).decode()
    return row
