"""`/users`: the people of a tenant who sign in."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec

from tongdai import ids
from tongdai.db.pool import Connection
from tongdai.errors import ApiError, InsufficientScope, InvalidInput, InvalidState, NotFound
from tongdai.http import body, cursor, paging
from tongdai.http.endpoint import Endpoint, Request, Response, Route, connection, endpoint, principal_of, query_of
from tongdai.http.envelope import Done, done_sample, ok
from tongdai.http.idempotency import once
from tongdai.http.principal import Scope
from tongdai.ids import AgentId, SessionId, UserId
from tongdai.people.sessions import reset_link, sign_in
from tongdai.people.sessions import store as sessions
from tongdai.people.sessions.api import require_good, require_login
from tongdai.people.users import store
from tongdai.people.users.model import RIGHTS, Refusal, Role
from tongdai.people.users.view import (
    CHANGE_SCHEMA,
    NEW_SCHEMA,
    SAMPLE,
    SESSION_SAMPLE,
    NewUser,
    ResetLink,
    UserChange,
    UserCreated,
    UserPage,
    UserSessions,
    UserView,
    change_of,
    role_of,
    session_view,
    teams_of,
    view,
)

TAG = "Users"
_new = msgspec.json.Decoder(NewUser)
_change = msgspec.json.Decoder(UserChange)
_of_users: Any = partial(Endpoint, scope=Scope.ADMIN, tag=TAG)
_LAST_OWNER = InvalidState("The tenant needs an owner: make another one first")


@endpoint(
    _of_users(
        method="GET",
        path="/users",
        summary="List the tenant's users, by id, disabled ones included",
        query=(*paging.PAGE_QUERY, cursor.QUERY),
        response=UserPage,
        sample={"success": "1", "totalRecord": 1, "data": [SAMPLE]},
    )
)
async def list_users(request: Request) -> Response:
    tenant_id = principal_of(request).tenant_id
    wanted = cursor.list_request(request, query_of(request), UserId)
    async with connection(request) as conn:
        part = await wanted.fetch(
            page=partial(store.page, conn, tenant_id),
            after=partial(store.after, conn, tenant_id),
            key=lambda user: user.user_id,
        )
    return ok(UserPage(totalRecord=part.total, nextCursor=part.next, data=[view(user) for user in part.rows]))


@endpoint(
    _of_users(
        method="POST",
        path="/users",
        summary="Create a user, with a password or, later, a link to set one",
        description="A key gives no role that may do more than the key: an owner is made with a key of all scopes.",
        body=NewUser,
        refine={"NewUser": NEW_SCHEMA},
        body_sample={"name": "Lê Thị Hoa", "login": "hoa@example.com", "role": "supervisor"},
        response=UserCreated,
        sample=done_sample("User created", userId=3),
        failures=(InvalidState("Another user has this login"), NotFound("Agent not found")),
        states=True,
    )
)
async def create_user(request: Request) -> Response:
    raw, by = await body.read_json(request), principal_of(request)
    new = body.decode(raw, _new)
    name, login = body.text_field("name", new.name, 255, min_length=1), require_login(new.login)
    role, team_ids = role_of(new.role), teams_of(new.teamIds)
    _require_rights(request, role)
    agent_id = None if new.agentId is None else AgentId(ids.from_body("agentId", new.agentId))
    if role is Role.AGENT and agent_id is None:
        raise _refused(Refusal.AGENT_NEEDED)
    hashed = None
    if new.password is not None:
        require_good("password", new.password, login)
        hashed = await sign_in.hashed(request, new.password)

    async def work(conn: Connection) -> UserCreated:
        if agent_id is not None and not await store.has_agent(conn, by.tenant_id, agent_id):
            raise _refused(Refusal.NO_AGENT)
        if not await store.has_teams(conn, by.tenant_id, team_ids):
            raise _refused(Refusal.NO_TEAM)
        made = await store.create(
            conn,
            by.tenant_id,
            name=name,
            login=login,
            role=role,
            agent_id=agent_id,
            team_ids=team_ids,
            password=hashed,
            by=by.author,
        )
        if made is None:
            raise _refused(Refusal.LOGIN_TAKEN)
        return UserCreated(error_message="User created", userId=made.user_id)

    return await once(request, raw, work)


@endpoint(_of_users(method="GET", path="/users/{userId}", summary="Get a user", response=UserView, sample=SAMPLE))
async def get_user(request: Request) -> Response:
    async with connection(request) as conn:
        user = await store.find(conn, principal_of(request).tenant_id, _user_id(request))
    if user is None:
        raise _refused(Refusal.NO_USER)
    return ok(view(user))


@endpoint(
    _of_users(
        method="PATCH",
        path="/users/{userId}",
        summary="Change a user; a role and `disabled` hold everywhere within a second",
        body=UserChange,
        refine={"UserChange": CHANGE_SCHEMA},
        body_sample={"role": "viewer"},
        response=Done,
        sample=done_sample("User updated"),
        failures=(NotFound("User not found"), _LAST_OWNER),
        states=True,
    )
)
async def change_user(request: Request) -> Response:
    user_id, by = _user_id(request), principal_of(request)
    change = change_of(body.decode(await body.read_json(request), _change))
    if isinstance(change.role, Role):
        _require_rights(request, change.role)
    async with connection(request) as conn, conn.transaction():
        refusal = await store.change(conn, by.tenant_id, user_id, change, datetime.now(UTC), by.author)
    if refusal is not None:
        raise _refused(refusal)
    request.resources.guard.forget()  # this process does not wait for its own notification
    return ok(Done(error_message="User updated"))


@endpoint(
    _of_users(
        method="DELETE",
        path="/users/{userId}",
        summary="Delete a user, and end their sessions; the audit keeps the id",
        response=Done,
        sample=done_sample("User deleted"),
        failures=(NotFound("User not found"), _LAST_OWNER),
        states=True,
    )
)
async def delete_user(request: Request) -> Response:
    user_id, by = _user_id(request), principal_of(request)
    async with connection(request) as conn, conn.transaction():
        refusal = await store.delete(conn, by.tenant_id, user_id, by.author)
    if refusal is not None:
        raise _refused(refusal)
    request.resources.guard.forget()
    return ok(Done(error_message="User deleted"))


@endpoint(
    _of_users(
        method="POST",
        path="/users/{userId}/reset-link",
        summary="Make a one-time link by which a user sets a password, valid for 24 hours",
        description="An earlier link of the user is no longer valid. The present password is, until the link is used.",
        response=ResetLink,
        sample=done_sample("Link made") | {"token": "Vb3…", "path": "/reset#Vb3…", "expiresAt": "2026-03-11T02:00:00Z"},
        failures=(NotFound("User not found"),),
    )
)
async def make_reset_link(request: Request) -> Response:
    user_id, by = _user_id(request), principal_of(request)
    raw = await body.read_nothing(request)

    async def work(conn: Connection) -> ResetLink:
        user = await store.find(conn, by.tenant_id, user_id)
        if user is not None:
            _require_rights(request, user.role)
        made = await reset_link.offer(conn, by.tenant_id, user_id, request.resources.pepper, by.author)
        if made is None:
            raise _refused(Refusal.NO_USER)
        token, expires_at = made
        return ResetLink(error_message="Link made", token=token, path=reset_link.path_of(token), expiresAt=expires_at)

    return await once(request, raw, work, keep=_without_token)


def _without_token(made: object) -> object:
    """The response to store for a repeated request: without the token, which is shown once and never stored."""
    assert isinstance(made, ResetLink)
    return msgspec.structs.replace(made, token=None, path=None, error_message="Link made before; it is shown once")


@endpoint(
    _of_users(
        method="GET",
        path="/users/{userId}/sessions",
        summary="List the sessions of a user, last seen first",
        response=UserSessions,
        sample={"success": "1", "data": [SESSION_SAMPLE]},
    )
)
async def list_sessions(request: Request) -> Response:
    user_id, tenant_id = _user_id(request), principal_of(request).tenant_id
    async with connection(request) as conn:
        if await store.find(conn, tenant_id, user_id) is None:
            raise _refused(Refusal.NO_USER)
        found = await sessions.of_user(conn, tenant_id, user_id)
    return ok(UserSessions(data=[session_view(one) for one in found]))


@endpoint(
    _of_users(
        method="DELETE",
        path="/users/{userId}/sessions",
        summary="End all sessions of a user, everywhere within a second",
        response=Done,
        sample=done_sample("Sessions have ended"),
        failures=(NotFound("User not found"),),
    )
)
async def end_sessions(request: Request) -> Response:
    user_id, by = _user_id(request), principal_of(request)
    async with connection(request) as conn:
        if await store.find(conn, by.tenant_id, user_id) is None:
            raise _refused(Refusal.NO_USER)
        await sessions.end(conn, by.tenant_id, user_id, by.author)
    request.resources.guard.forget()
    return ok(Done(error_message="Sessions have ended"))


@endpoint(
    _of_users(
        method="DELETE",
        path="/users/{userId}/sessions/{sessionId}",
        summary="End a session of a user, everywhere within a second",
        response=Done,
        sample=done_sample("Session has ended"),
        failures=(NotFound("Session not found"),),
    )
)
async def end_session(request: Request) -> Response:
    user_id, by = _user_id(request), principal_of(request)
    session_id = SessionId(ids.from_path(request.path_params["sessionId"], "Session"))
    async with connection(request) as conn:
        ended = await sessions.end(conn, by.tenant_id, user_id, by.author, only=session_id)
    if not ended:
        raise NotFound("Session not found")
    request.resources.guard.forget()
    return ok(Done(error_message="Session has ended"))


def _require_rights(request: Request, role: Role) -> None:
    """Raise InsufficientScope when the role may do what the principal may not, who would get it by that user."""
    for scope in sorted(RIGHTS[role].scopes - principal_of(request).scopes):
        raise InsufficientScope(scope)


def _user_id(request: Request) -> UserId:
    noun = "Session" if "sessionId" in request.path_params else "User"
    return UserId(ids.from_path(request.path_params["userId"], noun))


def _refused(refusal: Refusal) -> ApiError:
    match refusal:
        case Refusal.NO_USER:
            return NotFound("User not found")
        case Refusal.LOGIN_TAKEN:
            return InvalidState("Another user has this login")
        case Refusal.NO_AGENT:
            return NotFound("Agent not found")
        case Refusal.NO_TEAM:
            return NotFound("Team not found")
        case Refusal.AGENT_NEEDED:
            return InvalidInput("agentId is needed with the role agent")
        case Refusal.LAST_OWNER:
            return _LAST_OWNER


HANDLERS: list[Route] = [
    list_users,
    create_user,
    get_user,
    change_user,
    delete_user,
    make_reset_link,
    list_sessions,
    end_sessions,
    end_session,
]
