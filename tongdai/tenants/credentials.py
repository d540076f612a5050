"""The key or session that a request names, by its headers."""

import re
from typing import NamedTuple

from tongdai.http.asgi import Headers
from tongdai.http.connections.core import remembered
from tongdai.tenants import session_token

_KEY = re.compile(rb"\n(?:x-api-key|authorization):[ \t]*(?:bearer +)?([!-~]+)[ \t]*\r", re.IGNORECASE)
_FORWARDED = re.compile(rb"\nx-forwarded-for:([^\r\n]*)", re.IGNORECASE)


class Credentials(NamedTuple):
    """The key or session, and the tenant, that a request names."""

    key: str
    """The key; or the token of a session, behind `session_token.MARK`, which no header can contain."""
    tenant: str | None
    """`X-Tenant-ID` as sent."""
    presented: bool
    """Whether the request sent a key. Tokens of sessions, which are longer, are not guessed: browsers send old ones."""


def credentials_of(headers: Headers) -> Credentials | None:
    """The key and tenant that the headers name; None when the headers contradict each other."""
    sent_keys: set[str] = set()
    tenant: str | None = None
    for name, value in headers:
        if name == b"x-api-key":
            sent_keys.add(value.decode("latin-1").strip())
        elif name == b"authorization":
            sent_keys.add(_bare(value.decode("latin-1").strip()))
        elif name == b"x-tenant-id":
            if tenant is not None:
                return None
            tenant = value.decode("latin-1").strip()
    if len(sent_keys) > 1:
        return None
    if not sent_keys and (token := session_token.in_headers(headers)) is not None:
        return Credentials(token, tenant, presented=False)
    return Credentials(next(iter(sent_keys), ""), tenant, bool(sent_keys))


@remembered
def name_in(head: bytes) -> str | None:
    """The key or session that headers name which are not parsed yet, as `Credentials.key`; None: there is none."""
    found = _KEY.search(head)
    return session_token.in_head(head) if found is None else found[1].decode("latin-1")


def forwarded(unread: bytes) -> Headers:
    """The headers of a request that is not parsed yet by which proxies name its client."""
    return [(b"x-forwarded-for", value) for value in _FORWARDED.findall(unread)]


def _bare(value: str) -> str:
    scheme, _, rest = value.partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else value
