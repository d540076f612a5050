"""Weeks are read as they are shown."""

from hypothesis import given
from hypothesis import strategies as st

from tongdai.local_time import MIDNIGHT
from tongdai.queues.holidays.model import DaySpan
from tongdai.queues.hours.core import merged, week_of
from tongdai.queues.hours.view import parse_spans, parse_week, show_spans, show_week

SPANS = st.builds(
    lambda opens, length: DaySpan(opens, opens + length), st.integers(0, MIDNIGHT - 1), st.integers(1, MIDNIGHT - 1)
)


def shown_as_one(spans: tuple[DaySpan, ...]) -> bool:
    """Whether every span is shorter than a day, as one that requests can write."""
    return all(span.closes - span.opens < MIDNIGHT or span == (0, MIDNIGHT) for span in spans)


@given(st.lists(st.lists(SPANS, max_size=2), min_size=7, max_size=7).map(week_of))
def test_week_is_read_as_it_was_shown(week: tuple[tuple[DaySpan, ...], ...]) -> None:
    if any(week) and all(map(shown_as_one, week)):
        assert parse_week("openingHours", show_week(week)) == week


@given(st.lists(SPANS, max_size=3).map(merged))
def test_spans_of_a_day_are_read_as_they_were_shown(spans: tuple[DaySpan, ...]) -> None:
    if shown_as_one(spans):
        assert parse_spans("open", show_spans(spans)) == spans
