"""`tongdai webhook`, by the API of a running server."""

from datetime import datetime

import click
from msgspec import UNSET

from tongdai.cli.api_client import client_options
from tongdai.cli.param_types import ID, INSTANT, Text
from tongdai.cli.tables import json_option, show
from tongdai.webhooks.model import MAX_AUTHORIZATION, MAX_OVERLAP_HOURS, MAX_URL, OVERLAP_HOURS, Body, Event
from tongdai_client import Client

_ID = click.argument("webhook_id", metavar="WEBHOOK_ID", type=ID)
_DELIVERY = click.argument("delivery_id", metavar="DELIVERY_ID", type=ID)
_STATES = ("waiting", "delivered", "failed")
_EVENTS = click.Choice([str(event) for event in Event])
_NAMES = f"one of {', '.join(Event)}; repeat it for more."
_BODY = click.Choice([str(body) for body in Body])
_COLUMNS = ["webhookId", "url", "events", "body", "enabled", "offReason", "waiting", "failingSince", "description"]
_DELIVERIES = ["deliveryId", "event", "occurredAt", "state", "attempts", "status", "fault", "tookMs", "nextTryAt"]


@click.group
def webhook() -> None:
    """Register addresses that get events, see what was sent, by a running server.

    \b
    Example:
      tongdai webhook create https://crm.example/tongdai --event call.ended --event import.done
    """


@webhook.command
@click.argument("address", metavar="URL", type=Text(longest=MAX_URL))
@click.option(
    "--event",
    "events",
    metavar="EVENT",
    type=_EVENTS,
    multiple=True,
    required=True,
    help=f"An event that it gets, {_NAMES}",
)
@click.option("--body", type=_BODY, help="What the body of an event of a call has.  [default: vendor]")
@click.option("--authorization", type=Text(longest=MAX_AUTHORIZATION), help="Header Authorization of its requests.")
@click.option("--description", type=Text(), help="A note for lists.")
@client_options("admin")
def create(
    client: Client,
    address: str,
    events: tuple[str, ...],
    body: str | None,
    authorization: str | None,
    description: str | None,
) -> None:
    """Register a webhook and print its secret on standard output.

    \b
    Example:
      tongdai webhook create https://crm.example/tongdai --event call.ended --body tongdai
    """
    made = client.create_webhook(address, events, description=description, body=body, authorization=authorization)
    click.echo(f"Webhook {made.webhook_id}. Its secret is shown only now:", err=True)
    click.echo(made.secret)


@webhook.command("list")
@json_option
@client_options("admin")
def list_(client: Client, as_json: bool) -> None:
    """List the webhooks, and how many events wait for each.

    \b
    Example:
      tongdai webhook list
    """
    rows: list[dict[str, object]] = [
        {
            "webhookId": one.webhook_id,
            "url": one.url,
            "events": one.events,
            "body": one.body,
            "enabled": one.enabled,
            "offReason": one.off_reason,
            "waiting": one.waiting,
            "failingSince": one.failing_since,
            "description": one.description,
        }
        for one in client.webhooks().data
    ]
    show(_COLUMNS, rows, as_json=as_json)


@webhook.command
@_ID
@click.option("--address", metavar="URL", type=Text(longest=MAX_URL), help="Where its events are sent.")
@click.option(
    "--event", "events", metavar="EVENT", type=_EVENTS, multiple=True, help=f"An event that it gets, {_NAMES}"
)
@click.option("--body", type=_BODY, help="What the body of an event of a call has.")
@click.option("--authorization", type=Text(longest=MAX_AUTHORIZATION), help="Header Authorization of its requests.")
@click.option("--no-authorization", is_flag=True, help="Send no header Authorization.")
@click.option("--description", type=Text(0), help="A note for lists.")
@click.option("--on/--off", "enabled", default=None, help="Switch it on, also after it failed, or off.")
@client_options("admin")
def change(
    client: Client,
    webhook_id: int,
    address: str | None,
    events: tuple[str, ...],
    body: str | None,
    authorization: str | None,
    no_authorization: bool,
    description: str | None,
    enabled: bool | None,
) -> None:
    """Change what is given of a webhook, or switch it off and on. What waits meanwhile is kept.

    \b
    Example:
      tongdai webhook change 3 --on
    """
    if authorization is not None and no_authorization:
        raise click.UsageError("Expected --authorization or --no-authorization, not both.")
    done = client.update_webhook(
        webhook_id,
        url=UNSET if address is None else address,
        events=events or UNSET,
        body=UNSET if body is None else body,
        authorization=UNSET if authorization is None and not no_authorization else authorization,
        description=UNSET if description is None else description,
        enabled=UNSET if enabled is None else enabled,
    )
    click.echo(done.message)


