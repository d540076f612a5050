"""Settings of queues as requests and responses write them."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from tongdai import ids
from tongdai.errors import InvalidInput, shown
from tongdai.http.endpoint import ID, NAME
from tongdai.http.openapi.fields import one_of
from tongdai.queues import view as record
from tongdai.queues.destinations import view as destinations
from tongdai.queues.destinations.view import CallerDestination
from tongdai.queues.model import CallbackMode, Selector, SkillRule
from tongdai.queues.settings.model import (
    DESTINATIONS,
    LANGUAGES,
    LEAST_BETWEEN_ANNOUNCEMENTS_S,
    LEAST_EXPIRES_S,
    MAX_LEVEL,
    MAX_SKILL,
    MAX_SKILLS,
    MOST_EXPIRES_S,
    Change,
    QueueSettings,
)
from tongdai.queues.view import QueueChange
from tongdai.recordings.model import Wish

_KEY = re.compile(r"[0-9*#]")
_SKILL = re.compile(r"[^\s,;:]+")
WIRE: Mapping[str, str] = {
    "max_length": "maxLength",
    "when_full": "whenFull",
    "join_empty": "joinEmpty",
    "leave_empty_after_s": "leaveEmptyAfterSec",
    "when_empty": "whenEmpty",
    "overflow": "overflow",
    "divert_to": "divertTo",
    "locked": "locked",
    "agent_selector": "agentSelector",
    "skills": "skills",
    "skills_for_s": "skillsForSec",
    "inbound_reserve": "inboundReserve",
    "ring_timeout_s": "ringTimeoutSec",
    "auto_pause_after": "autoPauseAfter",
    "announce_wait": "announceWait",
    "announce_every_s": "announceEverySec",
    "language": "language",
    "service_level_s": "serviceLevelSec",
    "callback_offered": "callbackOffered",
    "vip_head_start_s": "vipHeadStartSec",
    "menu_id": "menuId",
    "callback_key": "callbackKey",
    "callback_mode": "callbackMode",
    "callback_expires_s": "callbackExpiresSec",
    "preferred_agent_days": "preferredAgentDays",
    "preferred_agent_patience_s": "preferredAgentPatienceSec",
    "recording": "recording",
    "recording_announcement": "recordingAnnouncement",
}
"""Setting → its name in requests and responses."""
LIMITS: Mapping[str, tuple[int, int]] = {
    "max_length": (1, 10_000),
    "leave_empty_after_s": (0, 86_400),
    "skills_for_s": (1, 86_400),
    "preferred_agent_days": (1, 365),
    "preferred_agent_patience_s": (1, 3600),
    "inbound_reserve": (0, 1000),
    "ring_timeout_s": (5, 120),
    "auto_pause_after": (1, 100),
    "announce_every_s": (LEAST_BETWEEN_ANNOUNCEMENTS_S, 3600),
    "service_level_s": (1, 3600),
    "vip_head_start_s": (0, 86_400),
    "callback_expires_s": (LEAST_EXPIRES_S, MOST_EXPIRES_S),
}
"""Least and most."""


class SkillNeeded(msgspec.Struct, forbid_unknown_fields=True):
    skill: str
    """A skill of agents."""
    level: int = 1
    """The lowest level that will do, 1 to 10."""


class QueueSettingsView(msgspec.Struct, kw_only=True):
    maxLength: int | None
    """The most callers that wait; null: no limit."""
    whenFull: CallerDestination | None
    """Where callers go who arrive when so many wait; null: the call ends."""
    joinEmpty: bool
    """Whether callers may wait while no agent of the queue is signed in."""
    leaveEmptyAfterSec: int | None
    """How long callers wait while no agent is signed in any more; null: as long as any."""
    whenEmpty: CallerDestination | None
    """Where callers go without an agent; null: the call ends."""
    overflow: CallerDestination | None
    """Where callers go after the longest wait (`timeWait`); null: the call ends."""
    divertTo: CallerDestination | None
    """Where callers go while the strategy is 4, divert; null: the call is refused."""
    locked: CallerDestination | None
    """Where callers go while the strategy is 99, locked; null: the call ends."""
    agentSelector: Annotated[str, one_of(Selector)] | None
    """How an idle agent is chosen; null: `longest_idle`."""
    skills: list[SkillNeeded]
    """Skills that an agent needs, all of them."""
    skillsForSec: int | None
    """For how long of a wait they are needed; null: always."""
    inboundReserve: int | None
    """Idle agents that outbound campaigns leave; null: as many as callers wait."""
    ringTimeoutSec: int
    """How long the phone of an agent rings."""
    autoPauseAfter: int | None
    """Missed calls in a row after which an agent is paused; null: never."""
    announceWait: bool
    """Whether callers who hear their position hear the expected wait too."""
    announceEverySec: int
    """The least time from one announcement to the next."""
    language: Annotated[str, one_of(LANGUAGES)] | None
    """The language of prompts; null: that of the tenant's country."""
    serviceLevelSec: int
    """The wait up to which a call counts as answered in time."""
    callbackOffered: bool
    """Whether callers who wait may ask to be called back."""
    vipHeadStartSec: int
    """Callers of a VIP queue are served as if they had arrived so much earlier."""
    menuId: int | None
    """The keypad menu that callers of the queue's number hear first; null: none."""
    callbackKey: str
    """The key by which they ask."""
    callbackMode: Annotated[str, one_of(CallbackMode)]
    """Which side the queue calls first: an agent is reserved, then the customer is called (`agent_first`), or the
    customer is called while an agent is idle, and waits at their place (`customer_first`)."""
    callbackExpiresSec: int
    """How long a callback holds; not longer than the queue is open."""
    preferredAgentDays: int | None
    """Callers are offered first to the agent who talked with their number last, within so many days, if that agent
    serves the queue; null: to nobody in particular."""
    preferredAgentPatienceSec: int
    """For how long they wait for that agent alone."""
    recording: Annotated[str, one_of(Wish)]
    """Whether calls of the queue are recorded from the connection with an agent on: `all`, or `off`."""
    recordingAnnouncement: str | None
    """The sound that tells both of it first. It must be heard whole, and the customer may press 9 to decline: else the
    call is not recorded. Null: none is played."""


