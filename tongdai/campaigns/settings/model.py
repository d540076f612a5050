"""How a campaign calls: its settings, when a contact may be called, and when it is called again. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from tongdai.campaigns.settings import windows
from tongdai.campaigns.settings.windows import ALWAYS, FOREVER, Week, both, every_day
from tongdai.ids import QueueId

__all__ = ["FOREVER"]  # among what is defined here

EVER = timedelta.max
"""The period of a ceiling that never frees a place."""
DAY = timedelta(hours=24)


class Mode(StrEnum):
    AGENTLESS = "agentless"
    """Whoever answers hears an audio file."""
    PREVIEW = "preview"
    """An agent looks at a contact first, and has it called."""
    PROGRESSIVE = "progressive"
    """A call for each free agent."""
    PREDICTIVE = "predictive"
    """More than that, for agents who will be free."""


class Purpose(StrEnum):
    ADVERTISING = "advertising"
    COLLECTION = "collection"
    SERVICE = "service"
    SURVEY = "survey"


class Preset(StrEnum):
    """The law that a campaign keeps to. docs/calling-rules.md has the sources."""

    NONE = "none"
    US_TELEMARKETING = "us_telemarketing"
    """47 CFR 64.1200(c)(1), 16 CFR 310.4(c): from 8 to 21 where the person called is."""
    VN_ADVERTISING = "vn_advertising"
    """Decree 91/2020/ND-CP: from 8 to 17, and one call a number in 24 hours."""


@dataclass(frozen=True, slots=True)
class FrequencyCap:
    """At most so many calls in any span of that length."""

    calls: int
    period: timedelta
    """EVER: in all time."""


@dataclass(frozen=True, slots=True)
class RetryRule:
    """After such an outcome the contact is called again, so long after it, so many times (0: never)."""

    after: timedelta
    times: int


NEVER = RetryRule(timedelta(0), 0)
RETRIES: Mapping[str, RetryRule] = {
    "no_answer": RetryRule(timedelta(minutes=60), 3),
    "busy": RetryRule(timedelta(minutes=10), 3),
    "failed": RetryRule(timedelta(minutes=2), 5),
    "invalid_number": NEVER,
    "machine": RetryRule(timedelta(hours=4), 2),
    "abandoned": RetryRule(timedelta(hours=72), 1),
}
"""The usual rules, of all outcomes that may have one: those answered, lost or on a do-not-call list are never called
again. Who answered and was abandoned is left alone for 72 hours, as Ofcom asks in the United Kingdom."""
AT_ONCE = frozenset({"cancelled", "out_of_window"})
"""Nobody was called: called again as soon as a window is open, which counts for no rule and no ceiling."""

_WEEKS: Mapping[Preset, Week] = {
    Preset.NONE: ALWAYS,
    Preset.US_TELEMARKETING: every_day(8 * 60, 21 * 60),
    Preset.VN_ADVERTISING: every_day(8 * 60, 17 * 60),
}
_NUMBER_CEILINGS: Mapping[Preset, FrequencyCap] = {Preset.VN_ADVERTISING: FrequencyCap(1, DAY)}
_COUNTRY_PRESETS: Mapping[str, Preset] = {
    "VN": Preset.VN_ADVERTISING,
    "US": Preset.US_TELEMARKETING,
}
"""What advertising keeps to in the tenant's country."""


@dataclass(frozen=True, slots=True)
class CallSettings:
    purpose: Purpose = Purpose.SERVICE
    mode: Mode = Mode.AGENTLESS
    queue_id: QueueId | None = None
    """Whose agents talk; all modes but agentless need one."""
    caller_id: str | None = None
    """As is every text here: None is the default of the server's settings, or nothing."""
    trunk: str | None = None
    audio_file: str | None = None
    """What agentless calls play."""
    abandon_file: str | None = None
    """What they hear for whom no agent came."""
    ring_timeout_s: int = 30
    max_calls: int = 10
    """At once."""
    calls_per_second: int = 5
    preset: Preset = Preset.NONE
    windows: Week | None = None
    """Within those of the preset; None: these."""
    retries: Mapping[str, RetryRule] = field(default_factory=dict[str, RetryRule])
    """By outcome, those that are not the usual ones."""
    contact_cap: FrequencyCap | None = None
    number_cap: FrequencyCap | None = None
    """Over all campaigns of the tenant."""
    abandon_cap: float = 3.0
    """Percent of the live answers."""
    priority: int = 0
    """Higher first."""


