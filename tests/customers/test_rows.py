"""A number in the rows of imports."""

import pytest

from tongdai.customers.erasure.rows import without
from tongdai.imports.chunk import Sent, decode_sent, encode_sent

NUMBER = "+84901234567"


def rows(*phones, **more):
    return encode_sent(Sent(list(phones), **({"external_ids": None, "problems": [], "repeats": []} | more)))


@pytest.mark.parametrize("written", ["0901234567", "+84 901 234 567", "84901234567", "0901.234.567"])
def test_row_with_the_number_loses_its_values(written):
    sent = rows("0907654321", written, None, external_ids=["a", "b", None])
    left = without(sent, NUMBER, "VN")
    assert left is not None
    assert left[1] == 1
    assert decode_sent(left[0]).phones == ["0907654321", None, None]
    assert decode_sent(left[0]).external_ids == ["a", None, None]


@pytest.mark.parametrize("other", ["0901234568", "+84911234567", "01234567", "", "none"])
def test_other_rows_stay(other):
    assert without(rows(other), NUMBER, "VN") is None


def test_failed_row_that_has_the_number_somewhere_loses_what_the_file_had():
    sent = rows(
        "x", "y", problems=[(0, "unusable", "m"), (1, "unusable", "m")],
        originals=[["x", "call 0901 234 567"], ["y", "Bình"]],
    )  # fmt: skip
    left = without(sent, NUMBER, "VN")
    assert left is not None
    assert (decode_sent(left[0]).originals, decode_sent(left[0]).phones) == ([None, ["y", "Bình"]], [None, "y"])
