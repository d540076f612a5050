"""Opening hours agree with a naive reading of the wall clock, whatever clocks, holidays and midnights do."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongdai.local_time import MIDNIGHT
from tongdai.queues.holidays.model import DaySpan, Holiday
from tongdai.queues.hours.core import AHEAD_DAYS, merged, open_at, rules_of, week_of
from tongdai.queues.hours.model import (
    ALWAYS,
    NOTHING_SET,
    Closed,
    Closure,
    Hours,
    Open,
    OpeningRules,
    Reason,
)
from tongdai.queues.model import HANG_UP, Destination, DestinationKind

MINUTE = timedelta(minutes=1)
VN = "Asia/Ho_Chi_Minh"
ZONES = (VN, "America/New_York", "Europe/London", "Australia/Lord_Howe")


def spans(*texts: str) -> list[DaySpan]:
    found: list[DaySpan] = []
    for text in texts:
        opens, closes = (int(part[:2]) * 60 + int(part[3:]) for part in text.split("-"))
        found.append(DaySpan(opens, closes if opens < closes else closes + MIDNIGHT))
    return found


def at(text: str, zone: str = VN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


OFFICE = week_of([*[spans("08:00-12:00", "13:00-17:30") for _ in range(5)], spans("08:00-12:00"), []])
NIGHTS = week_of([spans("22:00-06:00") for _ in range(7)])
TET = {date(2027, 2, day): Holiday("Tết Nguyên Đán") for day in range(4, 11)}


def inside(rules: OpeningRules, now: datetime) -> bool:
    """The wall clock, read minute by minute."""
    if any(one.until is None or now < one.until for one in rules.closures):
        return False
    shown = now.astimezone(ZoneInfo(rules.zone))
    minute, today = shown.hour * 60 + shown.minute, shown.date()
    return _covered(rules, today, minute) or _covered(rules, today - timedelta(days=1), minute + MIDNIGHT)


def _covered(rules: OpeningRules, day: date, minute: int) -> bool:
    holiday = rules.holidays.get(day)
    spans = rules.week[day.weekday()] if holiday is None else holiday.spans
    return any(opens <= minute < closes for opens, closes in spans)


TIMES = st.integers(0, MIDNIGHT - 1)
SPANS = st.builds(lambda opens, length: DaySpan(opens, opens + length), TIMES, st.integers(1, MIDNIGHT))
DAYS = st.lists(SPANS, max_size=3)
WEEKS = st.lists(DAYS, min_size=7, max_size=7).map(week_of) | st.just(ALWAYS)
CHANGES = [
    datetime(2026, 3, 8, 7, tzinfo=UTC),
    datetime(2026, 11, 1, 6, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),
]
INSTANTS = st.builds(
    lambda change, minutes: change + minutes * MINUTE,
    st.sampled_from([*CHANGES, datetime(2026, 6, 10, tzinfo=UTC)]),
    st.integers(-4 * MIDNIGHT, 4 * MIDNIGHT),
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[OpeningRules, datetime]:
    now = draw(INSTANTS)
    near = st.integers(-3, 5).map(lambda days: (now + timedelta(days=days)).date())
    holidays = draw(st.dictionaries(near, st.builds(Holiday, st.just("H"), DAYS.map(merged)), max_size=3))
    until = st.none() | st.integers(-60, 3000).map(lambda minutes: now + minutes * MINUTE)
    closures = tuple(map(Closure, draw(st.lists(until, max_size=2))))
    return OpeningRules(draw(st.sampled_from(ZONES)), draw(WEEKS), True, holidays, closures), now


@given(cases())
@settings(deadline=None)
def test_answer_is_that_of_the_wall_clock_until_it_changes(case: tuple[OpeningRules, datetime]) -> None:
    rules, now = case
    found = open_at(rules, now)
    assert isinstance(found, Open) == inside(rules, now)
    horizon = now + timedelta(days=9)
    minute = now
    while minute < min(found.until or horizon, horizon):
        assert inside(rules, minute) == isinstance(found, Open), minute
        minute += MINUTE
    if found.until is not None:
        assert now < found.until
        assert inside(rules, found.until) != isinstance(found, Open)


@given(cases())
@settings(deadline=None)
def test_reason_is_the_switch_first_then_a_holiday(case: tuple[OpeningRules, datetime]) -> None:
    rules, now = case
    found = open_at(rules, now)
    if isinstance(found, Open):
        return
    assert (found.reason is Reason.CLOSED_NOW) == any(one.holds(now) for one in rules.closures)
    assert (found.holiday is not None) == (found.reason is Reason.HOLIDAY)
    if found.reason is Reason.HOLIDAY:
        today = now.astimezone(ZoneInfo(rules.zone)).date()
        assert {today, today - timedelta(days=1)} & rules.holidays.keys()


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-30T08:00", "2026-11-30T12:00"),
        ("2026-11-30T11:59:59", "2026-11-30T12:00"),
        ("2026-12-05T09:00", "2026-12-05T12:00"),
    ],
)
def test_open_until_the_span_closes(now: str, until: str) -> None:
    assert open_at(OpeningRules(VN, OFFICE), at(now)) == Open(at(until))


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-30T07:59:59", "2026-11-30T08:00"),
        ("2026-11-30T12:00", "2026-11-30T13:00"),
        ("2026-12-05T12:00", "2026-12-07T08:00"),
    ],
)
def test_closed_until_the_next_span_opens(now: str, until: str) -> None:
    assert open_at(OpeningRules(VN, OFFICE), at(now)) == Closed(Reason.OUTSIDE_HOURS, at(until))


def test_span_over_midnight_belongs_to_the_day_on_which_it_opens() -> None:
    saturday = {date(2026, 12, 5): Holiday("A day")}
    rules = OpeningRules(VN, NIGHTS, True, saturday)
    assert open_at(rules, at("2026-12-05T05:59")) == Open(at("2026-12-05T06:00"))  # of Friday
    assert open_at(rules, at("2026-12-05T23:00")) == Closed(Reason.HOLIDAY, at("2026-12-06T22:00"), "A day")
    assert open_at(rules, at("2026-12-06T02:00")) == Closed(Reason.HOLIDAY, at("2026-12-06T22:00"), "A day")
    assert open_at(rules, at("2026-12-06T12:00")) == Closed(Reason.OUTSIDE_HOURS, at("2026-12-06T22:00"))


def test_spans_that_meet_at_midnight_are_one() -> None:
    rules = OpeningRules(VN, week_of([spans("18:00-24:00", "00:00-03:00") for _ in range(7)]))
    assert open_at(rules, at("2026-12-01T20:00")) == Open(at("2026-12-02T03:00"))


def test_holidays_in_a_row_are_closed_to_their_end() -> None:
    rules = OpeningRules(VN, OFFICE, True, TET)
    assert open_at(rules, at("2027-02-06T09:00")) == Closed(Reason.HOLIDAY, at("2027-02-11T08:00"), "Tết Nguyên Đán")
    assert open_at(rules, at("2027-02-03T16:00")) == Open(at("2027-02-03T17:30"))


def test_half_day_has_hours_of_its_own() -> None:
    half = {date(2026, 12, 31): Holiday("New Year's Eve", tuple(spans("09:00-11:00")))}
    rules = OpeningRules(VN, OFFICE, True, half)
    assert open_at(rules, at("2026-12-31T09:30")) == Open(at("2026-12-31T11:00"))
    assert open_at(rules, at("2026-12-31T14:00")) == Closed(Reason.HOLIDAY, at("2027-01-01T08:00"), "New Year's Eve")


def test_holiday_interrupts_a_queue_that_is_always_open() -> None:
    rules = OpeningRules(VN, ALWAYS, True, {date(2027, 1, 1): Holiday("Tết Dương lịch")})
    assert open_at(rules, at("2026-12-20T03:00")) == Open(at("2027-01-01T00:00"))
    assert open_at(rules, at("2027-01-01T03:00")) == Closed(Reason.HOLIDAY, at("2027-01-02T00:00"), "Tết Dương lịch")
    assert open_at(rules, at("2027-01-02T03:00")) == Open(None)


def test_closed_switch_ends_by_itself_at_the_first_open_instant() -> None:
    until = at("2026-11-30T12:30")
    rules = OpeningRules(VN, OFFICE, closures=(Closure(until), Closure(at("2026-11-30T10:00"))))
    assert open_at(rules, at("2026-11-30T09:00")) == Closed(Reason.CLOSED_NOW, at("2026-11-30T13:00"))
    assert open_at(rules, until) == Closed(Reason.OUTSIDE_HOURS, at("2026-11-30T13:00"))
    endless = OpeningRules(VN, OFFICE, closures=(Closure(until), Closure()))
    assert open_at(endless, at("2026-11-30T09:00")) == Closed(Reason.CLOSED_NOW, None)


def test_closure_to_the_end_of_time_is_no_error() -> None:
    last = datetime.max.replace(tzinfo=UTC)
    assert open_at(OpeningRules(VN, OFFICE, closures=(Closure(last),)), at("2026-11-30T09:00")) == Closed(
        Reason.CLOSED_NOW, last
    )


def test_hour_that_clocks_repeat_is_open_both_times_and_one_that_they_skip_is_in_no_span() -> None:
    nights = OpeningRules("America/New_York", week_of([spans("01:00-02:00", "02:10-02:50") for _ in range(7)]))
    assert open_at(nights, datetime(2026, 11, 1, 5, 30, tzinfo=UTC)) == Open(datetime(2026, 11, 1, 7, 0, tzinfo=UTC))
    spring = open_at(nights, datetime(2026, 3, 8, 7, 0, tzinfo=UTC))
    assert spring == Closed(Reason.OUTSIDE_HOURS, datetime(2026, 3, 9, 5, 0, tzinfo=UTC))


def test_week_without_a_span_never_opens() -> None:
    never = OpeningRules(VN, week_of([[] for _ in range(7)]))
    assert open_at(never, at("2026-11-30T09:00")) == Closed(Reason.OUTSIDE_HOURS, None)
    assert AHEAD_DAYS > 366


MESSAGE = Destination(DestinationKind.MESSAGE, "closed")


def holidays() -> dict[date, Holiday]:
    return TET


def test_queue_that_sets_nothing_has_the_tenants_settings_or_is_always_open() -> None:
    assert rules_of(VN, NOTHING_SET, NOTHING_SET, holidays) == OpeningRules(VN, ALWAYS, False, {}, (), HANG_UP)
    tenant = Hours(OFFICE, None, MESSAGE, Closure(None, "fire"))
    assert rules_of(VN, tenant, NOTHING_SET, holidays) == OpeningRules(
        VN, OFFICE, True, TET, (Closure(None, "fire"),), MESSAGE
    )


def test_own_settings_stand_in_place_of_the_tenants_one_by_one() -> None:
    tenant = Hours(OFFICE, True, MESSAGE, Closure(None, "fire"))
    own = Hours(NIGHTS, False, HANG_UP, Closure(None, "drill"))
    closures = (Closure(None, "fire"), Closure(None, "drill"))
    assert rules_of(VN, tenant, own, holidays) == OpeningRules(VN, NIGHTS, False, {}, closures, HANG_UP)
    assert rules_of(VN, NOTHING_SET, Hours(observes_holidays=True), holidays) == OpeningRules(VN, ALWAYS, True, TET)
    assert rules_of(VN, Hours(observes_holidays=False), Hours(OFFICE), holidays) == OpeningRules(VN, OFFICE)
