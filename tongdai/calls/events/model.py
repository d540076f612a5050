"""Events of a call beside its segments. Pure."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from tongdai.ids import KeyId, MenuId, UserId


class EventKind(StrEnum):
    MENU = "menu"
    """The caller came to a menu."""
    KEY = "key"
    """The caller pressed a key in a menu."""
    OTHERWISE = "otherwise"
    """The caller pressed no key of the menu in time, and was sent on."""
    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"
    LEAVE = "leave"
    TAKE_OVER = "take_over"
    PHONE_ANSWERED = "phone_answered"
    """The supervisor's phone was answered: from then on it hears the call."""
    PHONE_LEFT = "phone_left"
    """The supervisor's phone was hung up, or not answered."""
    TRANSFER = "transfer"
    """The customer was transferred, or moved while they waited."""
    HANG_UP = "hang_up"
    """Somebody ended the call by a request."""


SUPERVISION = frozenset(
    {
        EventKind.LISTEN,
        EventKind.WHISPER,
        EventKind.BARGE,
        EventKind.LEAVE,
        EventKind.TAKE_OVER,
        EventKind.PHONE_ANSWERED,
        EventKind.PHONE_LEFT,
    }
)
"""Acts of supervisors beside a call. Agents are not shown them: whoever is listened to does not learn it."""


class EventRow(NamedTuple):
    at: datetime
    kind: EventKind
    menu_id: MenuId | None = None
    menu_name: str | None = None
    """None: the menu was deleted."""
    key: str | None = None
    to_kind: str | None = None
    """The kind of the destination to which it led; None: to none."""
    to_target: str | None = None
    endpoint: str | None = None
    """The supervisor's phone."""
    key_id: KeyId | None = None
    user_id: UserId | None = None
    user_name: str | None = None
