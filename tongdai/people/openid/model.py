"""A sign-in by an OpenID provider, from the redirect to the provider until the browser comes back. Pure."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

LIFETIME_S = 600
"""How long people may take at the provider."""
_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f-\U0010ffff]{0,1000}")


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that has begun; the browser keeps it in a signed cookie."""

    state: str
    nonce: str
    verifier: str
    """The secret of PKCE, of which the provider gets the digest first."""
    next: str
    """The local path to which the browser goes afterwards."""
    expires_at: float
    """Seconds since 1970."""

    @property
    def challenge(self) -> str:
        return base64.urlsafe_b64encode(sha256(self.verifier.encode()).digest()).decode().rstrip("=")


class Failure(StrEnum):
    """Reason why a sign-in fails, as the console receives it."""

    UNAVAILABLE = "unavailable"
    """The provider does not answer, or not as one."""
    FAILED = "failed"
    """The provider refused, or the attempt is not this browser's, or too old."""
    UNVERIFIED = "unverified"
    """The provider does not say that the address is the person's."""
    UNKNOWN_USER = "unknown_user"
    """No user who may sign in has the address."""


def local_path(text: str) -> str:
    """The path, if it is one of this server; otherwise `/`: no other site may be the target."""
    return text if _LOCAL.fullmatch(text) else "/"


def verified_email(claims: Mapping[str, Any]) -> str | None:
    """The address that the provider has verified; None: there is none."""
    email = claims.get("email")
    verified = claims.get("email_verified") in {True, "true"}
    return email if verified and isinstance(email, str) else None


def is_for(claims: Mapping[str, Any], client_id: str) -> bool:
    """Whether a token of several audiences was issued to this client."""
    audience: Sequence[str] | str | None = claims.get("aud")
    several = not isinstance(audience, str) and len(audience or ()) > 1
    return claims.get("azp", client_id) == client_id and (not several or "azp" in claims)
