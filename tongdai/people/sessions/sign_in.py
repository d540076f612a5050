"""Signs people in: by password, and after it was set anew.

    limits (by login and address) ─▶ user of the login ─▶ password ─▶ session, cookie

A wrong password counts from before it is checked, so that many at once are not tried either. An unknown login, a
disabled user and a user without a password take the same work and get the same answer.
"""

from datetime import datetime

import structlog

from tongdai.db.pool import Connection
from tongdai.errors import Overloaded, RateLimited, WrongLogin
from tongdai.http.endpoint import Request, Response, connection
from tongdai.http.envelope import ok
from tongdai.people.sessions import cookie, store
from tongdai.people.sessions.model import MAX_USER_AGENT
from tongdai.people.sessions.view import view
from tongdai.people.users import store as users
from tongdai.people.users.model import MAX_PASSWORD, User, login_of
from tongdai.people.users.passwords import Passwords
from tongdai.tenants import key_format, session_token
from tongdai.tenants import store as tenants

log = structlog.get_logger()
_TOO_MANY = "Too many wrong passwords: wait, or ask an owner for a link to set a new one"
passwords = Passwords()
"""The hashing of this process."""


async def sign_in(request: Request, login: str, password: str) -> Response:
    """Sign in by a password; RateLimited or WrongLogin."""
    user = await checked(request, login, password)
    async with connection(request) as conn:
        return await signed_in(request, conn, user)


async def checked(request: Request, sent: str, password: str) -> User:
    """The user of a login whose password it is; RateLimited or WrongLogin."""
    login = login_of(sent) or ""  # which is nobody's
    address = request.resources.guard.address(request.scope)
    digest = key_format.digest(f"login {login or sent}", request.resources.pepper)
    async with connection(request) as conn:
        failure_id = await store.record_failure(conn, digest, address)
        retry_after_s = (await store.failures(conn, digest, address, login, failure_id)).retry_after_s()
        if retry_after_s:
            await store.forget_failure(conn, failure_id)
            log.warning("sign-in refused", address=address)
            raise RateLimited(_TOO_MANY, retry_after_s)
        found = await users.by_login(conn, login)
    user, stored = (None, None) if found is None else found
    # Longer ones were never accepted; they would cost more.
    try:
        matches = await passwords.matches(password[:MAX_PASSWORD], stored, address) and len(password) <= MAX_PASSWORD
    except Overloaded:  # nothing was compared: the right password would lock its user out
        async with connection(request) as conn:
            await store.forget_failure(conn, failure_id)
        raise
    if user is None or not matches or user.disabled_at is not None:
        raise WrongLogin
    async with connection(request) as conn:
        await store.forget_failure(conn, failure_id)
    return user


async def hashed(request: Request, password: str) -> str:
    """The stored form of a password that was sent; Overloaded when too many wait."""
    return await passwords.hash(password, request.resources.guard.address(request.scope))


async def signed_in(request: Request, conn: Connection, user: User) -> Response:
    """Begin a session, and answer with it and its cookie."""
    token = session_token.generate()
    name, pepper = session_token.marked(token), request.resources.pepper
    address = request.resources.guard.address(request.scope)
    user_agent = request.headers.get("user-agent", "")[:MAX_USER_AGENT]
    async with conn.transaction():
        digest = key_format.digest(name, pepper)
        _, expires_at = await store.begin(conn, user.tenant_id, user.user_id, digest, address, user_agent)
    cookie.keep(request, token)
    return await session_body(request, conn, user, name, expires_at)


async def session_body(request: Request, conn: Connection, user: User, name: str, expires_at: datetime) -> Response:
    """The response that describes a session, by its marked token."""
    tenant = await tenants.find_tenant(conn, user.tenant_id)
    assert tenant is not None, "a user is of a tenant"
    cookie.no_store(request)
    return ok(view(user, tenant, session_token.csrf_token(name, request.resources.pepper), expires_at))