@webhook.command
@_ID
@click.option(
    "--overlap-hours",
    type=click.IntRange(0, MAX_OVERLAP_HOURS),
    default=OVERLAP_HOURS,
    show_default=True,
    help="How long the secret before signs, too.",
)
@client_options("admin")
def rotate(client: Client, webhook_id: int, overlap_hours: int) -> None:
    """Make a new secret for a webhook and print it on standard output.

    \b
    Example:
      tongdai webhook rotate 3 --overlap-hours 48
    """
    made = client.rotate_webhook_secret(webhook_id, overlap_hours=overlap_hours)
    click.echo(f"The secret before signs until {made.old_secret_until.isoformat()}, too.", err=True)
    click.echo(made.secret)


@webhook.command
@_ID
@client_options("admin")
def delete(client: Client, webhook_id: int) -> None:
    """Delete a webhook, what waits for it and what it was sent.

    \b
    Example:
      tongdai webhook delete 3
    """
    click.echo(client.delete_webhook(webhook_id).message)


@webhook.command
@_ID
@client_options("admin")
def test(client: Client, webhook_id: int) -> None:
    """Send a test event to a webhook.

    `tongdai webhook deliveries` shows what happens to it.

    \b
    Example:
      tongdai webhook test 3
    """
    sent = client.test_webhook(webhook_id)
    click.echo(f"{sent.message}: delivery {sent.delivery_id}")


@webhook.command
@_ID
@click.option("--state", type=click.Choice(_STATES), help="Those in this state only.")
@json_option
@client_options("admin")
def deliveries(client: Client, webhook_id: int, state: str | None, as_json: bool) -> None:
    """List what was sent to a webhook, newest first.

    \b
    Example:
      tongdai webhook deliveries 3 --state failed
    """
    rows: list[dict[str, object]] = [
        {
            "deliveryId": one.delivery_id,
            "event": one.event,
            "occurredAt": one.occurred_at,
            "state": one.state,
            "attempts": one.attempts,
            "status": one.status,
            "fault": one.fault,
            "tookMs": one.took_ms,
            "nextTryAt": one.next_try_at,
        }
        for one in client.webhook_deliveries(webhook_id, state=state)
    ]
    show(_DELIVERIES, rows, as_json=as_json)


@webhook.command
@_ID
@_DELIVERY
@client_options("admin")
def resend(client: Client, webhook_id: int, delivery_id: int) -> None:
    """Send a delivery again, with the same id.

    \b
    Example:
      tongdai webhook resend 3 1041
    """
    click.echo(client.replay_webhook_delivery(webhook_id, delivery_id).message)


@webhook.command
@_ID
@click.option("--since", required=True, metavar="INSTANT", type=INSTANT, help="The first instant of the span.")
@click.option("--before", required=True, metavar="INSTANT", type=INSTANT, help="The instant at which it ends.")
@click.option("--state", type=click.Choice(_STATES[1:]), help="Those in this state only.")
@client_options("admin")
def replay(client: Client, webhook_id: int, since: datetime, before: datetime, state: str | None) -> None:
    """Send again what happened in a span of time.

    \b
    Example:
      tongdai webhook replay 3 --since 2026-11-29T08:00+07:00 --before 2026-11-29T12:00+07:00
    """
    done = client.replay_webhook(webhook_id, since, before, state=state)
    replayed = done.replayed
    while done.more:
        done = client.replay_webhook(webhook_id, since, before, state=state, ended_before=done.ended_before)
        replayed += done.replayed
    click.echo(f"{replayed} deliveries are sent again")
