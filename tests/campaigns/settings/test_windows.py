"""Windows agree with a naive reading of the wall clock, minute by minute, whatever the clocks do."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongdai.campaigns.settings.windows import (
    ALWAYS,
    FOREVER,
    MIDNIGHT,
    Span,
    Week,
    both,
    every_day,
    next_open,
    open_until,
    week_of,
)

MINUTE = timedelta(minutes=1)
BEGIN, YEARS = datetime(2026, 1, 1, tzinfo=UTC), 2 * 365
ZONES = ("America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Ho_Chi_Minh")


def span(text: str) -> Span:
    opens, closes = (int(part[:2]) * 60 + int(part[3:]) for part in text.split("-"))
    return Span(opens, closes)


def week(*days: str) -> Week:
    return week_of([[span(text) for text in day.split()] for day in days])


AWKWARD = week(
    "00:00-00:30 08:00-11:30 13:00-17:00",
    "08:00-11:30 13:00-17:00",
    "",
    "08:00-21:00",
    "20:00-24:00",
    "00:00-02:30 09:00-09:01",
    "00:30-01:15 01:45-02:10 02:20-02:50 23:00-24:00",
)
"""Saturday night and Sunday, when clocks change, in pieces; over midnight; a day of none."""


def inside(week: Week, zones: str, at: datetime) -> bool:
    return all(_shown_inside(week, at.astimezone(ZoneInfo(name))) for name in zones.split(","))


def _shown_inside(week: Week, shown: datetime) -> bool:
    return _covered(week[shown.weekday()], shown.hour * 60 + shown.minute)


def _covered(spans: tuple[Span, ...], minute: int) -> bool:
    return any(opens <= minute < closes for opens, closes in spans)


@pytest.mark.parametrize("zone", ZONES)
def test_every_minute_of_two_years_is_read_as_the_wall_clock_shows_it(zone):
    minutes = [BEGIN + minute * MINUTE for minute in range(YEARS * MIDNIGHT)]
    clock, table = ZoneInfo(zone), [[_covered(spans, minute) for minute in range(MIDNIGHT)] for spans in AWKWARD]
    shown = (minute.astimezone(clock) for minute in minutes)
    shown_inside = [table[local.weekday()][local.hour * 60 + local.minute] for local in shown]
    edges = {minute for minute, (one, other) in enumerate(pairwise(shown_inside)) if one != other}
    changes: list[datetime | None] = [None, None]  # for outside and inside: the minute when it is so next, if known
    wrong: list[datetime] = []
    for count in reversed(range(len(minutes))):
        minute, open_now = minutes[count], shown_inside[count]
        changes[open_now] = minute
        closes, opens = changes
        if closes is None or opens is None:
            continue
        if open_until(AWKWARD, zone, minute) != (closes if open_now else None):
            wrong.append(minute)
        at_edge = count in edges or count - 1 in edges or count % 60 == 0
        if at_edge and next_open(AWKWARD, zone, minute) != opens:
            wrong.append(minute)
    assert not wrong
    assert 0 < sum(shown_inside) < len(minutes)


SPANS = st.tuples(st.integers(0, MIDNIGHT), st.integers(0, MIDNIGHT)).map(lambda ends: Span(min(ends), max(ends)))
WEEKS = st.lists(st.lists(SPANS, max_size=4), min_size=7, max_size=7).map(week_of)
SEVERAL = st.lists(st.sampled_from([*ZONES, "Asia/Kathmandu", "America/Los_Angeles"]), min_size=1, max_size=3).map(
    ",".join
)
CHANGES = [
    datetime(2026, 3, 8, 7, tzinfo=UTC),
    datetime(2026, 11, 1, 6, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    datetime(2027, 3, 28, 1, tzinfo=UTC),
    datetime(2027, 10, 31, 1, tzinfo=UTC),
]
AROUND = st.timedeltas(timedelta(hours=-3), timedelta(hours=3))
INSTANTS = st.one_of(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.builds(lambda change, after: change + after, st.sampled_from(CHANGES), AROUND),
)


@given(WEEKS, SEVERAL, INSTANTS)
@settings(deadline=None)
def test_what_is_open_stays_so_until_it_closes_and_not_longer(week, zones, now):
    until = open_until(week, zones, now)
    assert (until is not None) == inside(week, zones, now)
    if until is None or until == FOREVER:
        return
    assert now < until
    assert not inside(week, zones, until) or until - now > timedelta(days=13)
    last = until - timedelta(microseconds=1)
    assert all(inside(week, zones, at) for at in [*_minutes(now, min(until, now + timedelta(days=2))), last])


@given(WEEKS, SEVERAL, INSTANTS)
@settings(deadline=None)
def test_next_open_is_inside_and_nothing_before_it_is(week, zones, at):
    opens = next_open(week, zones, at)
    until = at + timedelta(days=15) if opens is None else opens
    assert opens is None or (opens >= at and inside(week, zones, opens))
    assert not any(inside(week, zones, minute) for minute in _minutes(at, min(until, at + timedelta(days=3))))
    assert opens is None or opens == at or not inside(week, zones, opens - timedelta(microseconds=1))


@given(WEEKS, WEEKS, INSTANTS)
@settings(deadline=None)
def test_both_is_inside_of_each(first, second, now):
    narrowed = both(first, second)
    assert inside(narrowed, ZONES[0], now) == (inside(first, ZONES[0], now) and inside(second, ZONES[0], now))


def _minutes(begin: datetime, end: datetime) -> list[datetime]:
    """`begin`, and the whole minutes after it up to but without `end`."""
    first = begin.replace(second=0, microsecond=0) + MINUTE
    whole = [first + count * MINUTE for count in range(max(0, -((first - end) // MINUTE)))]
    return ([begin] if begin < end else []) + [minute for minute in whole if minute < end]


def at(text: str, zone: str = "America/New_York", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def test_hour_that_does_not_exist_is_nobodys():
    gap = week("", "", "", "", "", "", "02:10-02:40")
    before = at("2026-03-08T01:59")
    assert open_until(gap, "America/New_York", before) is None
    assert next_open(gap, "America/New_York", before) == at("2026-03-15T02:10")


def test_window_that_ends_in_the_hour_that_does_not_exist_closes_when_the_clock_jumps():
    assert open_until(every_day(60, 150), "America/New_York", at("2026-03-08T01:30")) == at("2026-03-08T03:00")


def test_hour_that_comes_twice_is_inside_or_outside_each_time_as_the_clock_shows():
    windows, zone = every_day(60, 90), "America/New_York"
    assert open_until(windows, zone, at("2026-11-01T01:10")) == at("2026-11-01T01:30")
    assert next_open(windows, zone, at("2026-11-01T01:40")) == at("2026-11-01T01:00", fold=1)
    assert open_until(windows, zone, at("2026-11-01T01:10", fold=1)) == at("2026-11-01T01:30", fold=1)


def test_window_over_the_hour_that_comes_twice_is_one():
    assert open_until(every_day(0, 120), "America/New_York", at("2026-11-01T00:30")) == at("2026-11-01T02:00")


def test_two_zones_are_open_together_only_when_their_summers_differ():
    windows = every_day(8 * 60, 12 * 60 + 30)
    opens = next_open(windows, "America/New_York,Europe/London", datetime(2026, 5, 1, tzinfo=UTC))
    assert opens == at("2026-10-25T08:00")


def test_zones_whose_days_never_meet_are_never_open():
    assert next_open(every_day(8 * 60, 17 * 60), "America/Puerto_Rico,Pacific/Guam", BEGIN) is None


@pytest.mark.parametrize(
    "zones", ["", "Europe/Nowhere", "Asia/Ho_Chi_Minh,Nowhere", "../../etc/passwd", "Europe", "a\0b", "x" * 300]
)
def test_zone_that_is_not_known_is_closed(zones):
    assert open_until(every_day(0, 1439), zones, BEGIN) is None
    assert next_open(every_day(0, 1439), zones, BEGIN) is None


def test_always_needs_no_zone():
    assert open_until(ALWAYS, "", BEGIN) == FOREVER
    assert next_open(ALWAYS, "", BEGIN) == BEGIN


def test_week_of_no_window_is_never_open():
    assert next_open(week_of([[]] * 7), "Europe/London", BEGIN) is None


def test_spans_that_touch_or_overlap_are_one():
    merged = week("12:00-13:00 08:00-09:00 09:00-10:00 08:30-09:30 11:00-11:00", *[""] * 6)
    assert merged[0] == (Span(480, 600), Span(720, 780))
