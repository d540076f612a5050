"""`/agents/{id}/phone-account`: the SIP account of an agent's phone."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec

from tongdai.agents.accounts import store
from tongdai.agents.accounts.model import AccountRefusal, Credentials, PhoneAccount
from tongdai.agents.actions.api import TAG, known
from tongdai.agents.model import AgentState
from tongdai.agents.view import agent_of
from tongdai.db.pool import Connection
from tongdai.errors import ApiError, InvalidState, NotFound
from tongdai.http import body
from tongdai.http.endpoint import Endpoint, Request, Response, Route, connection, endpoint, principal_of
from tongdai.http.envelope import Done, done_sample, ok
from tongdai.http.idempotency import once
from tongdai.http.principal import Own, Scope
from tongdai.ids import AgentId, Author, TenantId

_REFUSALS: dict[AccountRefusal, ApiError] = {
    AccountRefusal.NO_AGENT: NotFound("Agent not found"),
    AccountRefusal.NO_ACCOUNT: NotFound("The agent has no phone account"),
    AccountRefusal.HAS_ACCOUNT: InvalidState("The agent has a phone account: rotate its password, or remove it first"),
    AccountRefusal.SIGNED_IN: InvalidState(
        f"A phone account is made and removed only while its agent is {AgentState.OFFLINE}"
    ),
}
_ACCOUNT = {"username": "t20260310-k7m2qd"}
_SECRET = _ACCOUNT | {"password": "m4xq…"}


class PhoneCredentials(msgspec.Struct, kw_only=True):
    username: str
    """The user name of the SIP account, and the name of its PJSIP endpoint."""
    password: str | None
    """The password, which no other response shows. Null when a request is repeated with its `Idempotency-Key`: rotate
    it if it was not received."""


class PhoneAccountMade(Done, kw_only=True):
    phone: PhoneCredentials
    """The name and password for the phone; its server is the address of the Asterisk."""


class PhoneAccountView(msgspec.Struct, kw_only=True):
    username: str
    """The user name of the SIP account, and the name of its PJSIP endpoint."""
    madeAt: datetime
    """When it was made."""
    passwordAt: datetime
    """When its present password was made."""
    onSwitch: bool
    """Whether the switch has it as it is: within seconds while the switch is connected."""
    problem: str | None
    """Why the switch did not take it; it is tried again each minute. Null: no problem."""
    inBrowser: bool
    """Whether the agent uses it in the browser, on their desk. It is on the switch only while the desk is open then."""


class AgentCreated(Done, kw_only=True):
    agentId: int
    """The new agent."""
    phone: PhoneCredentials | None
    """The SIP account that was made; null when the request named an `endpoint`."""


def agent_created(agent_id: AgentId, made: Credentials | None) -> AgentCreated:
    phone = None if made is None else credentials_view(made)
    return AgentCreated(error_message="Agent created", agentId=agent_id, phone=phone)


def created_without_password(created: object) -> object:
    """The response to store for a repeated request."""
    assert isinstance(created, AgentCreated)
    if created.phone is None:
        return created
    return msgspec.structs.replace(created, phone=without_password(created.phone))


def credentials_view(made: Credentials) -> PhoneCredentials:
    return PhoneCredentials(username=made.name, password=made.password)


def _account_view(account: PhoneAccount) -> PhoneAccountView:
    return PhoneAccountView(
        username=account.name,
        madeAt=account.made_at,
        passwordAt=account.password_at,
        onSwitch=account.pushed_at is not None,
        problem=account.problem,
        inBrowser=account.browser,
    )


@endpoint(
    Endpoint(
        method="GET",
        path="/agents/{id}/phone-account",
        scope=Scope.AGENT,
        own=Own.AGENT,
        tag=TAG,
        summary="Get the SIP account of an agent's phone, without its password",
        response=PhoneAccountView,
        sample={
            **_ACCOUNT,
            "madeAt": "2026-03-10T02:00:00Z",
            "passwordAt": "2026-03-10T02:00:00Z",
            "onSwitch": True,
            "problem": None,
            "inBrowser": False,
        },
        failures=(NotFound("The agent has no phone account"),),
    )
)
async def get_account(request: Request) -> Response:
    agent_id, tenant_id = agent_of(request), principal_of(request).tenant_id
    async with connection(request) as conn:
        await known(conn, tenant_id, agent_id)
        account = await store.find(conn, tenant_id, agent_id)
    if account is None:
        raise _REFUSALS[AccountRefusal.NO_ACCOUNT]
    return ok(_account_view(account))


Make = Callable[[Connection, TenantId, AgentId, bytes, Author | None], Awaitable[Credentials | AccountRefusal]]


def _secret(path: str, summary: str, description: str, message: str, make: Make) -> Route:
    """A route whose response has a password."""

    @endpoint(
        Endpoint(
            method="POST",
            path=path,
            scope=Scope.AGENT,
            tag=TAG,
            summary=summary,
            description=description,
            response=PhoneAccountMade,
            sample=done_sample(message, phone=_SECRET),
            failures=(NotFound("Agent not found"),),
            states=True,
        )
    )
    async def handle(request: Request) -> Response:
        agent_id, by = agent_of(request), principal_of(request)
        pepper: bytes = request.resources.pepper

        async def work(conn: Connection) -> PhoneAccountMade:
            made = await make(conn, by.tenant_id, agent_id, pepper, by.author)
            if isinstance(made, AccountRefusal):
                raise _REFUSALS[made]
            return PhoneAccountMade(error_message=message, phone=credentials_view(made))

        return await once(request, await body.read_nothing(request), work, keep=_without_password)

    return handle


def without_password(phone: PhoneCredentials) -> PhoneCredentials:
    """The account to store for a repeated request: the password is shown once and never stored."""
    return PhoneCredentials(username=phone.username, password=None)


def _without_password(made: object) -> object:
    assert isinstance(made, PhoneAccountMade)
    return msgspec.structs.replace(made, phone=without_password(made.phone))


@endpoint(
    Endpoint(
        method="DELETE",
        path="/agents/{id}/phone-account",
        scope=Scope.AGENT,
        tag=TAG,
        summary="Remove the SIP account of an offline agent's phone",
        description="The agent cannot sign in until there is another account, or `endpoint` names another phone.",
        response=Done,
        sample=done_sample("Phone account removed"),
        failures=(NotFound("The agent has no phone account"),),
        states=True,
    )
)
async def remove_account(request: Request) -> Response:
    agent_id, by = agent_of(request), principal_of(request)
    async with connection(request) as conn:
        removed = await store.remove(conn, by.tenant_id, agent_id, by.author)
    if isinstance(removed, AccountRefusal):
        raise _REFUSALS[removed]
    return ok(Done(error_message="Phone account removed"))


HANDLERS: list[Route] = [
    get_account,
    _secret(
        "/agents/{id}/phone-account",
        "Make a SIP account for the phone of an offline agent; only this response shows its password",
        "It becomes the agent's `endpoint`. The switch has it within seconds, or as soon as it is connected.",
        "Phone account made",
        store.make,
    ),
    _secret(
        "/agents/{id}/phone-account/rotate",
        "Give the SIP account another password; only this response shows it",
        "The phone is signed off within seconds, until it is set up with the new one. A present call continues. "
        "A browser that used the account does not any more.",
        "Password made",
        store.rotate,
    ),
    remove_account,
]
