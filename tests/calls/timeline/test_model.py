"""Intervals of a timeline, and which hours the abandonment rate counts."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tongdai.calls.model import LiveAnswers
from tongdai.calls.timeline.model import Step, answers_of_day, period_of

NOW = datetime(2026, 3, 10, 9, 41, 30, tzinfo=UTC)


def at(hour: int, minute: int = 0, second: int = 0, day: int = 10) -> datetime:
    return datetime(2026, 3, day, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("step", "since", "before", "start", "end"),
    [
        (Step.MINUTE, None, None, at(8, 41), at(9, 42)),
        (Step.HOUR, None, None, at(9, day=9), at(10)),
        (Step.MINUTE, at(9, 0, 59), at(9, 2), at(9), at(9, 2)),
        (Step.MINUTE, at(9), at(9, 2, 1), at(9), at(9, 3)),
        (Step.MINUTE, at(9, 40), at(23), at(9, 40), at(9, 42)),
        (Step.HOUR, at(7, 30), at(8), at(7), at(8)),
        (Step.MINUTE, at(9), at(9), at(9), at(9)),
        (Step.HOUR, None, at(9), at(9, day=9), at(9)),
    ],
)
def test_intervals_are_whole_and_overlap_the_period_up_to_now(
    step: Step, since: datetime | None, before: datetime | None, start: datetime, end: datetime
) -> None:
    period = period_of(step, since, before, NOW)
    assert (period.start, period.end) == (start, end)
    assert len(period.intervals) == (end - start) / timedelta(
        hours=1 if step is Step.HOUR else 0, minutes=step is Step.MINUTE
    )


def test_intervals_are_in_utc_whatever_the_offset_of_the_request() -> None:
    delhi = datetime(2026, 3, 10, 14, 45, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert period_of(Step.HOUR, delhi, None, NOW).intervals == [at(9)]


def test_an_hour_counts_if_a_part_of_it_is_within_the_24_hours() -> None:
    answers = {at(8, day=9): LiveAnswers(1, 1), at(9, day=9): LiveAnswers(10, 0), at(9): LiveAnswers(100, 3)}
    assert answers_of_day(answers, at(9, 30)) == LiveAnswers(110, 3)
    assert answers_of_day(answers, at(9)) == LiveAnswers(10, 0)
    assert answers_of_day(answers, at(8, 59)) == LiveAnswers(11, 1)


def test_minutes_count_as_their_hour_does_and_not_beyond_the_end() -> None:
    answers = {at(9, 5, day=9): LiveAnswers(1, 1), at(9, 29): LiveAnswers(10, 0), at(9, 30): LiveAnswers(100, 0)}
    assert answers_of_day(answers, at(9, 30)) == LiveAnswers(11, 1)
    assert answers_of_day(answers, at(10)) == LiveAnswers(110, 0)
