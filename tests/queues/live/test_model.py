"""The formulas of the service level."""

import pytest

from tongdai.queues.live.model import Entries

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
