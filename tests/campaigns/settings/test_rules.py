"""Calling windows, frequency caps and retries."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.call_outcome import DUE_AT_ONCE, NOT_PLACED, Outcome
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.rules import (
    Problem,
    in_force,
    next_attempt_at,
    next_open,
    number_caps,
    open_until,
    problems,
    week,
)
from tongdai.campaigns.settings.values import EVER, RETRIES, FrequencyCap, Mode, Preset, Purpose, RetryRule
from tongdai.campaigns.settings.windows import ALWAYS, FOREVER, MIDNIGHT, Span, both, every_day, week_of
from tongdai.ids import QueueId

VN = "Asia/Ho_Chi_Minh"
NY = "America/New_York"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ANY = CallSettings(preset=Preset.NONE)
UNSET = CallSettings()
ADVERTISING = CallSettings(preset=Preset.VN_ADVERTISING)
US = CallSettings(preset=Preset.US_TELEMARKETING)
PRESETS = [ADVERTISING, US]


def local(text: str, zone: str = VN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


NOON = local("2026-03-10T12:00")

# Windows


@pytest.mark.parametrize(("settings", "hours"), [(ADVERTISING, (8, 17)), (US, (8, 21))])
@pytest.mark.parametrize("day", range(10, 17))
@pytest.mark.parametrize("zone", [VN, NY])
def test_preset_is_open_every_day_from_its_first_hour_to_its_last(settings, hours, day, zone):
    opens, closes = (local(f"2026-03-{day}T{hour:02}:00", zone) for hour in hours)
    assert open_until(settings, zone, "UTC", opens - timedelta(microseconds=1)) is None
    assert open_until(settings, zone, "UTC", opens) == closes
    assert open_until(settings, zone, "UTC", closes - timedelta(microseconds=1)) == closes
    assert open_until(settings, zone, "UTC", closes) is None
    assert next_open(settings, zone, "UTC", closes) == local(f"2026-03-{day + 1}T{hours[0]:02}:00", zone)


def test_campaign_with_nothing_set_calls_within_the_standard_hours_or_its_tenants():
    """Never at any hour: that must be said."""
    night, morning = local("2026-03-10T01:00"), local("2026-03-10T08:00")
    for zone in ("", VN):
        assert open_until(UNSET, zone, VN, night) is None
        assert next_open(UNSET, zone, VN, night) == morning
        assert open_until(UNSET, zone, VN, morning) == local("2026-03-10T21:00")
        assert open_until(in_force(UNSET, None), zone, VN, night) is None
        assert open_until(in_force(UNSET, every_day(0, 120)), zone, VN, night) == local("2026-03-10T02:00")
        assert open_until(in_force(UNSET, ALWAYS), zone, VN, night) == FOREVER


@pytest.mark.parametrize("settings", [ANY, US, ADVERTISING, CallSettings(windows=every_day(0, 60))])
def test_hours_of_the_tenant_concern_only_campaigns_without_preset_and_windows(settings):
    assert in_force(settings, every_day(600, 660)) == settings


def test_campaign_that_says_none_calls_at_any_hour_anywhere():
    for zone in ("", VN, "Nowhere"):
        assert open_until(ANY, zone, VN, NOON) == FOREVER
        assert next_open(ANY, zone, VN, NOON) == NOON


def test_zone_that_is_not_known_is_the_tenants():
    settings = CallSettings(windows=every_day(12 * 60, 13 * 60))
    assert open_until(settings, "", VN, NOON) == NOON + HOUR
    assert open_until(settings, "", "UTC", NOON) is None
    assert open_until(settings, NY, VN, NOON) is None


@pytest.mark.parametrize("settings", PRESETS)
def test_under_a_preset_zone_that_is_not_known_is_closed(settings):
    assert open_until(settings, "", VN, NOON) is None
    assert next_open(settings, "", VN, NOON) is None
    assert next_attempt_at(settings, "busy", {}, [], "", VN, NOON) is None


def test_several_zones_must_be_open_together():
    zones = f"{NY},America/Los_Angeles"
    opens, closes = local("2026-03-10T08:00", "America/Los_Angeles"), local("2026-03-10T21:00", NY)
    assert next_open(US, zones, VN, local("2026-03-10T08:00", NY)) == opens
    assert open_until(US, zones, VN, opens) == closes
    assert open_until(US, zones, VN, closes) is None


SPANS = st.tuples(st.integers(0, MIDNIGHT), st.integers(0, MIDNIGHT)).map(lambda ends: Span(min(ends), max(ends)))
WEEKS = st.lists(st.lists(SPANS, max_size=3), min_size=7, max_size=7).map(week_of)


@given(st.sampled_from(PRESETS), WEEKS)
def test_own_windows_narrow_a_preset_and_never_widen_it(settings, windows):
    narrowed = week(replace(settings, windows=windows))
    assert both(narrowed, week(settings)) == narrowed
    assert both(narrowed, windows) == narrowed


def test_own_windows_are_all_there_is_without_a_preset():
    windows = every_day(60, 1380)
    assert week(CallSettings(windows=windows)) == windows


# Frequency caps for a number


def test_advertising_in_vietnam_calls_a_number_once_in_24_hours_beside_the_campaigns_own_cap():
    own = FrequencyCap(3, 30 * DAY)
    assert number_caps(ADVERTISING) == (FrequencyCap(1, DAY),)
    assert number_caps(replace(ADVERTISING, number_cap=own)) == (own, FrequencyCap(1, DAY))
    assert number_caps(replace(US, number_cap=own)) == (own,)
    assert number_caps(ANY) == ()


# Called again


def again(
    settings: CallSettings, outcome: str, before: int = 0, dialled_at: Sequence[datetime] = (), now: datetime = NOON
) -> datetime | None:
    return next_attempt_at(settings, outcome, {outcome: before}, dialled_at, VN, VN, now)


@pytest.mark.parametrize(
    ("outcome", "minutes", "times"),
    [("no_answer", 60, 3), ("busy", 10, 3), ("failed", 2, 5), ("machine", 240, 2), ("abandoned", 4320, 1)],
)
def test_default_rule_calls_again_after_its_delay_up_to_its_number_of_times(outcome, minutes, times):
    found = [again(ANY, outcome, before) for before in range(times + 1)]
    assert found == [NOON + minutes * MINUTE] * times + [None]


@pytest.mark.parametrize(
    "outcome", sorted(set(Outcome) - RETRIES.keys() - DUE_AT_ONCE | {"invalid_number", "unheard_of"})
)
def test_no_other_outcome_is_called_again(outcome):
    assert again(ANY, outcome) is None


def test_outcomes_without_a_placed_call_are_due_at_once_or_on_a_do_not_call_list():
    assert DUE_AT_ONCE | {"dnc"} == NOT_PLACED


@pytest.mark.parametrize("outcome", sorted(DUE_AT_ONCE))
def test_contact_that_was_not_called_is_due_in_the_next_window_whatever_the_rules_and_caps(outcome):
    settings = replace(ADVERTISING, contact_cap=FrequencyCap(1, EVER))
    assert again(settings, outcome, 50, [NOON]) == NOON
    assert again(settings, outcome, now=local("2026-03-10T17:00")) == local("2026-03-11T08:00")


def test_other_outcomes_count_for_other_rules():
    assert next_attempt_at(ANY, "busy", {"no_answer": 9, "failed": 9}, [], VN, VN, NOON) == NOON + 10 * MINUTE


def test_rule_of_the_campaign_replaces_only_the_default_of_its_outcome():
    rules = {"busy": RetryRule(5 * MINUTE, 1), "no_answer": RetryRule(MINUTE, 0), "invalid_number": RetryRule(DAY, 1)}
    settings = CallSettings(preset=Preset.NONE, retries=rules)
    assert (again(settings, "busy"), again(settings, "busy", 1)) == (NOON + 5 * MINUTE, None)
    assert again(settings, "no_answer") is None
    assert again(settings, "invalid_number") == NOON + DAY
    assert again(settings, "failed") == NOON + 2 * MINUTE


def test_next_call_moves_into_the_next_window():
    late = local("2026-03-10T16:30")
    assert again(ADVERTISING, "no_answer", now=late) == local("2026-03-11T08:00")
    assert again(ADVERTISING, "busy", now=late) == late + 10 * MINUTE


def test_contact_at_its_cap_of_all_time_is_processed():
    settings = CallSettings(preset=Preset.NONE, contact_cap=FrequencyCap(3, EVER))
    assert again(settings, "busy", dialled_at=[NOON - HOUR]) == NOON + 10 * MINUTE
    assert again(settings, "busy", dialled_at=[NOON - 9 * DAY, NOON - HOUR]) is None


def test_contact_at_its_cap_is_called_when_the_oldest_call_leaves_the_period():
    settings = CallSettings(preset=Preset.NONE, contact_cap=FrequencyCap(3, DAY))
    assert again(settings, "busy", dialled_at=[NOON - 20 * HOUR, NOON - 5 * HOUR]) == NOON + 4 * HOUR
    calls = [NOON - 40 * HOUR, NOON - 30 * HOUR, NOON - 5 * HOUR]
    assert again(settings, "busy", dialled_at=calls) == NOON + 10 * MINUTE
    assert again(CallSettings(preset=Preset.NONE, contact_cap=FrequencyCap(1, DAY)), "busy") == NOON + DAY


PAST = st.lists(st.integers(1, 10_000), max_size=30).map(lambda back: [NOON - m * MINUTE for m in sorted(back)[::-1]])


@given(PAST, st.integers(1, 5), st.integers(1, 200), st.sampled_from([ANY, ADVERTISING, US]), st.integers(0, MIDNIGHT))
def test_no_span_of_the_period_holds_more_calls_than_the_cap_unless_it_did_before(calls, most, hours, held, after):
    period, now = hours * HOUR, NOON + after * MINUTE
    due = again(replace(held, contact_cap=FrequencyCap(most, period)), "no_answer", dialled_at=calls, now=now)
    assert due is not None
    assert due >= now + HOUR
    assert open_until(held, VN, VN, due) is not None
    assert len([call for call in [*calls, now] if call > due - period]) < most


# Contradictions


@pytest.mark.parametrize("mode", Mode)
def test_modes_with_agents_need_a_queue(mode):
    assert (problems(CallSettings(mode=mode)) == [Problem.NO_QUEUE]) == (mode is not Mode.AGENTLESS)
    assert problems(CallSettings(mode=mode, queue_id=QueueId(1))) == []


@pytest.mark.parametrize(("country", "lawless"), [("VN", True), ("US", True), ("CA", False), ("", False)])
def test_advertising_keeps_to_the_preset_of_its_country(country, lawless):
    settings = CallSettings(purpose=Purpose.ADVERTISING)
    assert problems(settings, country) == ([Problem.NO_PRESET] if lawless else [])
    for preset in (Preset.US_TELEMARKETING, Preset.VN_ADVERTISING):
        assert problems(replace(settings, preset=preset), country) == []
    assert problems(CallSettings(), country) == []


def test_windows_that_leave_no_minute_of_the_preset_are_a_problem():
    assert problems(replace(US, windows=every_day(0, 480))) == [Problem.NEVER_OPEN]
    assert problems(replace(US, windows=every_day(0, 481))) == []
