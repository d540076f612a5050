"""Cells with numbers are read as they are meant, and explained where a spreadsheet has spoiled them."""

import pytest

from tongdai.files.cells import clean
from tongdai.files.number_cells import is_rounded, may_be_rounded, number_text, reference_text, why_unreadable


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("912345678.0", "912345678"), ("912345678,00", "912345678"), ("+84912345678.0", "+84912345678"),
        ("’0901234567", "0901234567"), ("`0901234567", "0901234567"), ('"0901234567"', "0901234567"),
        ("０９０１２３４５６７", "0901234567"), ("٠٩٠١٢٣٤٥٦٧", "0901234567"), ("＋84 901234567", "+84 901234567"),
        ("0901–234–567", "0901-234-567"), ("0901—234‑567", "0901-234-567"), ("0901−234567", "0901-234567"),
        ("（090）1234567", "(090)1234567"), ("0901234567\ufe0f", "0901234567"), ("0901\u200d234567", "0901234567"),
        ("8.4901001101E+10", "84901001101"), ("8,4901001102e10", "84901001102"), ("8.49010011010E+10", "84901001101"),
        ("8.49E+10", "8.49E+10"), ("9.12346E+08", "9.12346E+08"), ("8.49010011012E+10", "8.49010011012E+10"),
        ("O901002314", "O901002314"), ("không có", "không có"), ("#=B2&C2", "=B2&C2"), ("0901²", "0901²"),
    ],
)  # fmt: skip
def test_number_is_the_one_that_is_meant(cell: str, text: str) -> None:
    assert number_text(cell) == text


@pytest.mark.parametrize("mark", ["\u202a", "\u202c", "\ufeff", "\u200e", "\u200b", "\u2066"])
def test_invisible_characters_are_gone_before(mark: str) -> None:
    assert number_text(clean(f"{mark}0901{mark}234567")) == "0901234567"


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("8.49E+10", "rounded", "is 8.49E+10, which a spreadsheet has rounded"),
        ("8,49E+10", "rounded", "is 8,49E+10, which a spreadsheet has rounded"),
        ("0901100007 / 0901100008", "several_numbers", "has several numbers: give each a column"),
        ("0901 100 007; 0901 100 008", "several_numbers", "has several numbers"),
        ("0901.100.007 - 0901.100.008", "several_numbers", "has several numbers"),
        ("0901100007 hoặc +84 901 100 008", "several_numbers", "has several numbers"),
        ("+84901100061 ::: 0901100062", "several_numbers", "has several numbers"),
        ("0901100013 0901100014", "several_numbers", "has several numbers"),
        ("#N/A", "formula_error", "is #N/A, the error of a formula"),
        ('="0"&A2', "formula_without_result", "is a formula without a result"),
    ],
)
def test_what_a_spreadsheet_did_is_explained(text: str, code: str, words: str) -> None:
    explained = why_unreadable(text)
    assert explained is not None
    assert explained[0] == code
    assert explained[1].startswith(words)


@pytest.mark.parametrize("text", ["", "abc", "0901", "8.49", "E+10", "#1"])
def test_other_text_needs_no_explanation(text: str) -> None:
    assert why_unreadable(text) is None


@pytest.mark.parametrize("text", ["9.70436E+15", "9,70436E+15", "9E+15", "9.70436e+15"])
def test_reference_that_a_spreadsheet_has_shortened_is_rounded(text: str) -> None:
    assert may_be_rounded(text)
    assert is_rounded(text)
    assert reference_text(text) == text


@pytest.mark.parametrize("text", ["", "KH-1", "1E5", "1.2E5", "12.5E+10", "E+10", "9.704361234567890E+15"])
def test_reference_that_has_its_digits_is_not_rounded(text: str) -> None:
    assert not is_rounded(text)


def test_reference_in_scientific_notation_with_all_digits_is_these() -> None:
    assert reference_text("9.704361234567890E+15") == "9704361234567890"
