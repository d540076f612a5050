"""Pauses between retries, and the Retry-After header."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai_client.retry import Retry, retry_after_s

NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
chances = st.floats(0, 1, exclude_max=True)
policies = st.builds(
    Retry,
    tries=st.integers(1, 20),
    total_s=st.floats(0, 600),
    first_pause_s=st.floats(0, 5),
    longest_pause_s=st.floats(0, 60),
)


@given(policies, st.integers(1, 40), st.floats(0, 1000), st.none() | st.floats(0, 100), chances)
def test_pauses_are_bounded_and_never_shorter_than_the_server_asks(retry, failures, since, asked, chance):
    pause = retry.pause(failures, since, asked, chance)
    if pause is None:
        return
    assert failures < retry.tries
    assert since + pause <= retry.total_s
    assert (asked or 0) <= pause <= max(retry.longest_pause_s, (asked or 0) + retry.first_pause_s)


@given(policies, chances)
def test_retries_end(retry, chance):
    assert retry.pause(retry.tries, 0, None, chance) is None
    assert retry.pause(retry.tries, 0, 0, chance) is None


def test_pauses_double_to_the_longest():
    pauses = [Retry().pause(n, 0, None, 0.999999) for n in range(1, 10)]
    assert pauses == pytest.approx([0.25, 0.5, 1, 2, 4, 8, 10, 10, 10], rel=0.01)


@given(chances, chances)
def test_chance_spreads_the_pauses(one, other):
    pauses = [Retry().pause(3, 0, None, chance) or 0 for chance in (one, other)]
    assert all(0.5 <= pause <= 1 for pause in pauses)
    assert (pauses[0] < pauses[1]) == (one < other) or abs(one - other) < 1e-9


def test_a_pause_beyond_the_time_limit_is_not_made():
    assert Retry(total_s=60).pause(1, 0, 61, 0) is None
    assert Retry(total_s=60).pause(1, 0, 60, 0) == 60


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("3", 3),
        (" 10 ", 10),
        ("0", 0),
        ("9" * 400, 999_999_999),
        ("Tue, 10 Mar 2026 02:00:07 GMT", 7),
        ("Tue, 10 Mar 2026 02:00:07 -0000", 7),
        ("Tue, 10 Mar 2026 01:00:00 GMT", 0),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_an_instant(header, seconds):
    assert retry_after_s(header, NOW) == seconds


@given(st.text(max_size=60))
def test_any_header_is_read(text):
    found = retry_after_s(text, NOW)
    assert found is None or 0 <= found <= timedelta.max.total_seconds()
