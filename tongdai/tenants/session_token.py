"""Format of the tokens of sessions, which browsers keep in a cookie: `st_` and 32 random bytes (256 bits) in base64."""

import base64
import hmac
import re
import secrets

from tongdai.http.asgi import Headers

COOKIE = "tongdai_session"
MARK = "\ncookie "
"""Stands before a token that came in the cookie. A header cannot contain it, so no header is taken for a cookie."""
_FORM = re.compile(r"st_[0-9A-Za-z_-]{43}", re.ASCII)
_MARKED = re.compile(rf"{MARK}{_FORM.pattern}", re.ASCII)
_IN_HEAD = re.compile(rf"\ncookie:[^\r\n]*?\b{COOKIE}=({_FORM.pattern})[;\r ]".encode(), re.IGNORECASE)
_CSRF = b"csrf\n"


def generate() -> str:
    """Generate a token."""
    return f"st_{secrets.token_urlsafe(32)}"


def marked(token: str) -> str:
    """A token as one that came in the cookie: digests and CSRF tokens are made of this."""
    return MARK + token


def well_formed(key: str) -> bool:
    """Whether it is a token that came in the cookie, by its form."""
    return key.startswith(MARK) and _MARKED.fullmatch(key) is not None


def in_headers(headers: Headers) -> str | None:
    """The marked token in the cookie; None: there is none, or two that differ, one of which a stranger may have set."""
    found = {
        value.strip()
        for name, sent in headers
        if name == b"cookie"
        for cookie, _, value in (part.partition("=") for part in sent.decode("latin-1").split(";"))
        if cookie.strip() == COOKIE
    }
    token = found.pop() if len(found) == 1 else ""
    return marked(token) if _FORM.fullmatch(token) else None


def in_head(unread: bytes) -> str | None:
    """The marked token in the first bytes of a request."""
    found = _IN_HEAD.search(unread)
    return None if found is None else marked(found[1].decode("ascii"))


def csrf_token(key: str, pepper: bytes) -> str:
    """The token that changes by the cookie must repeat in a header: of this session, and made of nothing stored."""
    return base64.urlsafe_b64encode(hmac.digest(pepper, _CSRF + key.encode(), "sha256")).decode().rstrip("=")
