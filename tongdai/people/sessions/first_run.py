"""The first owner, made by the browser on the server's own machine with the token that the server prints."""

import hmac
import ipaddress
from pathlib import Path

from tongdai.db.pool import Connection
from tongdai.http.request import Request
from tongdai.people.users import store as users
from tongdai.settings.declarations import Settings
from tongdai.tenants import key_format

_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip", "via")
_CONTEXT = b"first run\n"


def token(pepper: bytes) -> str:
    """The token, which is valid while the installation has no user; whoever knows the pepper can make it."""
    return hmac.digest(pepper, _CONTEXT, "sha256").hex()[:32]


async def needed(conn: Connection, settings: Settings) -> str | None:
    """The token, for the server to print; None: there is a user."""
    if await users.any_user(conn):
        return None
    return token(key_format.load_pepper(settings.key_pepper, Path(settings.data_dir)))


def right(sent: str, pepper: bytes) -> bool:
    return hmac.compare_digest(sent.strip().encode(), token(pepper).encode())


def from_here(request: Request) -> bool:
    """Whether a request came from a program on this machine that is no proxy."""
    client = request.scope.get("client")
    if not client or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False
