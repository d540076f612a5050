"""Call settings that a request sends: what is wrong with them, and what becomes of a campaign's own."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import TypeVar

from msgspec import UNSET, UnsetType

from tongdai import ids
from tongdai.campaigns.settings import model as settings_model
from tongdai.campaigns.settings.model import EVER, CallSettings, FrequencyCap, Preset, Problem, Purpose, RetryRule
from tongdai.campaigns.settings.view import (
    HOUR,
    MAX_AFTER_MIN,
    MAX_PERIOD_H,
    MAX_TIMES,
    MAX_WINDOWS,
    MINUTE,
    RANGES,
    TEXTS,
    TIME,
    ContactCeiling,
    NumberCeiling,
    Retry,
    SettingsSent,
    Window,
)
from tongdai.campaigns.settings.windows import DAYS, MIDNIGHT, Span, Week, week_of
from tongdai.errors import InvalidInput, shown
from tongdai.ids import QueueId

E = TypeVar("E", bound=StrEnum)
N = TypeVar("N", int, float)


def check(sent: SettingsSent) -> None:
    """InvalidInput for what is wrong in itself, whatever campaign it is sent to."""
    _made(CallSettings(), sent)


def changed(settings: CallSettings, sent: SettingsSent, country: str) -> CallSettings:
    """The settings with what is sent, for a tenant of that country; InvalidInput names what is wrong or missing.

    Whether the tenant has the queue is not looked at. Advertising without a preset gets the one of the country.
    """
    made = _made(settings, sent)
    if sent.preset is UNSET:
        made = _with_preset(made, country)
    for problem in settings_model.problems(made, country):
        raise InvalidInput(_told(problem, made, country))
    return made


def _made(settings: CallSettings, sent: SettingsSent) -> CallSettings:
    return replace(
        settings,
        purpose=_word("purpose", sent.purpose, settings.purpose),
        mode=_word("dialingMode", sent.dialingMode, settings.mode),
        queue_id=_queue(sent.queueId, settings.queue_id),
        caller_id=_text("callerId", sent.callerId, settings.caller_id),
        trunk=_text("trunk", sent.trunk, settings.trunk),
        audio_file=_text("audioFile", sent.audioFile, settings.audio_file),
        abandon_file=_text("abandonFile", sent.abandonFile, settings.abandon_file),
        ring_timeout_s=_within("ringTimeoutSec", sent.ringTimeoutSec, settings.ring_timeout_s),
        max_calls=_within("maxConcurrentCalls", sent.maxConcurrentCalls, settings.max_calls),
        calls_per_second=_within("callsPerSecond", sent.callsPerSecond, settings.calls_per_second),
        preset=_word("preset", sent.preset, settings.preset),
        windows=_week(sent.callingWindows, settings.windows),
        retries=_rules(sent.retryRules, settings.retries),
        contact_cap=_ceiling("contactCeiling", sent.contactCeiling, settings.contact_cap),
        number_cap=_ceiling("numberCeiling", sent.numberCeiling, settings.number_cap),
        abandon_cap=round(_within("abandonmentCapPercent", sent.abandonmentCapPercent, settings.abandon_cap), 2),
        priority=_within("priority", sent.priority, settings.priority),
    )


def _with_preset(settings: CallSettings, country: str) -> CallSettings:
    """Advertising that nobody said what law it keeps to, neither by a preset nor by windows of its own."""
    if settings.purpose is not Purpose.ADVERTISING or settings.preset is not Preset.NONE:
        return settings
    preset = settings_model.advertising_preset(country)
    if preset is None and settings.windows is None:
        raise InvalidInput(f"Advertising from {country} needs a preset ({_listed(Preset)}) or callingWindows: send one")
    return settings if preset is None else replace(settings, preset=preset)


def _told(problem: Problem, settings: CallSettings, country: str) -> str:
    match problem:
        case Problem.NO_QUEUE:
            return f"dialingMode {settings.mode} needs a queueId: the queue whose agents talk"
        case Problem.NO_PRESET:
            lawful = f"{Preset.VN_ADVERTISING} or {Preset.US_TELEMARKETING}"
            return f"preset must be {lawful} for advertising from {country}, not {Preset.NONE}"
        case Problem.NEVER_OPEN:
            return f"callingWindows leave no time to call: none of them is within those of preset {settings.preset}"


def _word(name: str, sent: str | UnsetType, held: E) -> E:
    if isinstance(sent, UnsetType):
        return held
    try:
        return type(held)(sent)
    except ValueError:
        raise InvalidInput(f"{name} must be one of {_listed(type(held))}, not {shown(sent)!r}") from None


def _listed(words: type[StrEnum]) -> str:
    return ", ".join(words)


def _queue(sent: int | UnsetType | None, held: QueueId | None) -> QueueId | None:
    if isinstance(sent, UnsetType):
        return held
    if sent is None:
        return None
    if not 0 < sent < 10**ids.MAX_DIGITS:
        raise InvalidInput(f"queueId must be an id, a whole number above 0, not {shown(sent)}")
    return QueueId(sent)


def _text(name: str, sent: str | UnsetType | None, held: str | None) -> str | None:
    if isinstance(sent, UnsetType):
        return held
    form, longest, expected = TEXTS[name]
    if sent is not None and (len(sent) > longest or not form.fullmatch(sent)):
        raise InvalidInput(f"{name} must be {expected}, not {shown(sent)!r}")
    return sent


def _within(name: str, sent: N | UnsetType, held: N) -> N:
    return held if isinstance(sent, UnsetType) else _between(name, sent, *RANGES[name])


def _between(name: str, value: N, least: int, most: int) -> N:
    if not least <= value <= most:
        raise InvalidInput(f"{name} must be {least} to {most}, not {shown(value)}")
    return value


def _ceiling(
    name: str, sent: ContactCeiling | NumberCeiling | UnsetType | None, held: FrequencyCap | None
) -> FrequencyCap | None:
    if sent is None or isinstance(sent, UnsetType):
        return None if sent is None else held
    calls, hours = _between(f"{name}.calls", sent.calls, 1, 1000), sent.periodHours
    if hours is None:
        return FrequencyCap(calls, EVER)
    return FrequencyCap(calls, _between(f"{name}.periodHours", hours, 1, MAX_PERIOD_H) * HOUR)


def _rules(sent: dict[str, Retry] | UnsetType | None, held: Mapping[str, RetryRule]) -> Mapping[str, RetryRule]:
    if isinstance(sent, UnsetType):
        return held
    rules: dict[str, RetryRule] = {}
    for outcome, rule in (sent or {}).items():
        if outcome not in settings_model.RETRIES:
            raise InvalidInput(f"retryRules must be of {', '.join(settings_model.RETRIES)}, not {shown(outcome)!r}")
        name = f"retryRules.{outcome}"
        times = _between(f"{name}.times", rule.times, 0, MAX_TIMES)
        after = _between(f"{name}.afterMin", rule.afterMin, 1 if times else 0, MAX_AFTER_MIN)
        rules[outcome] = RetryRule(after * MINUTE, times)
    return rules


def _week(sent: list[Window] | UnsetType | None, held: Week | None) -> Week | None:
    if sent is None or isinstance(sent, UnsetType):
        return None if sent is None else held
    if not 0 < len(sent) <= MAX_WINDOWS:
        raise InvalidInput(f"callingWindows must be 1 to {MAX_WINDOWS} windows, or null for the preset's")
    days: list[list[Span]] = [[] for _ in DAYS]
    for place, window in enumerate(sent):
        name = f"callingWindows[{place}]"
        span = Span(_minute(f"{name}.from", window.from_, last=False), _minute(f"{name}.to", window.to, last=True))
        if span.opens >= span.closes:
            raise InvalidInput(
                f"{name} must be from an earlier time to a later one: over midnight it takes two windows"
            )
        for day in _days(name, window.days):
            days[day].append(span)
    return week_of(days)


def _days(name: str, sent: list[str]) -> list[int]:
    if not 0 < len(sent) <= len(DAYS) or not set(sent) <= set(DAYS):
        raise InvalidInput(f"{name}.days must be 1 to 7 of {', '.join(DAYS)}, not {shown(sent)}")
    return [DAYS.index(day) for day in sent]


def _minute(name: str, sent: str, *, last: bool) -> int:
    if last and sent == "24:00":
        return MIDNIGHT
    if not TIME.fullmatch(sent):
        raise InvalidInput(f"{name} must be a time, 00:00 to {'24:00' if last else '23:59'}, not {shown(sent)!r}")
    return int(sent[:2]) * 60 + int(sent[3:])
