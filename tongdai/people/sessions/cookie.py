"""The cookie of a session."""

from tongdai.http.request import Request
from tongdai.people.sessions.model import LIFETIME
from tongdai.tenants.session_token import COOKIE

_NO_STORE = (b"cache-control", b"no-store")


def keep(request: Request, token: str) -> None:
    """Have the browser keep the token of its new session."""
    _set(request, token, round(LIFETIME.total_seconds()))


def clear(request: Request) -> None:
    """Have the browser forget it."""
    _set(request, "", 0)
    no_store(request)


def no_store(request: Request) -> None:
    """Have no cache keep the response."""
    request.response_headers.append(_NO_STORE)


def _set(request: Request, value: str, max_age_s: int) -> None:
    secure = "; Secure" if by_https(request) else ""
    cookie = f"{COOKIE}={value}; Max-Age={max_age_s}; Path=/; HttpOnly; SameSite=Lax{secure}"
    request.response_headers.append((b"set-cookie", cookie.encode()))


def by_https(request: Request) -> bool:
    """Whether the browser used HTTPS, as far as the server or a proxy says: a lie harms the browser that sent it."""
    forwarded = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    return request.scope.get("scheme") == "https" or forwarded == "https"
