"""SIP accounts of agents' phones. Pure.

The password is never stored: it is an HMAC of the account's name and salt, keyed with the installation's pepper. A
thief of the database or of a backup without the pepper cannot register as a phone, and the leader of the switch can
make the account again at any time. docs/decisions/0044-phone-accounts.md.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from tongdai.agents.model import Mode
from tongdai.ids import AgentId, TenantId

SALT = 16
"""Bytes."""
REALM = "asterisk"
"""Asterisk's default, which phones are challenged with."""
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""The 32 characters of passwords and names, which nobody mistakes for another when typing them into a phone."""
_PASSWORD, _SUFFIX = 24, 6


def name_of(tenant_id: TenantId, random: bytes) -> str:
    """A name of an account, `t20260310-k7m2qd`: unique over the installation but for the chance of the last six."""
    return f"t{tenant_id}-{_text(random, _SUFFIX)}"


def password_of(pepper: bytes, name: str, salt: bytes) -> str:
    """The password of an account: 120 bits."""
    return _text(hmac.digest(pepper, b"sip account\n" + name.encode() + b"\n" + salt, "sha256"), _PASSWORD)


def digest_of(name: str, password: str) -> str:
    """The part of a password that the switch gets: HA1 of SIP's digest authentication (RFC 2617)."""
    return hashlib.md5(f"{name}:{REALM}:{password}".encode(), usedforsecurity=False).hexdigest()


def _text(source: bytes, length: int) -> str:
    number = int.from_bytes(source, "big")
    assert len(source) * 8 >= length * 5, "too few bits"
    return "".join(ALPHABET[number >> 5 * place & 31] for place in range(length))


@dataclass(frozen=True, slots=True)
class PhoneAccount:
    """An agent's account."""

    name: str
    made_at: datetime
    password_at: datetime
    """When the present password was made."""
    pushed_at: datetime | None
    """When the switch got the account as it is; None: it has not."""
    problem: str | None
    """Why the switch did not take it."""
    browser: bool
    """A browser uses it, and not a desk phone."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The name and the password of an account."""

    name: str
    password: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """An account that the switch should have."""

    tenant_id: TenantId
    agent_id: AgentId
    name: str
    salt: bytes
    mode: Mode
    """The mode of the agent: a phone in mode ring is not asked to answer by itself."""
    browser: bool
    """It is for a browser: encrypted sound, over a websocket."""
    pushed: bool
    """The switch got it as it is."""
    problem: str | None


@dataclass(frozen=True, slots=True)
class Unwanted:
    """An account that the switch should not have any more."""

    tenant_id: TenantId
    name: str


class AccountRefusal(Enum):
    NO_AGENT = auto()
    NO_ACCOUNT = auto()
    HAS_ACCOUNT = auto()
    SIGNED_IN = auto()
    """An account is made and removed only while its agent is offline."""
