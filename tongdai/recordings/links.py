"""Signed links, by which a recording is played without a key or a session, for minutes. Pure.

    /v1/recordings/20260310-5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11-1773108600-u7-3a6eb0790f39ac87c94f3856b2dd2c5d
                   tenant   call                                 expires    by signature

Whoever has a link hears one recording until it expires. The signature covers all of it, with the key pepper: whoever
has none makes no link, and a request with another one does not reach the database. `by` is the key or user who asked
for it, whom the audit names when it is used.
"""

import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from tongdai import ids
from tongdai.ids import Author, ByUser, KeyId, TenantId, UserId

ROUTE = "/v1/recordings/{link}"
LEAST_S, MOST_S = 10, 600
_LINK = re.compile(
    r"([0-9]{1,18})-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-([0-9]{1,11})-([ku])([0-9]{1,18})-([0-9a-f]{32})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Link:
    tenant_id: TenantId
    call_id: UUID
    expires_at: datetime
    """A whole second."""
    by: Author


def path_of(pepper: bytes, link: Link) -> str:
    by = f"u{link.by.user_id}" if isinstance(link.by, ByUser) else f"k{link.by}"
    named = f"{link.tenant_id}-{link.call_id}-{int(link.expires_at.timestamp())}-{by}"
    return ROUTE.format(link=f"{named}-{_signature(pepper, named)}")


def read(pepper: bytes, text: str, now: datetime) -> Link | None:
    """The last part of a path; None when it is none, signed by somebody else, or has expired."""
    match = _LINK.fullmatch(text)
    if match is None:
        return None
    named, _, signature = text.rpartition("-")
    if not hmac.compare_digest(signature, _signature(pepper, named)):
        return None
    tenant_id, author = ids.parse(match[1]), ids.parse(match[5])
    expires_at = datetime.fromtimestamp(int(match[3]), UTC)
    if tenant_id is None or author is None or expires_at <= now:
        return None
    by = ByUser(UserId(author)) if match[4] == "u" else KeyId(author)
    return Link(TenantId(tenant_id), UUID(match[2]), expires_at, by)


def _signature(pepper: bytes, named: str) -> str:
    return hmac.digest(pepper, b"recording\n" + named.encode(), "sha256")[:16].hex()