class QueueSettingsChange(QueueChange, forbid_unknown_fields=True, kw_only=True):
    maxLength: int | UnsetType | None = UNSET
    """The most callers that wait; null: no limit."""
    whenFull: CallerDestination | UnsetType | None = UNSET
    """Where callers go who arrive when so many wait; null: the call ends."""
    joinEmpty: bool | UnsetType = UNSET
    """Whether callers may wait while no agent of the queue is signed in."""
    leaveEmptyAfterSec: int | UnsetType | None = UNSET
    """How long callers wait while no agent is signed in any more; null: as long as any."""
    whenEmpty: CallerDestination | UnsetType | None = UNSET
    """Where callers go without an agent; null: the call ends."""
    overflow: CallerDestination | UnsetType | None = UNSET
    """Where callers go after the longest wait (`timeWait`); null: the call ends."""
    divertTo: CallerDestination | UnsetType | None = UNSET
    """Where callers go while the strategy is 4, divert; null: the call is refused."""
    locked: CallerDestination | UnsetType | None = UNSET
    """Where callers go while the strategy is 99, locked; null: the call ends."""
    agentSelector: str | UnsetType | None = UNSET
    """How an idle agent is chosen; null: `longest_idle`."""
    skills: list[SkillNeeded] | UnsetType = UNSET
    """Skills that an agent needs, all of them."""
    skillsForSec: int | UnsetType | None = UNSET
    """For how long of a wait they are needed; null: always."""
    inboundReserve: int | UnsetType | None = UNSET
    """Idle agents that outbound campaigns leave; null: as many as callers wait."""
    ringTimeoutSec: int | UnsetType = UNSET
    """How long the phone of an agent rings."""
    autoPauseAfter: int | UnsetType | None = UNSET
    """Missed calls in a row after which an agent is paused; null: never."""
    announceWait: bool | UnsetType = UNSET
    """Whether callers who hear their position hear the expected wait too."""
    announceEverySec: int | UnsetType = UNSET
    """The least time from one announcement to the next."""
    language: str | UnsetType | None = UNSET
    """The language of prompts; null: that of the tenant's country."""
    serviceLevelSec: int | UnsetType = UNSET
    """The wait up to which a call counts as answered in time."""
    callbackOffered: bool | UnsetType = UNSET
    """Whether callers who wait may ask to be called back."""
    vipHeadStartSec: int | UnsetType = UNSET
    """Callers of a VIP queue are served as if they had arrived so much earlier."""
    menuId: int | UnsetType | None = UNSET
    """The keypad menu that callers of the queue's number hear first; null: none."""
    callbackKey: str | UnsetType = UNSET
    """The key by which they ask."""
    callbackMode: str | UnsetType = UNSET
    """Which side the queue calls first: `agent_first` or `customer_first`."""
    callbackExpiresSec: int | UnsetType = UNSET
    """How long a callback holds; not longer than the queue is open."""
    preferredAgentDays: int | UnsetType | None = UNSET
    """Callers are offered first to the agent who talked with their number last, within so many days, if that agent
    serves the queue; null: to nobody in particular."""
    preferredAgentPatienceSec: int | UnsetType = UNSET
    """For how long they wait for that agent alone."""
    recording: str | UnsetType = UNSET
    """Whether calls of the queue are recorded: `all` or `off`."""
    recordingAnnouncement: str | UnsetType | None = UNSET
    """The sound that tells both of it first. It must be heard whole, and the customer may press 9 to decline: else the
    call is not recorded. Null: none is played."""


