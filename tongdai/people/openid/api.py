"""`/session/openid`: the browser goes to the OpenID provider and comes back.

    GET /session/openid?next=… ──302──▶ provider ──302──▶ GET …/callback?code&state ──302──▶ next, with a session

What fails leads to the console, as `/?openid=<reason>`.
"""

import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Callable
from urllib.parse import quote

import msgspec
import structlog

from tongdai.db.pool import Connection
from tongdai.http.request import Request, Response, query_of, settings_of
from tongdai.http.routes import Handler
from tongdai.ids import TenantId
from tongdai.people.openid.model import LIFETIME_S, Attempt, Failure, local_path, verified_email
from tongdai.people.openid.provider import Provider
from tongdai.people.sessions import cookie, sign_in
from tongdai.people.users import store as users
from tongdai.people.users.model import Role, User, login_of
from tongdai.settings.declarations import Settings

log = structlog.get_logger()

PATH, CALLBACK = "/session/openid", "/session/openid/callback"
COOKIE = "tongdai_openid"
_SIGNED = b"openid\n"
_attempt = msgspec.json.Decoder(Attempt)


def provider_of(settings: Settings) -> Provider:
    """The provider that the settings name."""
    assert settings.openid_issuer is not None, "without it there are no handlers"
    assert settings.openid_client_id is not None, "it was validated"
    assert settings.public_url is not None, "it was validated"
    redirect_url = f"{settings.public_url.rstrip('/')}/v1{CALLBACK}"
    return Provider(settings.openid_issuer, settings.openid_client_id, settings.openid_client_secret, redirect_url)


def handlers(provider: Provider, now: Callable[[], float] = time.time) -> dict[str, Handler]:
    """The handlers of GET, by path."""

    async def begin(request: Request) -> Response:
        wanted = query_of(request).get("next", ["/"])[0]
        attempt = Attempt(
            secrets.token_urlsafe(32),
            secrets.token_urlsafe(32),
            secrets.token_urlsafe(48),
            local_path(wanted),
            now() + LIFETIME_S,
        )
        url = await provider.authorization_url(attempt)
        if isinstance(url, Failure):
            return _failed(request, url)
        _keep(request, _sealed(attempt, request.resources.pepper), LIFETIME_S)
        return _redirect(request, url)

    async def come_back(request: Request) -> Response:
        query = {name: values[0] for name, values in query_of(request).items() if len(values) == 1}
        attempt = _opened(request)
        _keep(request, "", 0)  # whatever comes of it, it is used once
        if attempt is None or now() > attempt.expires_at or "code" not in query:
            return _failed(request, Failure.FAILED)
        if not hmac.compare_digest(query.get("state", "").encode(), attempt.state.encode()):
            return _failed(request, Failure.FAILED)
        claims = await provider.claims(query["code"], attempt)
        if isinstance(claims, Failure):
            return _failed(request, claims)
        email = login_of(verified_email(claims) or "")
        if email is None or "@" not in email:
            return _failed(request, Failure.UNVERIFIED)
        name = claims.get("name")
        async with request.resources.database.borrow(request.require_client) as conn:
            user = await _user(conn, settings_of(request), email, name if isinstance(name, str) else email)
            if user is None:
                return _failed(request, Failure.UNKNOWN_USER)
            await sign_in.signed_in(request, conn, user)
        return _redirect(request, attempt.next)

    return {PATH: begin, CALLBACK: come_back}


async def _user(conn: Connection, settings: Settings, email: str, name: str) -> User | None:
    """The user with a verified address, who is made if the settings say with which role; None: nobody may sign in."""
    found = await users.by_login(conn, email)
    if found is not None:
        return found[0] if found[0].disabled_at is None else None
    if settings.openid_default_role == "none":
        return None
    assert settings.openid_tenant is not None, "it was validated"
    return await users.create(
        conn,
        TenantId(settings.openid_tenant),
        name=name[:255] or email,
        login=email,
        role=Role(settings.openid_default_role),
        agent_id=None,
        team_ids=(),
        password=None,
        by=None,
    )


def _sealed(attempt: Attempt, pepper: bytes) -> str:
    raw = base64.urlsafe_b64encode(msgspec.json.encode(attempt))
    return f"{raw.decode()}.{_signature(raw, pepper)}"


def _signature(raw: bytes, pepper: bytes) -> str:
    return hmac.digest(pepper, _SIGNED + raw, "sha256").hex()


def _opened(request: Request) -> Attempt | None:
    """The attempt that the browser has begun; None: none, or one that was made up."""
    for part in request.headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        raw, _, signature = value.rpartition(".")
        if name == COOKIE and hmac.compare_digest(signature, _signature(raw.encode(), request.resources.pepper)):
            try:
                return _attempt.decode(base64.urlsafe_b64decode(raw))
            except (msgspec.DecodeError, binascii.Error):
                return None
    return None


def _keep(request: Request, value: str, max_age_s: int) -> None:
    secure = "; Secure" if cookie.by_https(request) else ""
    text = f"{COOKIE}={value}; Max-Age={max_age_s}; Path=/v1{PATH}; HttpOnly; SameSite=Lax{secure}"
    request.response_headers.append((b"set-cookie", text.encode()))


def _failed(request: Request, failure: Failure) -> Response:
    log.warning("sign-in by OpenID failed", reason=str(failure))
    return _redirect(request, f"/?openid={failure}")


def _redirect(request: Request, url: str) -> Response:
    cookie.no_store(request)
    return Response(b"", 302, ((b"location", quote(url, safe="/:?#[]@!$&'()*+,;=%").encode()),))
