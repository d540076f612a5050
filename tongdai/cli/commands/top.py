"""`tongdai top`: live figures on a terminal, refreshed every second."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

import click
import msgspec
from rich.box import SIMPLE
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.live import Live as Screen
from rich.table import Table
from rich.text import Text

from tongdai.cli.api_client import client_options
from tongdai.cli.tables import counted, json_option
from tongdai_client import (
    Call,
    CampaignLive,
    CampaignStatus,
    Client,
    ConnectionFailed,
    DialingStatus,
    Live,
    QueueLive,
    RateLimited,
    ServerFailed,
)

REFRESH_S = 1.0
_PAUSED_ITSELF = {
    "sound_not_played": "several people in a row answered, and the switch could not play its sound. Fix the sound, "
    "then start the campaign."
}
"""By reason; a server that is newer may have others."""
T = TypeVar("T")


@click.command
@click.option("--once", is_flag=True, help="Print the figures once and end.")
@json_option
@client_options("report")
def top(client: Client, once: bool, as_json: bool) -> None:
    """Show live figures: running campaigns and queues, their calls and agents, the newest outcomes.

    On a terminal it is refreshed every second until Ctrl-C, also while the server is unreachable; otherwise it is
    printed once. With --json it is a line a second.

    \b
    Examples:
      tongdai top
      tongdai top --once --json
    """
    console = Console()
    if as_json:
        _lines(client, once)
    elif once or not console.is_terminal:
        console.print(view(client.live(), client.url, None, console.width))
    else:
        _watch(client, console)


def _lines(client: Client, once: bool) -> None:
    if once:
        click.echo(msgspec.json.format(msgspec.json.encode(client.live()), indent=2))
        return
    try:
        while True:
            click.echo(msgspec.json.encode(client.live()))
            time.sleep(REFRESH_S)
    except KeyboardInterrupt:
        return


def _watch(client: Client, console: Console) -> None:
    """Refresh the screen; the last figures stay while the server is unreachable."""
    known: Live | None = None
    try:
        with Screen(console=console, screen=True, auto_refresh=False) as screen:
            while True:
                trouble = None
                try:
                    known = client.live()
                except (ConnectionFailed, RateLimited, ServerFailed) as error:
                    trouble = str(error)
                screen.update(view(known, client.url, trouble, console.width), refresh=True)
                time.sleep(REFRESH_S)
    except KeyboardInterrupt:
        return


def view(live: Live | None, url: str, trouble: str | None, width: int) -> RenderableType:
    """The whole view, for a terminal of that width; `trouble` says why the figures are old, None when they are
    not."""
    parts: list[RenderableType] = [_header(live, url)]
    if live is not None and live.dialing.held:
        parts.append(_held(live.dialing))
    if live is not None:
        parts += [_paused_itself(campaign) for campaign in live.campaigns if campaign.pause_reason is not None]
    if trouble is not None:
        parts.append(Text(f"No answer from the server, trying again: {trouble}", style="bold red"))
    if live is not None:
        parts.append(_table(CAMPAIGN_COLUMNS, live.campaigns, width, "No campaign is running."))
        if live.queues:
            parts.append(_table(QUEUE_COLUMNS, live.queues, width, ""))
        parts.append(_table(CALL_COLUMNS, live.newest, width, "No call has ended yet."))
    return Group(*parts)


def _header(live: Live | None, url: str) -> Text:
    text = Text.assemble(("Tongdai ", "bold"), url.removesuffix("/v1"))
    if live is None:
        return text
    running = live.dialer.running
    calls = sum(_active_calls(campaign) for campaign in live.campaigns)
    rate = sum(campaign.calls_per_minute for campaign in live.campaigns) / 60
    for switch in live.switches:
        description = f" ({switch.description})" if switch.description else ""
        text.append(f"   switch {switch.name} ")
        text.append(("up" if switch.up else "down") + description, "green" if switch.up else "bold red")
    text.append("   dialer ")
    text.append("alive" if running else _last_seen(live), "green" if running else "bold red")
    text.append(f"   {counted(calls, 'active call')}   {rate:.1f} calls/s")
    return text


def _held(dialing: DialingStatus) -> Text:
    since = "" if dialing.since is None else f" since {dialing.since.astimezone():%Y-%m-%d %H:%M}"
    return Text(f"Dialing is held{since}: {dialing.message} See: tongdai dialing status", style="bold red")


def _paused_itself(campaign: CampaignLive) -> Text:
    why = _PAUSED_ITSELF.get(campaign.pause_reason or "", f"{campaign.pause_reason}.")
    return Text(f"Campaign {campaign.campaign_id} paused itself: {why}", style="bold red")


def _last_seen(live: Live) -> str:
    alive_at = live.dialer.alive_at
    return "not running" if alive_at is None else f"not seen since {_clock(alive_at)}"


def _active_calls(campaign: CampaignLive) -> int:
    up = campaign.calls
    return up.dialing + up.ringing + up.waiting + up.talking


def _clock(instant: datetime) -> str:
    """The time of day in the local time zone."""
    return f"{instant.astimezone():%H:%M:%S}"


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """A column of a table."""

    title: str
    cell: Callable[[T], object]
    rank: int = 0
    """Columns of the highest rank are dropped first when the terminal is too narrow."""
    number: bool = True
    shrinks: bool = False
    """Whether long values may be cut."""


_SHRUNK = 12
_BETWEEN = 3  # blanks between columns


def _table(columns: Iterable[Column[T]], rows: Sequence[T], width: int, otherwise: str) -> RenderableType:
    if not rows:
        return Text(f"\n{otherwise}\n", style="dim")
    table = Table(box=SIMPLE)
    shown = _fitting({column: [_written(column.cell(row)) for row in rows] for column in columns}, width)
    room = width - sum(_least(*one) + _BETWEEN for one in shown.items()) - 2
    for column, cells in shown.items():
        least, side = _least(column, cells), "right" if column.number else "left"
        wide = min(_needed(column, cells), least + max(room, 0)) if column.shrinks else least
        table.add_column(column.title, justify=side, no_wrap=True, overflow="ellipsis", width=wide)
    for row in zip(*shown.values(), strict=True):
        table.add_row(*map(Text, row))  # Text, as a name may look like markup
    return table


def _fitting(cells: Mapping[Column[T], Sequence[str]], width: int) -> dict[Column[T], Sequence[str]]:
    """The columns that fit, in their order."""
    shown = dict(cells)
    while len(shown) > 1 and sum(_least(*one) + _BETWEEN for one in shown.items()) + 2 > width:
        shown.pop(max(shown, key=lambda column: column.rank))
    return shown


def _least(column: Column[T], cells: Sequence[str]) -> int:
    needed = _needed(column, cells)
    return min(needed, _SHRUNK) if column.shrinks else needed


def _needed(column: Column[T], cells: Sequence[str]) -> int:
    return max(len(column.title), *map(cell_len, cells))


def _written(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _status(campaign: CampaignLive) -> str:
    """The status in a word; the number of a status that this version does not know."""
    try:
        return CampaignStatus(campaign.status).name.lower()
    except ValueError:
        return str(campaign.status)


CAMPAIGN_COLUMNS: tuple[Column[CampaignLive], ...] = (
    Column("id", lambda c: str(c.campaign_id), number=False),
    Column("campaign", lambda c: c.name, 3, number=False, shrinks=True),
    Column("mode", lambda c: c.pacing.mode, 6, number=False),
    Column("status", _status, 7, number=False),
    Column("pending", lambda c: c.contacts.pending, 1),
    Column("in call", lambda c: c.contacts.in_call, 10),
    Column("done", lambda c: c.contacts.processed, 5),
    Column("dial", lambda c: c.calls.dialing, 11),
    Column("ring", lambda c: c.calls.ringing),
    Column("wait", lambda c: c.calls.waiting, 12),
    Column("talk", lambda c: c.calls.talking),
    Column("ans %", lambda c: c.today.answer_rate, 1),
    Column("aband %", lambda c: c.abandoned_rate_24h, 4),
    Column("calls/min", lambda c: c.calls_per_minute, 2),
    Column("idle", lambda c: c.agents.idle, 8),
    Column("talking", lambda c: c.agents.talking, 9),
)
QUEUE_COLUMNS: tuple[Column[QueueLive], ...] = (
    Column("queue", lambda q: str(q.queue_id), number=False),
    Column("name", lambda q: q.name, 3, number=False, shrinks=True),
    Column("waiting", lambda q: q.waiting),
    Column("longest s", lambda q: q.longest_wait_sec, 1),
    Column("talk", lambda q: q.talking, 2),
    Column("idle", lambda q: q.agents.get("idle", 0), 4),
    Column("talking", lambda q: q.agents.get("talking", 0), 5),
    Column("wrap-up", lambda q: q.agents.get("wrap_up", 0), 8),
    Column("paused", lambda q: q.agents.get("paused", 0), 9),
    Column("offered", lambda q: q.today.offered, 7),
    Column("aband %", lambda q: q.today.abandon_rate, 6),
    Column("SL %", lambda q: q.today.service_level_of_offered, 5),
)
"""Figures of today; the service level is that of those offered."""
CALL_COLUMNS: tuple[Column[Call], ...] = (
    Column("ended", lambda c: _clock(_ended(c)), 1, number=False),
    Column("number", lambda c: c.phone_number, number=False),
    Column("outcome", lambda c: c.outcome, number=False),
    Column("ring s", lambda c: c.ring_sec, 3),
    Column("talk s", lambda c: c.talk_sec, 2),
    Column("campaign", lambda c: str(c.campaign_id), 4),
)


def _ended(call: Call) -> datetime:
    return call.ended_at or datetime.now(UTC)
