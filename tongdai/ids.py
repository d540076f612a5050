"""Identifiers. On the wire they are 1 to 18 ASCII digits, no sign, above zero."""

import re
from dataclasses import dataclass
from typing import NewType

from tongdai.errors import InvalidInput, NotFound, shown

TenantId = NewType("TenantId", int)
KeyId = NewType("KeyId", int)
UserId = NewType("UserId", int)
SessionId = NewType("SessionId", int)
TeamId = NewType("TeamId", int)
CampaignId = NewType("CampaignId", int)
ListId = NewType("ListId", int)
ContactId = NewType("ContactId", int)
CustomerId = NewType("CustomerId", int)
JobId = NewType("JobId", int)
QueueId = NewType("QueueId", int)
AgentId = NewType("AgentId", int)
SwitchId = NewType("SwitchId", int)
DncListId = NewType("DncListId", int)
EndpointId = NewType("EndpointId", int)
MenuId = NewType("MenuId", int)
SoundId = NewType("SoundId", int)
WallboardId = NewType("WallboardId", int)
WebhookId = NewType("WebhookId", int)
DeliveryId = NewType("DeliveryId", int)
AuditId = NewType("AuditId", int)
CodeId = NewType("CodeId", int)
"""A wrap-up code."""


@dataclass(frozen=True, slots=True)
class ByUser:
    """A user as the author of a change."""

    user_id: UserId


Author = KeyId | ByUser
"""The author of a change by the API: a program, by its key, or a person."""

MAX_DIGITS = 18
LARGEST = 10**MAX_DIGITS - 1
_EXPECTED = f"an id, 1 to {MAX_DIGITS} digits above 0"
_CALL_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_NO_IDS = frozenset(("phoneNumber",))
"""Parameters of paths that are no ids."""


def parse(text: str) -> int | None:
    """Parse an id; None for anything else, such as `٣`, `+5`, `1_0` or 4,301 digits."""
    if 0 < len(text) <= MAX_DIGITS and text.isascii() and text.isdigit():
        return int(text) or None
    return None


def is_call_id(text: str) -> bool:
    """Whether a text is a UUID in the form of responses."""
    return _CALL_ID.fullmatch(text) is not None


def well_formed(name: str, text: str) -> bool:
    """Whether a parameter of a path is well formed."""
    if name in _NO_IDS:
        return True
    return is_call_id(text) if name in {"callId", "callbackId"} else parse(text) is not None


def from_path(text: str, noun: str) -> int:
    """The id in a path; NotFound (`Campaign not found`) when it is malformed, as for an unknown id."""
    value = parse(text)
    if value is None:
        raise NotFound(f"{noun} not found")
    return value


def from_query(name: str, text: str) -> int:
    """The id in a query parameter; InvalidInput when it is malformed."""
    value = parse(text)
    if value is None:
        raise InvalidInput(f"{name} must be {_EXPECTED}, not {shown(text)!r}")
    return value


def from_body(name: str, value: int) -> int:
    """The id in a field of a body; InvalidInput when it is out of range."""
    if not 0 < value <= LARGEST:
        raise InvalidInput(f"{name} must be {_EXPECTED}, not {shown(value)}")
    return value
