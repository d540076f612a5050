"""`/session`: people sign in and out, and see to their own account."""

from functools import partial

import msgspec
from msgspec import UnsetType

from tongdai import __version__
from tongdai.db.pool import Connection
from tongdai.errors import InvalidInput, NotFound, WrongLogin, shown
from tongdai.http import body
from tongdai.http.endpoint import (
    NAME,
    Endpoint,
    Request,
    Response,
    Route,
    connection,
    endpoint,
    principal_of,
    settings_of,
)
from tongdai.http.envelope import Done, done_sample, ok
from tongdai.ids import ByUser, TenantId, UserId
from tongdai.people.sessions import cookie, first_run, reset_link, sign_in, store
from tongdai.people.sessions.view import (
    SAMPLE,
    FirstRun,
    OpenIdOption,
    PasswordChange,
    Reset,
    SessionChange,
    SessionView,
    SignIn,
    SignInOptions,
)
from tongdai.people.users import store as users
from tongdai.people.users.model import (
    MAX_LOGIN,
    MAX_PASSWORD,
    MIN_PASSWORD,
    Language,
    Role,
    User,
    login_of,
    password_fault,
)
from tongdai.tenants import key_format
from tongdai.tenants import store as tenants
from tongdai.tenants.credentials import credentials_of

TAG = "Sign-in"
_EXPIRED = "The link has expired, or was used already"
_PASSWORD = {"minLength": MIN_PASSWORD, "maxLength": MAX_PASSWORD}
_LOGIN = {"minLength": 1, "maxLength": MAX_LOGIN}
_sign_in = msgspec.json.Decoder(SignIn)
_password_change = msgspec.json.Decoder(PasswordChange)
_change = msgspec.json.Decoder(SessionChange)
_first_run = msgspec.json.Decoder(FirstRun)
_reset = msgspec.json.Decoder(Reset)
_of_people = partial(Endpoint, scope=None, tag=TAG)


@endpoint(
    _of_people(
        method="POST",
        path="/session",
        open=True,
        summary="Sign in with a password; the response sets the session's cookie, for 12 hours",
        description="After 5 wrong passwords for a login from an address it is refused from there for 15 minutes.",
        body=SignIn,
        refine={"SignIn": {"login": _LOGIN, "password": {"minLength": 1}}},
        body_sample={"login": "hoa@example.com", "password": "a long password of hers"},
        response=SessionView,
        sample=SAMPLE,
        failures=(WrongLogin(),),
    )
)
async def create(request: Request) -> Response:
    sent = body.decode(await body.read_json(request), _sign_in)
    return await sign_in.sign_in(request, sent.login, sent.password)


@endpoint(
    _of_people(
        method="GET",
        path="/session",
        summary="Get who is signed in, and the CSRF token",
        response=SessionView,
        sample=SAMPLE,
    )
)
async def get(request: Request) -> Response:
    async with connection(request) as conn:
        return await _own(request, conn)


async def _own(request: Request, conn: Connection) -> Response:
    credentials = credentials_of(request.scope["headers"])
    assert credentials is not None, "the guard let it through"
    found = await store.find(conn, key_format.digest(credentials.key, request.resources.pepper))
    user = None if found is None else await users.find(conn, found.tenant_id, found.user_id)
    if found is None or user is None:
        raise NotFound("Session not found")
    return await sign_in.session_body(request, conn, user, credentials.key, found.expires_at)


@endpoint(
    _of_people(
        method="PATCH",
        path="/session",
        summary="Set the language of one's console",
        body=SessionChange,
        refine={"SessionChange": {"language": {"enum": [*(str(one) for one in Language), None]}}},
        body_sample={"language": "vi"},
        response=SessionView,
        sample=SAMPLE,
    )
)
async def change(request: Request) -> Response:
    sent = body.decode(await body.read_json(request), _change)
    if isinstance(sent.language, UnsetType):
        raise InvalidInput("Expected at least one field to change")
    if sent.language is not None and sent.language not in set(Language):
        raise InvalidInput(f"language must be {' or '.join(Language)}, or null, not {shown(sent.language)!r}")
    tenant_id, user_id = _who(request)
    async with connection(request) as conn:
        await users.set_language(conn, tenant_id, user_id, None if sent.language is None else Language(sent.language))
        return await _own(request, conn)


@endpoint(
    _of_people(
        method="DELETE",
        path="/session",
        summary="Sign out",
        response=Done,
        sample=done_sample("Signed out"),
    )
)
async def delete(request: Request) -> Response:
    tenant_id, user_id = _who(request)
    async with connection(request) as conn:
        await store.end(conn, tenant_id, user_id, ByUser(user_id), only=principal_of(request).session_id)
    request.resources.guard.forget()  # this process does not wait for its own notification
    cookie.clear(request)
    return ok(Done(error_message="Signed out"))


@endpoint(
    _of_people(
        method="PUT",
        path="/session/password",
        summary="Change one's password; one's other sessions end",
        body=PasswordChange,
        refine={"PasswordChange": {"new": _PASSWORD}},
        body_sample={"current": "a long password of hers", "new": "another long password"},
        response=Done,
        sample=done_sample("Password changed: other sessions have ended"),
        failures=(InvalidInput("current is not your password"),),
    )
)
async def change_password(request: Request) -> Response:
    sent = body.decode(await body.read_json(request), _password_change)
    tenant_id, user_id = _who(request)
    async with connection(request) as conn:
        user = await users.find(conn, tenant_id, user_id)
    if user is None:
        raise NotFound("User not found")
    require_good("new", sent.new, user.login)
    try:
        await sign_in.checked(request, user.login, sent.current)
    except WrongLogin:
        raise InvalidInput("current is not your password") from None
    hashed = await sign_in.hashed(request, sent.new)
    async with connection(request) as conn, conn.transaction():
        by = ByUser(user_id)
        await users.set_password(conn, tenant_id, user_id, hashed, by)
        await store.end(conn, tenant_id, user_id, by, but=principal_of(request).session_id)
    request.resources.guard.forget()
    return ok(Done(error_message="Password changed: other sessions have ended"))


