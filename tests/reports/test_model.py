"""The intervals of reports, in zones whose clocks change."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from tongdai.reports.model import LENGTH, QUARTER, Period, Step, midnight, period_of, quarter_of

BERLIN, VIETNAM, NEPAL = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Ho_Chi_Minh"), ZoneInfo("Asia/Kathmandu")
ZONES = [BERLIN, VIETNAM, NEPAL, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/Santiago"), ZoneInfo("UTC")]


def day(zone: ZoneInfo, on: date, step: Step) -> Period:
    return period_of(zone, step, midnight(zone, on), midnight(zone, on + timedelta(days=1)))


@pytest.mark.parametrize(("on", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)])
def test_day_has_as_many_hours_as_the_clock_gives_it(on: date, hours: int) -> None:
    for step, of_hour in ((Step.HOUR, 1), (Step.HALF, 2), (Step.QUARTER, 4)):
        assert len(day(BERLIN, on, step).begins) == hours * of_hour
    found = day(BERLIN, on, Step.DAY)
    assert len(found.begins) == 1
    since, before = found.bounds(0)
    assert before.astimezone(UTC) - since.astimezone(UTC) == timedelta(hours=hours)
    assert (since.hour, before.hour) == (0, 0)


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize("step", Step)
def test_intervals_of_a_year_follow_each_other_and_consist_of_quarters(zone: ZoneInfo, step: Step) -> None:
    found = period_of(zone, step, midnight(zone, date(2026, 1, 1)), midnight(zone, date(2027, 1, 1)))
    edges = [*found.begins, found.end]
    for since, before in pairwise(edges):
        assert since == quarter_of(since)
        assert before - since >= QUARTER
        assert before - since <= LENGTH.get(step, timedelta(hours=25))
    assert {day.astimezone(zone).date() for day in found.begins} == {
        date(2026, 1, 1) + timedelta(days=n) for n in range(365)
    }


def test_day_begins_where_the_clock_is_put_forward_at_midnight() -> None:
    santiago = ZoneInfo("America/Santiago")
    since, before = day(santiago, date(2026, 9, 6), Step.DAY).bounds(0)
    assert (since.hour, before.hour) == (1, 0)


def test_period_is_widened_to_whole_intervals() -> None:
    found = period_of(
        VIETNAM, Step.HOUR, datetime(2026, 3, 10, 2, 20, tzinfo=UTC), datetime(2026, 3, 10, 3, 1, tzinfo=UTC)
    )
    assert [at.isoformat() for at in found.bounds(0)] == ["2026-03-10T09:00:00+07:00", "2026-03-10T10:00:00+07:00"]
    assert found.end == datetime(2026, 3, 10, 4, tzinfo=UTC)
    assert found.interval_of(datetime(2026, 3, 10, 3, tzinfo=UTC)) == 1
