"""`tongdai dialing`."""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime

import click
import msgspec

from tongdai.cli.database import database_options, run
from tongdai.db.pool import Connection
from tongdai.dialing import store
from tongdai.dialing.model import Hold, HoldReason
from tongdai.dialing.view import DialingView, SwitchBeat, view
from tongdai.errors import OperatorError
from tongdai.settings.declarations import Settings

_NEWEST = 20


@dataclass(frozen=True, slots=True)
class State:
    hold: Hold | None
    """The one in force."""
    contacts: int | None
    """How many may have been called without the database knowing."""
    beats: dict[str, datetime | None]
    newest: list[Hold]


async def _state(conn: Connection) -> State:
    hold = await store.current(conn)
    contacts = None if hold is None else await store.uncertain(conn, hold)
    return State(hold, contacts, await store.beats(conn), await store.newest(conn, _NEWEST))


@click.group
def dialing() -> None:
    """Hold the dialing of the whole installation, and release it.

    A restored backup holds dialing by itself: it does not know whom was called after it was made.

    \b
    Example:
      tongdai dialing status
    """


@dialing.command
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as the API has it.")
@database_options
def status(settings: Settings, as_json: bool) -> None:
    """Say whether dialing is held, and why.

    It counts the contacts that may have been called without the database knowing.

    \b
    Example:
      tongdai dialing status --data-dir ./data
    """
    state = run(settings, _state)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(_view(state)), indent=2))
    elif state.hold is None:
        click.echo("Dialing is not held.")
    else:
        click.echo(_described(state.hold, state.contacts))
        click.echo("Release it with: tongdai dialing release")


@dialing.command
@database_options
def hold(settings: Settings) -> None:
    """Hold dialing: nobody is called any more.

    Every process obeys within a second. Active calls continue.

    \b
    Example:
      tongdai dialing hold --data-dir ./data
    """
    found = run(settings, lambda conn: store.hold(conn, HoldReason.OPERATOR))
    click.echo(f"Dialing is held. {found.message}")


@dialing.command
@click.option("--yes", is_flag=True, help="Do not ask.")
@database_options
def release(settings: Settings, yes: bool) -> None:
    """Release the hold: campaigns that run are dialled again.

    After a restored backup first look into the switch's or the carrier's records: calls that were placed after the
    backup was made are not in the database, and their contacts would be called a second time. Pause campaigns, or put
    numbers on a do-not-call list, before the release.

    \b
    Examples:
      tongdai dialing release
      tongdai dialing release --yes --data-dir ./data
    """
    state = run(settings, _state)
    if state.hold is None:
        raise OperatorError("dialing is not held")
    held = state.hold
    described = _described(held, state.contacts)
    if not yes:
        if not sys.stdin.isatty():
            raise OperatorError(f"{described} Nobody is here to be asked: repeat with --yes to release it")
        click.echo(described)
        click.confirm("Release it?", abort=True)
    released = run(settings, lambda conn: store.release(conn, held.hold_id, None))
    assert released is not None, "a hold is never deleted"
    click.echo(f"Dialing is released.{_concerned(released.contacts, released.calls_known_until)}")


def _described(hold: Hold, contacts: int | None) -> str:
    since = f"{hold.held_at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"
    return f"Dialing is held since {since}. {hold.message}{_concerned(contacts, hold.calls_known_until)}"


def _concerned(contacts: int | None, known_until: datetime | None) -> str:
    if contacts is None or known_until is None:
        return ""
    until = f"{known_until.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"
    return (
        f"\nCalls placed after {until} may be missing: {contacts:,} pending contacts of running campaigns were added "
        "before, are due, and may have been called already."
    )


def _view(state: State) -> DialingView:
    return DialingView(
        held=state.hold is not None,
        hold=None if state.hold is None else view(state.hold, state.contacts),
        switches=[SwitchBeat(name, beat_at) for name, beat_at in state.beats.items()],
        newest=[view(hold, state.contacts) for hold in state.newest],
    )
