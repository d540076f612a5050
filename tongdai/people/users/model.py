"""Users, their roles and what a role may do, their logins and the rules for passwords. Pure."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import NamedTuple

from msgspec import UNSET, UnsetType

from tongdai.contacts.numbers import phone
from tongdai.http.principal import Reach, Scope
from tongdai.ids import AgentId, TenantId, UserId


class Role(StrEnum):
    OWNER = "owner"
    SUPERVISOR = "supervisor"
    AGENT = "agent"
    VIEWER = "viewer"


class Rights(NamedTuple):
    scopes: frozenset[str]
    reach: Reach


_DAILY = frozenset((Scope.CAMPAIGN, Scope.QUEUE, Scope.AGENT, Scope.REPORT))
RIGHTS: Mapping[Role, Rights] = {
    Role.OWNER: Rights(frozenset(Scope), Reach.ALL),
    Role.SUPERVISOR: Rights(_DAILY, Reach.ALL),
    Role.AGENT: Rights(frozenset((Scope.AGENT,)), Reach.OWN_AGENT),
    Role.VIEWER: Rights(_DAILY, Reach.READING),
}
"""The rights of each role: the one place that says them."""


class Language(StrEnum):
    ENGLISH = "en"
    VIETNAMESE = "vi"


@dataclass(frozen=True, slots=True)
class User:
    user_id: UserId
    tenant_id: TenantId
    name: str
    login: str
    """An e-mail address in small letters, or a phone number in E.164; of one user in the installation."""
    role: Role
    agent_id: AgentId | None
    """The user's agent, which a user with the role `agent` has."""
    team_ids: tuple[int, ...]
    language: Language | None
    has_password: bool
    created_at: datetime
    disabled_at: datetime | None


class Refusal(Enum):
    NO_USER = auto()
    LOGIN_TAKEN = auto()
    NO_AGENT = auto()
    NO_TEAM = auto()
    AGENT_NEEDED = auto()
    LAST_OWNER = auto()


@dataclass(frozen=True, slots=True)
class Change:
    """The fields of a user that are changed; UNSET: it stays."""

    name: str | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    agent_id: AgentId | UnsetType | None = UNSET
    team_ids: tuple[int, ...] | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


def changed(user: User, change: Change, now: datetime) -> User:
    """The user as a change makes them."""
    disabled_at = user.disabled_at
    if change.disabled is not UNSET:
        disabled_at = (user.disabled_at or now) if change.disabled else None
    return replace(
        user,
        name=user.name if isinstance(change.name, UnsetType) else change.name,
        role=user.role if isinstance(change.role, UnsetType) else change.role,
        agent_id=user.agent_id if isinstance(change.agent_id, UnsetType) else change.agent_id,
        team_ids=user.team_ids if isinstance(change.team_ids, UnsetType) else change.team_ids,
        disabled_at=disabled_at,
    )


def refusal_of(user: User, after: User | None, owners: Collection[UserId]) -> Refusal | None:
    """Why a user may not become `after` (None: be deleted), as there are these owners who are not disabled."""
    stays_owner = after is not None and after.role is Role.OWNER and after.disabled_at is None
    if set(owners) == {user.user_id} and not stays_owner:
        return Refusal.LAST_OWNER
    if after is not None and after.role is Role.AGENT and after.agent_id is None:
        return Refusal.AGENT_NEEDED
    return None


MAX_LOGIN = 254
_EMAIL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s.\x00-\x1f]+(?:\.[^@\s.\x00-\x1f]+)+")


def login_of(text: str, country: str = "VN") -> str | None:
    """A login as it is stored: an address in small letters, a phone number (read in `country`) in E.164.

    None: it is neither.
    """
    text = text.strip()
    if len(text) > MAX_LOGIN:
        return None
    if "@" in text:
        address = text.lower()
        return address if _EMAIL.fullmatch(address) else None
    number = phone.normalise(text, country)
    return None if isinstance(number, phone.NumberFault) else number


MIN_PASSWORD, MAX_PASSWORD = 10, 200
_MOST_USED = """
1234567890 0123456789 0987654321 9876543210 1234567891 12345678910 123456789a a123456789 abc1234567 1234567890a
1111111111 0000000000 1122334455 1212121212 1231231231 1234512345 9999999999 8888888888 6666666666 5555555555
qwertyuiop qwertyuiop1 qwertyuiop123 asdfghjkl1 asdfghjkl123 zxcvbnm123 1q2w3e4r5t 1qaz2wsx3edc q1w2e3r4t5
qwerty12345 qwerty123456 password12 password123 password1234 password12345 passw0rd123 p@ssw0rd123 p@ssword123
p@ssword1234 mypassword mypassword1 letmein123 welcome123 welcome1234 welcome12345 iloveyou12 iloveyou123
iloveyou1234 admin12345 admin123456 admin@1234 admin@12345 admin@123456 administrator administrator1 superadmin1
changeme123 changeme1234 matkhau123 matkhau1234 matkhau12345 matkhau@123 anhyeuem123 anhyeuem12 emyeuanh123
anhyeuem1234 vietnam123 vietnam1234 vietnam2026 vietnam2027 hanoi12345 saigon1234 saigon12345 khongbiet1
khongbiet123 tongdai123 tongdai1234 tongdai12345 abcd123456 abcdef1234 abc123456789 aa123456789 abcdefghij
abcdefghijk football123 baseball123 princess123 sunshine123 dragon12345 monkey12345 computer123 internet123
company123 callcenter callcenter1 callcenter123 support123
"""
_COMMON = frozenset(_MOST_USED.split())
"""The most used passwords that are long enough, in English and Vietnamese."""


def password_fault(password: str, login: str = "") -> str | None:
    """Why a password is refused, to follow `password`; None: it is good."""
    if len(password) < MIN_PASSWORD:
        return f"must have at least {MIN_PASSWORD} characters"
    if len(password) > MAX_PASSWORD:
        return f"must have at most {MAX_PASSWORD} characters"
    plain = password.lower()
    if plain in _COMMON or len(set(plain)) < 3:
        return "is one that many people use: choose another"
    if plain in {login, login.partition("@")[0]}:
        return "is the login: choose another"
    return None
