"""Settings of a queue beyond the vendor's fields: for admission, waiting and the selection of agents. Pure.

A setting is declared once, as a field of `QueueSettings`: its columns, the fields of requests and responses and the
rules of the queue derive from the declaration.
"""

from dataclasses import dataclass, fields
from typing import Any

from tongdai.ids import MenuId
from tongdai.queues.model import (
    CALLBACK_EXPIRES_S,
    LEAVE_EMPTY_AFTER_S,
    PREFERRED_AGENT_PATIENCE_S,
    VIP_HEAD_START_S,
    CallbackMode,
    Destination,
    Selector,
    SkillRule,
)
from tongdai.recordings.model import Wish

LANGUAGES = ("vi", "en")
MAX_SKILLS, MAX_SKILL, MAX_LEVEL = 20, 64, 10
LEAST_BETWEEN_ANNOUNCEMENTS_S = 15
LEAST_EXPIRES_S, MOST_EXPIRES_S = 300, 604_800
"""How long a callback holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSettings:
    """The settings of a queue; these are the defaults."""

    max_length: int | None = None
    when_full: Destination | None = None
    join_empty: bool = False
    leave_empty_after_s: int | None = LEAVE_EMPTY_AFTER_S
    when_empty: Destination | None = None
    overflow: Destination | None = None
    divert_to: Destination | None = None
    locked: Destination | None = None
    agent_selector: Selector | None = None
    skills: tuple[SkillRule, ...] = ()
    skills_for_s: int | None = None
    inbound_reserve: int | None = None
    ring_timeout_s: int = 20
    auto_pause_after: int | None = 3
    announce_wait: bool = True
    announce_every_s: int = 30
    language: str | None = None
    service_level_s: int = 20
    callback_offered: bool = False
    vip_head_start_s: int = VIP_HEAD_START_S
    menu_id: MenuId | None = None
    callback_key: str = "1"
    callback_mode: CallbackMode = CallbackMode.AGENT_FIRST
    callback_expires_s: int = CALLBACK_EXPIRES_S
    preferred_agent_days: int | None = None
    preferred_agent_patience_s: int = PREFERRED_AGENT_PATIENCE_S
    recording: Wish = Wish.OFF
    recording_announcement: str | None = None
    """The sound of the switch that tells customers of it; None: none does."""


NAMES = tuple(field.name for field in fields(QueueSettings))
DESTINATIONS = ("when_full", "when_empty", "overflow", "divert_to", "locked")
"""The settings that are destinations."""
Change = dict[str, Any]
"""The settings that a request changes, by name."""