@endpoint(
    _of_people(
        method="GET",
        path="/session/options",
        open=True,
        summary="Get how one may sign in",
        response=SignInOptions,
        sample={"firstRun": False, "openid": None, "version": __version__},
    )
)
async def options(request: Request) -> Response:
    cookie.no_store(request)
    async with connection(request) as conn:
        first = first_run.from_here(request) and not await users.any_user(conn)
    settings = settings_of(request)
    provider = None if settings.openid_issuer is None else OpenIdOption(settings.openid_name)
    return ok(SignInOptions(first, provider, __version__))


@endpoint(
    _of_people(
        method="POST",
        path="/session/first-run",
        open=True,
        summary="Make the first owner, from the server's own machine, with the token that the server printed",
        description="Makes a tenant, too, where there is none.",
        body=FirstRun,
        refine={"FirstRun": {"name": {"minLength": 1, **NAME}, "login": _LOGIN, "password": _PASSWORD}},
        body_sample={
            "token": "4f1a…",
            "tenantName": "AloHub",
            "name": "Lê Thị Hoa",
            "login": "hoa@example.com",
            "password": "a long password of hers",
        },
        response=SessionView,
        sample=SAMPLE,
        failures=(NotFound("Not found"),),
    )
)
async def make_first(request: Request) -> Response:
    sent = body.decode(await body.read_json(request), _first_run)
    if not first_run.from_here(request):
        raise NotFound("The first owner is made from the server's own machine, or by tongdai user create")
    if not first_run.right(sent.token, request.resources.pepper):
        raise InvalidInput("token must be the one that the server printed when it started")
    name, login = body.text_field("name", sent.name, 255, min_length=1), require_login(sent.login)
    require_good("password", sent.password, login)
    if sent.tenantName is not None:
        body.text_field("tenantName", sent.tenantName, 255, min_length=1)
    hashed = await sign_in.hashed(request, sent.password)
    async with connection(request) as conn:
        async with conn.transaction():
            if await users.any_user(conn) or not await tenants.do_once(conn, "first_user"):
                raise NotFound("There is a user already: sign in")
            tenant_id = await _tenant_of_first(conn, sent.tenantName)
            owner = await users.create(
                conn, tenant_id, name=name, login=login, role=Role.OWNER, agent_id=None, team_ids=(), password=hashed,
                by=None,
            )  # fmt: skip
            assert owner is not None, "there is no other user"
        return await sign_in.signed_in(request, conn, owner)


async def _tenant_of_first(conn: Connection, name: str | None) -> TenantId:
    """The only tenant, or a new one."""
    found = await tenants.list_tenants(conn)
    if len(found) > 1:
        raise InvalidInput("There are several tenants: make the first owner with tongdai user create")
    if found:
        return found[0].tenant_id
    made = await tenants.create_tenant(conn, TenantId(1), name or "Tongdai", "VN", "Asia/Ho_Chi_Minh")
    assert made is not None, "there is no tenant"
    return made.tenant.tenant_id


@endpoint(
    _of_people(
        method="POST",
        path="/session/reset",
        open=True,
        summary="Set a password by an owner's one-time link, and sign in; all earlier sessions end",
        body=Reset,
        refine={"Reset": {"password": _PASSWORD}},
        body_sample={"token": "st_…", "password": "a long password of hers"},
        response=SessionView,
        sample=SAMPLE,
        failures=(NotFound(_EXPIRED),),
    )
)
async def reset(request: Request) -> Response:
    sent = body.decode(await body.read_json(request), _reset)
    require_good("password", sent.password)
    digest = reset_link.digest(sent.token, request.resources.pepper)
    async with connection(request) as conn:
        if not await store.reset_is_offered(conn, digest):
            raise NotFound(_EXPIRED)
    hashed = await sign_in.hashed(request, sent.password)
    async with connection(request) as conn:
        user = await _reset_by(conn, digest, hashed, sent)
        request.resources.guard.forget()
        return await sign_in.signed_in(request, conn, user)


async def _reset_by(conn: Connection, digest: bytes, hashed: str, sent: Reset) -> User:
    async with conn.transaction():
        found = await store.take_reset(conn, digest)
        if found is None:
            raise NotFound(_EXPIRED)
        tenant_id, user_id, login = found
        require_good("password", sent.password, login)
        await users.set_password(conn, tenant_id, user_id, hashed, ByUser(user_id))
        await store.end(conn, tenant_id, user_id, ByUser(user_id))
        user = await users.find(conn, tenant_id, user_id)
    assert user is not None, "its row is locked"
    return user


def require_good(field: str, password: str, login: str = "") -> None:
    """Raise InvalidInput when a password may not be chosen."""
    fault = password_fault(password, login)
    if fault is not None:
        raise InvalidInput(f"{field} {fault}")


def require_login(text: str) -> str:
    """A login as it is stored; InvalidInput when it is none."""
    login = login_of(text)
    if login is None:
        raise InvalidInput(f"login must be an e-mail address or a phone number, not {shown(text)!r}")
    return login


def _who(request: Request) -> tuple[TenantId, UserId]:
    principal = principal_of(request)
    assert principal.user_id is not None, "the guard lets no key through"
    return principal.tenant_id, principal.user_id


HANDLERS: list[Route] = [create, get, change, delete, change_password, options, make_first, reset]