class Problem(StrEnum):
    NO_QUEUE = "no_queue"
    """Its mode needs the queue whose agents talk."""
    NO_PRESET = "no_preset"
    """Advertising in a country whose law is a preset, without any."""
    NEVER_OPEN = "never_open"
    """Its own windows and those of its preset have no minute in common."""


def problems(settings: CallSettings, country: str = "") -> list[Problem]:
    """What does not go together, of a campaign of a tenant of that country."""
    found: list[Problem] = []
    if settings.mode is not Mode.AGENTLESS and settings.queue_id is None:
        found.append(Problem.NO_QUEUE)
    lawless = settings.purpose is Purpose.ADVERTISING and settings.preset is Preset.NONE
    if lawless and advertising_preset(country) is not None:
        found.append(Problem.NO_PRESET)
    if not any(week(settings)):
        found.append(Problem.NEVER_OPEN)
    return found


def advertising_preset(country: str) -> Preset | None:
    """What advertising campaigns of a country's tenants have unless they say which; None: there is no preset for it."""
    return _COUNTRY_PRESETS.get(country)


def week(settings: CallSettings) -> Week:
    """The windows in effect: those of the preset, narrowed by the campaign's own."""
    preset = _WEEKS[settings.preset]
    return preset if settings.windows is None else both(preset, settings.windows)


def retries(settings: CallSettings) -> Mapping[str, RetryRule]:
    """The rules in effect, by outcome."""
    return {**RETRIES, **settings.retries}


def number_caps(settings: CallSettings) -> tuple[FrequencyCap, ...]:
    """For a number, over all campaigns of the tenant: the campaign's own and its preset's."""
    ceilings = (settings.number_cap, _NUMBER_CEILINGS.get(settings.preset))
    return tuple(ceiling for ceiling in ceilings if ceiling is not None)


def open_until(settings: CallSettings, zone: str, tenant_zone: str, now: datetime) -> datetime | None:
    """Where the calling window that is open now closes (FOREVER: never); None: closed.

    `zone` is as contacts have it: `A,B` must be open in both; '' (not known) is the tenant's, closed under a preset.
    """
    zones = _zones(settings, zone, tenant_zone)
    return None if zones is None else windows.open_until(week(settings), zones, now)


def next_open(settings: CallSettings, zone: str, tenant_zone: str, at: datetime) -> datetime | None:
    """The first instant from `at` on that is inside the calling windows; None: never."""
    zones = _zones(settings, zone, tenant_zone)
    return None if zones is None else windows.next_open(week(settings), zones, at)


def call_again_at(
    settings: CallSettings,
    outcome: str,
    outcomes_before: Mapping[str, int],
    dialled_at: Sequence[datetime],
    zone: str,
    tenant_zone: str,
    now: datetime,
) -> datetime | None:
    """When a contact is called again whose call ended now with that outcome; None: it is processed.

    `outcomes_before` and `dialled_at` (oldest first) are of its earlier calls, this one not among them. For the
    contact's ceiling this one counts as of now, its end.
    """
    if outcome in AT_ONCE:
        return next_open(settings, zone, tenant_zone, now)
    rule = settings.retries.get(outcome) or RETRIES.get(outcome, NEVER)
    if outcomes_before.get(outcome, 0) >= rule.times:
        return None
    free = _place_free_at(settings.contact_cap, [*dialled_at, now])
    return None if free is None else next_open(settings, zone, tenant_zone, max(now + rule.after, free))


def _place_free_at(ceiling: FrequencyCap | None, dialled_at: Sequence[datetime]) -> datetime | None:
    """When one call more keeps to the ceiling; None: never."""
    if ceiling is None or len(dialled_at) < ceiling.calls:
        return dialled_at[-1]
    return None if ceiling.period == EVER else dialled_at[-ceiling.calls] + ceiling.period


def _zones(settings: CallSettings, zone: str, tenant_zone: str) -> str | None:
    if zone or settings.preset is not Preset.NONE:
        return zone or None
    return tenant_zone
