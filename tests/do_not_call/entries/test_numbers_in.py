"""Numbers in cells that are no number as a whole."""

import pytest

from tongdai.contacts.numbers.phone import normaliser
from tongdai.do_not_call.entries.numbers_in import numbers_in

A, B = "+84901234567", "+84907654321"


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("0901234567 x1", [A]),
        ("0901234567 ext. 12", [A]),
        ("0901 234 567 máy lẻ 12", [A]),
        ("Chị Lan 0901234567", [A]),
        ("tel:+84901234567", [A]),
        ("0901234567 (chị Lan), không gọi", [A]),
        ("0901234567 / 0907654321", [A, B]),
        ("0901.234.567/0907.654.321", [A, B]),
        ("0901234567;0907654321", [A, B]),
        ("0901234567 0907654321", [A, B]),
        ("0901 234 567 - 0907 654 321", [A, B]),
        ("0901–234–567", [A]),
        ("０９０１２３４５６７", [A]),
        ("٠٩٠١٢٣٤٥٦٧", [A]),
        ("\u202d0901234567\u202c", [A]),
        ("0901234567 / 0901 234 567", [A]),
        ("0901234567 / 12", [A]),
        ("0901234567, 31/12/2026", [A]),
        ("113", []),
        ("abc", []),
        ("", []),
        ("9.01E+11", []),
        ("x" * 5000, []),
    ],
)
def test_all_numbers_in_a_text(text: str, numbers: list[str]) -> None:
    assert numbers_in(text, normaliser("VN")) == numbers
