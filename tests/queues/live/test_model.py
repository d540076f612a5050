"""The formulas of the service level."""

import pytest

from tongdai.queues.live.model import Entries, total

SOME = Entries(
    offered=40, answered=34, answered_in_time=27, abandoned=5, abandoned_short=2, sent_on=1, answer_s=34 * 14.2
)


def test_service_level_of_those_answered_and_of_those_offered() -> None:
    assert SOME.service_level_of_answered == pytest.approx(100 * 27 / 34, abs=0.01)
    assert SOME.service_level_of_offered == pytest.approx(100 * 27 / (40 - 2), abs=0.01)
    assert SOME.abandon_rate == 12.5
    assert SOME.mean_answer_s == 14.2


def test_nobody_offered_has_no_rates() -> None:
    none = Entries()
    rates = (none.service_level_of_answered, none.service_level_of_offered, none.abandon_rate, none.mean_answer_s)
    assert rates == (None, None, None, None)
    short = Entries(offered=3, abandoned=3, abandoned_short=3)
    assert (short.service_level_of_offered, short.abandon_rate) == (None, 100.0)


def test_total_is_the_sum_of_the_parts_and_its_rates_are_of_the_sums() -> None:
    other = Entries(offered=2, answered=2, answered_in_time=2, answer_s=4.0)
    both = total([SOME, other])
    assert (both.offered, both.answered, both.answered_in_time, both.abandoned) == (42, 36, 29, 5)
    assert both.service_level_of_answered == pytest.approx(100 * 29 / 36, abs=0.01)
    assert total([]) == Entries()
