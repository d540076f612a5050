"""`tongdai user`, in the server's database: works without a server and a user."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import click

from tongdai.cli.commands.tenants import known
from tongdai.cli.database import database_options, pepper_of, run
from tongdai.cli.param_types import ID, Text
from tongdai.cli.tables import json_option, show
from tongdai.db.pool import Connection
from tongdai.errors import OperatorError
from tongdai.ids import AgentId
from tongdai.people.sessions import reset_link
from tongdai.people.sessions import store as sessions
from tongdai.people.sessions.model import SessionRow
from tongdai.people.users import store
from tongdai.people.users.model import Change, Refusal, Role, User, login_of, password_fault
from tongdai.people.users.passwords import Passwords
from tongdai.settings.declarations import Settings

T = TypeVar("T")

PASSWORD_VARIABLE = "TONGDAI_USER_PASSWORD"  # noqa: S105 - a name


@click.group
def user() -> None:
    """Create, list and disable people who sign in, make links to set passwords.

    \b
    Example:
      tongdai user create --tenant 20260310 --login hoa@example.com --name "Le Thi Hoa"
    """


@user.command
@click.option("--tenant", "tenant_id", metavar="ID", type=ID, required=True, help="The tenant that they work for.")
@click.option("--login", required=True, help="Their e-mail address or phone number, of nobody else's.")
@click.option("--name", required=True, type=Text(), help="Their name.")
@click.option(
    "--role",
    type=click.Choice([str(role) for role in Role]),
    default=str(Role.OWNER),
    show_default=True,
    help="What they may do.",
)
@click.option("--agent", "agent_id", metavar="ID", type=ID, help="Their agent, which the role agent needs.")
@database_options
def create(settings: Settings, tenant_id: int, login: str, name: str, role: str, agent_id: int | None) -> None:
    """Create a user, by default an owner. The password is asked for, or taken from TONGDAI_USER_PASSWORD.

    \b
    Example:
      tongdai user create --tenant 20260310 --login hoa@example.com --name "Le Thi Hoa"
    """
    canonical = login_of(login)
    if canonical is None:
        raise click.BadParameter(f"{login!r} is neither an e-mail address nor a phone number.", param_hint="--login")
    if role == Role.AGENT and agent_id is None:
        raise click.UsageError("The role agent needs --agent.")
    password = os.environ.get(PASSWORD_VARIABLE) or click.prompt(
        "Password", hide_input=True, confirmation_prompt=True, err=True
    )
    fault = password_fault(password, canonical)
    if fault is not None:
        raise OperatorError(f"the password {fault}")
    hashed = asyncio.run(Passwords().hash(password))

    async def work(conn: Connection) -> User | None:
        owner = await known(conn, tenant_id)
        agent = None if agent_id is None else AgentId(agent_id)
        if agent is not None and not await store.has_agent(conn, owner.tenant_id, agent):
            raise OperatorError(f"agent {agent} not found; list agents with tongdai agent list")
        return await store.create(
            conn,
            owner.tenant_id,
            name=name,
            login=canonical,
            role=Role(role),
            agent_id=agent,
            team_ids=(),
            password=hashed,
            by=None,
        )

    made = run(settings, work)
    if made is None:
        raise OperatorError(f"{canonical} is the login of another user")
    click.echo(f"User {made.user_id} ({made.login}) is {made.role} of tenant {tenant_id}")


@user.command("list")
@click.option("--tenant", "tenant_id", metavar="ID", type=ID, required=True, help="The tenant whose users to list.")
@json_option
@database_options
def list_(settings: Settings, tenant_id: int, as_json: bool) -> None:
    """List the users of a tenant, disabled ones included. The other commands take the login.

    \b
    Example:
      tongdai user list --tenant 20260310
    """

    async def work(conn: Connection) -> list[User]:
        owner = await known(conn, tenant_id)
        return (await store.page(conn, owner.tenant_id, 2**31, 0))[0]

    columns = ["userId", "name", "login", "role", "agentId", "disabledAt"]
    show(columns, [_row(found) for found in run(settings, work)], as_json=as_json)


def _row(found: User) -> dict[str, object]:
    return {
        "userId": found.user_id,
        "name": found.name,
        "login": found.login,
        "role": str(found.role),
        "agentId": found.agent_id,
        "disabledAt": found.disabled_at,
    }


@user.command
@click.argument("login")
@database_options
def disable(settings: Settings, login: str) -> None:
    """Disable a user, who is signed out within a second.

    \b
    Example:
      tongdai user disable hoa@example.com
    """
    click.echo(f"User {_set_disabled(settings, login, disabled=True).user_id} is disabled")


@user.command
@click.argument("login")
@database_options
def enable(settings: Settings, login: str) -> None:
    """Let a disabled user sign in again.

    \b
    Example:
      tongdai user enable hoa@example.com
    """
    click.echo(f"User {_set_disabled(settings, login, disabled=False).user_id} may sign in")


def _set_disabled(settings: Settings, login: str, *, disabled: bool) -> User:
    async def work(conn: Connection, found: User) -> User:
        change = Change(disabled=disabled)
        async with conn.transaction():
            refusal = await store.change(conn, found.tenant_id, found.user_id, change, datetime.now(UTC), None)
        if refusal is Refusal.LAST_OWNER:
            raise OperatorError("the tenant needs an owner: create another one first")
        return found

    return _of_login(settings, login, work)


@user.command("reset-link")
@click.argument("login")
@database_options
def make_link(settings: Settings, login: str) -> None:
    """Print a one-time link to set a password.

    It is valid for 24 hours. Put the address of the server before it.

    \b
    Example:
      tongdai user reset-link hoa@example.com
    """

    async def work(conn: Connection, found: User) -> str:
        made = await reset_link.offer(conn, found.tenant_id, found.user_id, await pepper_of(conn, settings), None)
        assert made is not None, "the user is there"
        return reset_link.path_of(made[0])

    click.echo(_of_login(settings, login, work))


@user.command("sessions")
@click.argument("login")
@click.option("--end", is_flag=True, help="End them, on running servers within a second.")
@json_option
@database_options
def list_sessions(settings: Settings, login: str, end: bool, as_json: bool) -> None:
    """List the sessions of a user, last seen first.

    \b
    Example:
      tongdai user sessions hoa@example.com --end
    """

    async def work(conn: Connection, found: User) -> list[dict[str, object]]:
        rows = [_session_row(one) for one in await sessions.of_user(conn, found.tenant_id, found.user_id)]
        if end:
            await sessions.end(conn, found.tenant_id, found.user_id, None)
        return rows

    columns = ["sessionId", "createdAt", "seenAt", "address", "userAgent"]
    show(columns, _of_login(settings, login, work), as_json=as_json)


def _session_row(one: SessionRow) -> dict[str, object]:
    return {
        "sessionId": one.session_id,
        "createdAt": one.created_at,
        "seenAt": one.seen_at,
        "address": one.address,
        "userAgent": one.user_agent,
    }


def _of_login(settings: Settings, login: str, work: Callable[[Connection, User], Awaitable[T]]) -> T:
    """Do the work on the user of a login."""

    async def found(conn: Connection) -> T:
        known_as = login_of(login)
        user = None if known_as is None else await store.by_login(conn, known_as)
        if user is None:
            raise OperatorError(f"{login} is the login of nobody; list users with tongdai user list")
        return await work(conn, user[0])

    return run(settings, found)
