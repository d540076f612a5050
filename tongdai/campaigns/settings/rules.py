"""Calling rules: contradictions among settings, calling windows, frequency caps and retries. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from tongdai.call_outcome import DUE_AT_ONCE
from tongdai.campaigns.settings import windows
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.values import DAY, EVER, NEVER, RETRIES, FrequencyCap, Mode, Preset, Purpose, RetryRule
from tongdai.campaigns.settings.windows import ALWAYS, Week, both, every_day

STANDARD_HOURS = every_day(8 * 60, 21 * 60)
"""Calling hours of tenants that have none of their own."""
_PRESET_WEEKS: Mapping[Preset, Week] = {
    Preset.NONE: ALWAYS,
    Preset.TENANT_HOURS: ALWAYS,
    Preset.US_TELEMARKETING: every_day(8 * 60, 21 * 60),
    Preset.VN_ADVERTISING: every_day(8 * 60, 17 * 60),
}
_PRESET_NUMBER_CAPS: Mapping[Preset, FrequencyCap] = {Preset.VN_ADVERTISING: FrequencyCap(1, DAY)}
_COUNTRY_PRESETS: Mapping[str, Preset] = {
    "VN": Preset.VN_ADVERTISING,
    "US": Preset.US_TELEMARKETING,
}
"""The law on advertising in the tenant's country."""


class Played(NamedTuple):
    """The sound that a campaign plays to those who answer."""

    wire: str
    """The setting that names it, as in requests."""
    name: str | None
    """None: the server's default."""

    @property
    def is_message(self) -> bool:
        """Whether it is the message of a campaign without agents; otherwise an abandonment message."""
        return self.wire == "audioFile"


class Problem(StrEnum):
    """A contradiction among settings."""

    NO_QUEUE = "no_queue"
    """The mode needs a queue whose agents talk."""
    NO_PRESET = "no_preset"
    """Advertising without the preset of a law in a country that has one."""
    NEVER_OPEN = "never_open"
    """The campaign's windows and those of its preset have no minute in common."""


def problems(settings: CallSettings, country: str = "") -> list[Problem]:
    """All contradictions in the settings of a campaign of a tenant of that country."""
    found: list[Problem] = []
    if settings.mode is not Mode.AGENTLESS and settings.queue_id is None:
        found.append(Problem.NO_QUEUE)
    no_preset = settings.purpose is Purpose.ADVERTISING and not is_law(settings.preset)
    if no_preset and advertising_preset(country) is not None:
        found.append(Problem.NO_PRESET)
    if not any(week(settings)):
        found.append(Problem.NEVER_OPEN)
    return found


def played(settings: CallSettings) -> Played | None:
    """The message of a campaign without agents, else its abandonment message; None: it plays nothing."""
    if settings.mode is Mode.AGENTLESS or settings.queue_id is None:
        return Played("audioFile", settings.audio_file)
    return None if settings.abandon_file is None else Played("abandonFile", settings.abandon_file)


def is_law(preset: Preset) -> bool:
    return preset not in {Preset.NONE, Preset.TENANT_HOURS}


def advertising_preset(country: str) -> Preset | None:
    """The default preset of advertising campaigns in a country; None: there is no preset for it."""
    return _COUNTRY_PRESETS.get(country)


def in_force(settings: CallSettings, hours: Week | None) -> CallSettings:
    """The settings by which a campaign calls, its tenant's calling hours among them; None: the standard hours."""
    if settings.preset is not Preset.TENANT_HOURS or settings.windows is not None:
        return settings
    return replace(settings, windows=STANDARD_HOURS if hours is None else hours)


def week(settings: CallSettings) -> Week:
    """The windows in effect: those of the preset, narrowed by the campaign's own.

    Without windows, `tenant_hours` means the standard ones: `in_force` knows the tenant's.
    """
    settings = in_force(settings, None)
    preset = _PRESET_WEEKS[settings.preset]
    return preset if settings.windows is None else both(preset, settings.windows)


def retries(settings: CallSettings) -> Mapping[str, RetryRule]:
    """The retry rules in effect, by outcome."""
    return {**RETRIES, **settings.retries}


def number_caps(settings: CallSettings) -> tuple[FrequencyCap, ...]:
    """The frequency caps for a number over all campaigns of the tenant: the campaign's own and its preset's."""
    caps = (settings.number_cap, _PRESET_NUMBER_CAPS.get(settings.preset))
    return tuple(cap for cap in caps if cap is not None)


def open_until(settings: CallSettings, zone: str, tenant_zone: str, now: datetime) -> datetime | None:
    """When the calling window that is open now closes (FOREVER: never); None: closed.

    `zone` is the contact's: `A,B` must be open in both; '' (unknown) is the tenant's zone, or closed under a law.
    """
    zones = _zones(settings, zone, tenant_zone)
    return None if zones is None else windows.open_until(week(settings), zones, now)


def next_open(settings: CallSettings, zone: str, tenant_zone: str, at: datetime) -> datetime | None:
    """The first instant not before `at` that is inside the calling windows; None: never."""
    zones = _zones(settings, zone, tenant_zone)
    return None if zones is None else windows.next_open(week(settings), zones, at)


def next_attempt_at(
    settings: CallSettings,
    outcome: str,
    outcomes_before: Mapping[str, int],
    dialled_at: Sequence[datetime],
    zone: str,
    tenant_zone: str,
    now: datetime,
) -> datetime | None:
    """When to call a contact again after a call that ended now with that outcome; None: never, the contact is
    processed.

    `outcomes_before` and `dialled_at` (oldest first) describe its earlier calls. For the contact's frequency cap this
    call counts as dialled now, at its end.
    """
    if outcome in DUE_AT_ONCE:
        return next_open(settings, zone, tenant_zone, now)
    rule = settings.retries.get(outcome) or RETRIES.get(outcome, NEVER)
    if outcomes_before.get(outcome, 0) >= rule.times:
        return None
    free = _below_cap_at(settings.contact_cap, [*dialled_at, now])
    return None if free is None else next_open(settings, zone, tenant_zone, max(now + rule.after, free))


def _below_cap_at(cap: FrequencyCap | None, dialled_at: Sequence[datetime]) -> datetime | None:
    """When the cap allows one more call; None: never."""
    if cap is None or len(dialled_at) < cap.calls:
        return dialled_at[-1]
    return None if cap.period == EVER else dialled_at[-cap.calls] + cap.period


def _zones(settings: CallSettings, zone: str, tenant_zone: str) -> str | None:
    if zone or is_law(settings.preset):
        return zone or None
    return tenant_zone
