"""Live answers and percentages."""

import pytest

from tongdai.calls.model import LiveAnswers, percent


@pytest.mark.parametrize(("part", "of", "expected"), [(1, 3, 33.33), (0, 5, 0.0), (0, 0, None)])
def test_percent_of_nothing_is_none(part: int, of: int, expected: float | None) -> None:
    assert percent(part, of) == expected


@pytest.mark.parametrize(
    ("answered", "abandoned", "reached"),
    [
        (1000, 30, True),
        (1000, 29, False),
        (30_001, 900, False),  # 3.00 % when it is rounded
        (100, 0, False),
        (0, 0, False),
    ],
)
def test_cap_is_reached_by_the_exact_rate(answered: int, abandoned: int, reached: bool) -> None:
    assert LiveAnswers(answered, abandoned).reach(0.03) is reached


def test_cap_of_zero_is_reached_by_the_first_abandoned_call() -> None:
    assert [LiveAnswers(100, abandoned).reach(0) for abandoned in (0, 1)] == [False, True]
