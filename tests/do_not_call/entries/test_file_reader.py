"""Files of numbers that are not called, as they are read."""

import csv

import pytest

from tongdai.do_not_call.entries import file_reader
from tongdai.errors import InvalidInput


@pytest.fixture
def limit():
    """Sets the process's limit of a cell, for the test."""
    before = csv.field_size_limit()
    yield csv.field_size_limit
    csv.field_size_limit(before)


def test_imports_keep_the_longer_cells_that_they_allow(limit):
    limit(3 * file_reader.CELL)
    assert sum(map(len, file_reader.read(b"phone\n0901234567\n"))) == 1
    assert csv.field_size_limit() == 3 * file_reader.CELL


def test_cells_may_be_long_though_imports_allow_short_ones_alone(limit):
    limit(100)
    (batch,) = file_reader.read(b"phone,note\n0901234567," + b"x" * file_reader.CELL + b"\n")
    assert [sent.phone for sent in batch] == ["0901234567"]


def test_rows_are_as_many_as_the_reader_allows():
    data = b"\nphone\n0901234567\n\n0901234568\n"
    assert [sent.phone for batch in file_reader.read(data, 3) for sent in batch] == ["0901234567", "0901234568"]
    assert sum(map(len, file_reader.read(data))) == 2
    with pytest.raises(InvalidInput, match="more than 2 rows"):
        list(file_reader.read(data, 2))
