"""Call settings as requests and answers have them."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from tongdai.campaigns.settings import model as settings_model
from tongdai.campaigns.settings.model import EVER, CallSettings, FrequencyCap, Mode, Preset, Purpose, RetryRule
from tongdai.campaigns.settings.windows import DAYS, Span, Week
from tongdai.http.endpoint import ID

MAX_WINDOWS, MAX_PERIOD_H, MAX_AFTER_MIN, MAX_TIMES, MAX_SOUND = 100, 8760, 43_200, 100, 255
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_CALLER = re.compile(r"\+?[0-9]{3,15}")
_TRUNK = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Not absolute: a tenant would have any file that the PBX can read, a recording of another one, played to himself.
_SOUND = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")
_A_SOUND = "the name or relative path of a sound, of letters, digits, _ - . and /, without .."
RANGES = {
    "ringTimeoutSec": (15, 60),
    "maxConcurrentCalls": (1, 10_000),
    "callsPerSecond": (1, 200),
    "abandonmentCapPercent": (0, 100),
    "priority": (-100, 100),
}


class Window(msgspec.Struct, forbid_unknown_fields=True):
    """Of these days, from a local time on until another. One over midnight is two."""

    days: list[str]
    from_: str = msgspec.field(name="from")
    to: str


class Retry(msgspec.Struct, forbid_unknown_fields=True):
    """So many minutes after such an outcome, so many times; `times` 0 is never, whatever the minutes."""

    afterMin: int
    times: int


class ContactCeiling(msgspec.Struct, forbid_unknown_fields=True):
    calls: int
    periodHours: int | None = None


class NumberCeiling(msgspec.Struct, forbid_unknown_fields=True):
    calls: int
    periodHours: int


class SettingsSent(msgspec.Struct, kw_only=True):
    purpose: str | UnsetType = UNSET
    dialingMode: str | UnsetType = UNSET
    queueId: int | UnsetType | None = UNSET
    callerId: str | UnsetType | None = UNSET
    trunk: str | UnsetType | None = UNSET
    audioFile: str | UnsetType | None = UNSET
    abandonFile: str | UnsetType | None = UNSET
    ringTimeoutSec: int | UnsetType = UNSET
    maxConcurrentCalls: int | UnsetType = UNSET
    callsPerSecond: int | UnsetType = UNSET
    preset: str | UnsetType = UNSET
    callingWindows: list[Window] | UnsetType | None = UNSET
    retryRules: dict[str, Retry] | UnsetType | None = UNSET
    contactCeiling: ContactCeiling | UnsetType | None = UNSET
    numberCeiling: NumberCeiling | UnsetType | None = UNSET
    abandonmentCapPercent: float | UnsetType = UNSET
    priority: int | UnsetType = UNSET


class CampaignRow(msgspec.Struct, kw_only=True):
    campaignId: int
    campaignName: str
    type: str
    status: int
    userName: str | None
    createdAt: datetime
    contactCount: int
    pendingCount: int
    inCallCount: int
    processedCount: int


class CampaignDetail(CampaignRow, kw_only=True):
    processStatus: dict[str, int]
    callStatus: dict[str, int]
    purpose: str
    dialingMode: str
    queueId: int | None
    callerId: str | None
    trunk: str | None
    audioFile: str | None
    abandonFile: str | None
    ringTimeoutSec: int
    maxConcurrentCalls: int
    callsPerSecond: int
    preset: str
    callingWindows: list[Window] | None
    retryRules: dict[str, Retry] | None
    contactCeiling: ContactCeiling | None
    numberCeiling: NumberCeiling | None
    abandonmentCapPercent: float
    priority: int
    effectiveWindows: list[Window]
    effectiveRetryRules: dict[str, Retry]
    effectiveNumberCeilings: list[NumberCeiling]


TEXTS: Mapping[str, tuple[re.Pattern[str], int, str]] = {
    "callerId": (_CALLER, 16, "3 to 15 digits, with a plus before them or without"),
    "trunk": (_TRUNK, 64, "1 to 64 letters, digits, _ and -"),
    "audioFile": (_SOUND, MAX_SOUND, _A_SOUND),
    "abandonFile": (_SOUND, MAX_SOUND, _A_SOUND),
}
SETTINGS_SCHEMA: dict[str, dict[str, Any]] = {
    "purpose": {"enum": [*Purpose]},
    "dialingMode": {"enum": [*Mode]},
    "queueId": dict(ID),
    "preset": {"enum": [*Preset]},
    "callingWindows": {"minItems": 1, "maxItems": MAX_WINDOWS},
    "retryRules": {"propertyNames": {"enum": [*settings_model.RETRIES]}},
    **{name: {"pattern": f"^{form.pattern}$", "maxLength": longest} for name, (form, longest, _) in TEXTS.items()},
    **{name: {"minimum": least, "maximum": most} for name, (least, most) in RANGES.items()},
}
"""Of the struct that has the settings among its fields, for `Endpoint.refine`."""
_CEILING_SCHEMA = {"calls": {"minimum": 1, "maximum": 1000}, "periodHours": {"minimum": 1, "maximum": MAX_PERIOD_H}}
PARTS_SCHEMA: dict[str, dict[str, dict[str, Any]]] = {
    "Window": {
        "days": {"minItems": 1, "maxItems": len(DAYS), "items": {"type": "string", "enum": [*DAYS]}},
        "from": {"pattern": f"^{TIME.pattern}$"},
        "to": {"pattern": f"^({TIME.pattern}|24:00)$"},
    },
    "Retry": {
        "afterMin": {"minimum": 0, "maximum": MAX_AFTER_MIN},
        "times": {"minimum": 0, "maximum": MAX_TIMES},
    },
    "ContactCeiling": _CEILING_SCHEMA,
    "NumberCeiling": _CEILING_SCHEMA,
}
"""Of the structs within it."""
SENT_SAMPLE: dict[str, Any] = {
    "purpose": "advertising",
    "dialingMode": "agentless",
    "audioFile": "spring-offer",
    "callerId": "1900636363",
    "trunk": "carrier",
    "maxConcurrentCalls": 30,
    "preset": "vn_advertising",
    "callingWindows": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:00", "to": "11:30"}],
    "retryRules": {"no_answer": {"afterMin": 120, "times": 2}},
    "contactCeiling": {"calls": 6, "periodHours": None},
}


SAMPLE = msgspec.convert(SENT_SAMPLE, SettingsSent)


def settings_shown(settings: CallSettings) -> dict[str, Any]:
    """The fields of a CampaignDetail that tell how it calls."""
    own, contact, number = settings.windows, settings.contact_cap, settings.number_cap
    return {
        "purpose": settings.purpose,
        "dialingMode": settings.mode,
        "queueId": settings.queue_id,
        "callerId": settings.caller_id,
        "trunk": settings.trunk,
        "audioFile": settings.audio_file,
        "abandonFile": settings.abandon_file,
        "ringTimeoutSec": settings.ring_timeout_s,
        "maxConcurrentCalls": settings.max_calls,
        "callsPerSecond": settings.calls_per_second,
        "preset": settings.preset,
        "callingWindows": None if own is None else windows_of(own),
        "retryRules": _retries(settings.retries) or None,
        "contactCeiling": None if contact is None else ContactCeiling(contact.calls, _hours(contact)),
        "numberCeiling": None if number is None else _number_ceiling(number),
        "abandonmentCapPercent": settings.abandon_cap,
        "priority": settings.priority,
        "effectiveWindows": windows_of(settings_model.week(settings)),
        "effectiveRetryRules": _retries(settings_model.retries(settings)),
        "effectiveNumberCeilings": [_number_ceiling(ceiling) for ceiling in settings_model.number_caps(settings)],
    }


def windows_of(week: Week) -> list[Window]:
    """Each span once, with the days that have it, by the first of these."""
    days: dict[Span, list[str]] = {}
    for name, spans in zip(DAYS, week, strict=True):
        for span in spans:
            days.setdefault(span, []).append(name)
    return [Window(names, _clock(span.opens), _clock(span.closes)) for span, names in days.items()]


def _retries(rules: Mapping[str, RetryRule]) -> dict[str, Retry]:
    return {outcome: Retry(rule.after // MINUTE, rule.times) for outcome, rule in rules.items()}


def _number_ceiling(ceiling: FrequencyCap) -> NumberCeiling:
    return NumberCeiling(ceiling.calls, ceiling.period // HOUR)


def _hours(ceiling: FrequencyCap) -> int | None:
    return None if ceiling.period == EVER else ceiling.period // HOUR


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