SCHEMA: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "QueueSettingsChange": {
        "": {"minProperties": 1},
        **record.SCHEMA,
        "agentSelector": {"enum": [*(one.value for one in Selector), None]},
        "language": {"enum": [*LANGUAGES, None]},
        "callbackKey": {"pattern": f"^{_KEY.pattern}$"},
        "callbackMode": {"enum": [one.value for one in CallbackMode]},
        "menuId": ID,
        "recording": {"enum": [one.value for one in Wish]},
        "recordingAnnouncement": destinations.SCHEMA["sound"],
        "skills": {"maxItems": MAX_SKILLS},
        **{WIRE[name]: {"minimum": least, "maximum": most} for name, (least, most) in LIMITS.items()},
    },
    "SkillNeeded": {
        "skill": {**NAME, "minLength": 1, "maxLength": MAX_SKILL, "pattern": r"^[^\s,;:\u0000-\u001f\u007f-\u009f]+$"},
        "level": {"minimum": 1, "maximum": MAX_LEVEL},
    },
    "CallerDestination": destinations.SCHEMA,
}
"""For `Endpoint.refine`."""


def parse(sent: QueueSettingsChange, country: str) -> Change:
    """The settings that are sent, checked, without the fields of the queue's record; InvalidInput names the field."""
    change: Change = {}
    for name, wire in WIRE.items():
        value: Any = getattr(sent, wire)
        if value is not UNSET:
            change[name] = _parsed(name, wire, value, country)
    return change


_PARSERS: Mapping[str, Callable[[str, Any], Any]] = {
    "menu_id": ids.from_body,
    "recording_announcement": destinations.parse_sound,
}


def _parsed(name: str, wire: str, value: Any, country: str) -> Any:
    if name == "skills":
        return _skills(value)
    if value is None:
        return None
    if name in DESTINATIONS:
        return destinations.parse(wire, value, country)
    if name in LIMITS:
        least, most = LIMITS[name]
        if not least <= value <= most:
            raise InvalidInput(f"{wire} must be {least} to {most}, not {shown(value)}")
    if name in _PARSERS:
        return _PARSERS[name](wire, value)
    if name == "callback_key" and not _KEY.fullmatch(value):
        raise InvalidInput(f"{wire} must be a key, 0 to 9, * or #, not {shown(value)!r}")
    words = {
        "agent_selector": [one.value for one in Selector],
        "callback_mode": [one.value for one in CallbackMode],
        "language": LANGUAGES,
        "recording": [one.value for one in Wish],
    }.get(name)
    if words is not None and value not in words:
        raise InvalidInput(f"{wire} must be one of {', '.join(words)}, not {shown(value)!r}")
    kind = {"agent_selector": Selector, "callback_mode": CallbackMode, "recording": Wish}.get(name)
    return value if kind is None else kind(value)


def _skills(sent: Sequence[SkillNeeded]) -> tuple[SkillRule, ...]:
    if len(sent) > MAX_SKILLS:
        raise InvalidInput(f"skills must be at most {MAX_SKILLS}, not {len(sent)}")
    for place, one in enumerate(sent):
        if len(one.skill) > MAX_SKILL or not _SKILL.fullmatch(one.skill) or not one.skill.isprintable():
            raise InvalidInput(
                f"skills[{place}].skill must be one word of 1 to {MAX_SKILL} characters, not {shown(one.skill)!r}"
            )
        if not 1 <= one.level <= MAX_LEVEL:
            raise InvalidInput(f"skills[{place}].level must be 1 to {MAX_LEVEL}, not {shown(one.level)}")
    if len({one.skill for one in sent}) < len(sent):
        raise InvalidInput("skills must be different ones")
    return tuple(SkillRule(one.skill, one.level) for one in sent)


def show(settings: QueueSettings, country: str) -> QueueSettingsView:
    return QueueSettingsView(**{wire: _shown(name, getattr(settings, name), country) for name, wire in WIRE.items()})


def _shown(name: str, value: Any, country: str) -> Any:
    if name in DESTINATIONS:
        return destinations.show(value, country)
    return [SkillNeeded(one.skill, one.level) for one in value] if name == "skills" else value
