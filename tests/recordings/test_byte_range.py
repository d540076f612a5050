"""The header Range: one range of a file, and whole files for everything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.recordings.byte_range import ByteRange, range_of

SIZE = 1000


@pytest.mark.parametrize(
    ("header", "first", "length"),
    [
        (None, 0, 1000),
        ("bytes=0-", 0, 1000),
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 10),
        ("Bytes=990-", 990, 10),
        ("bytes=990-5000", 990, 10),
        ("bytes=-5", 995, 5),
        ("bytes=-5000", 0, 1000),
    ],
)
def test_one_range_is_what_it_asks_for(header: str | None, first: int, length: int) -> None:
    assert range_of(header, SIZE) == ByteRange(first, length)


@pytest.mark.parametrize("header", ["", "bytes=", "bytes=-", "bytes=1-2,5-6", "bytes=9-3", "items=0-1", "bytes=٣-"])
def test_what_cannot_be_read_is_the_whole_file(header: str) -> None:
    assert range_of(header, SIZE) == ByteRange(0, SIZE)


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
def test_range_beyond_the_end_is_none(header: str) -> None:
    assert range_of(header, SIZE) is None


@given(st.text(max_size=40), st.integers(1, 10**9))
def test_range_is_within_the_file(header: str, size: int) -> None:
    found = range_of(f"bytes={header}", size)
    assert found is None or (0 <= found.first < found.first + found.length <= size)
