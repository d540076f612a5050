"""How long a body may take."""

from math import inf

import pytest

from tongdai.http.body import Patience


@pytest.mark.parametrize(
    ("waited_s", "size", "longest_s"),
    [
        (0.0, 0, 30.0),
        (20.0, 0, 10.0),
        (30.0, 0, 0.0),
        (20.0, 100_000, 30.0),
        (100.0, 100_000, 30.0),
        (120.0, 100_000, 10.0),
        (131.0, 100_000, -1.0),
        (3000.0, 300, -2969.7),
    ],
)
def test_upload_may_wait_for_as_long_as_its_average_rate_allows(waited_s: float, size: int, longest_s: float) -> None:
    assert Patience(3600, 30, 1000).longest_s(waited_s, size) == pytest.approx(longest_s)


@pytest.mark.parametrize("size", [0, 10**9])
def test_other_bodies_have_no_rate(size: int) -> None:
    assert Patience(60).longest_s(59, size) == inf
    assert Patience(60, 5).longest_s(59, size) == 5
