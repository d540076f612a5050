"""`tongdai user`."""

import asyncio
import os

import click

from tongdai.cli.commands.tenants import known
from tongdai.cli.database import database_options, run
from tongdai.cli.param_types import ID, Text
from tongdai.db.pool import Connection
from tongdai.errors import OperatorError
from tongdai.ids import AgentId
from tongdai.people.users import store
from tongdai.people.users.model import Role, User, login_of, password_fault
from tongdai.people.users.passwords import Passwords
from tongdai.settings import Settings

PASSWORD_VARIABLE = "TONGDAI_USER_PASSWORD"  # noqa: S105 - a name


@click.group
def user() -> None:
    """Create people who sign in with a password.

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
