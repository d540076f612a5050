"""Cells are texts without what spreadsheets, editors and web pages leave in them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.files.cells import clean, clean_name, cleaned, has_odd_characters

INVISIBLE = "\x1a\u00ad\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"


@pytest.mark.parametrize("sign", INVISIBLE)
def test_invisible_and_bidirectional_characters_are_no_part_of_a_text(sign: str) -> None:
    assert clean(f"{sign}An{sign} Bình{sign}") == "An Bình"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("a\nb", "a b"), ("a\r\n\tb", "a b"), ("a\x0bb\x85c\u2028d", "a b c d"), (" \u00a0a\u3000 ", "a"), ("\x1a", ""),
        ("'007", "007"), ("'-17", "-17"), ("'=1+1", "=1+1"), ("'Nguyễn", "Nguyễn"), ("''", "''"), ("'", ""),
        ("'t Hart", "'t Hart"), ("'An' Nguyễn", "'An' Nguyễn"), ("O'Brien", "O'Brien"), ("' 007", "007"),
        ('="008"', "008"), ('="a ""b"""', 'a "b"'), ('="', '="'), ("=1+1", "=1+1"), ('\'="009"', "009"), ('=""', ""),
    ],
)  # fmt: skip
def test_text_is_what_a_person_sees_in_the_cell(cell: str, text: str) -> None:
    assert clean(cell) == text


def test_accents_are_composed_and_other_forms_are_left() -> None:
    assert clean(unicodedata.normalize("NFD", "Nguyễn Ấm")) == "Nguyễn Ấm"
    assert clean("ﬁ ² 👨\u200d👩") == "ﬁ ² 👨\u200d👩"


def test_name_of_a_column_has_no_control_character_and_single_spaces() -> None:
    assert clean_name(" Ghi\x07\x1b  chú\n(2) ") == "Ghi chú (2)"


CELL = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    ["An", "Nguyễn", "", "'1", '="1"', "a\tb", "\u200b", unicodedata.normalize("NFD", "Ấm"), "\x1a", "a\u00a0b", "é"]
)


@given(st.lists(CELL, max_size=6))
def test_column_is_cleaned_as_each_of_its_cells_is(cells: list[str]) -> None:
    """But for what surrounds a text, which is stripped later."""
    odd = has_odd_characters("".join(cells).encode())
    want = [clean(cell) for cell in cells]
    for said in {odd, True}:
        assert [clean(text) for text in cleaned(cells, said)] == [clean(text) for text in want]
        assert [text.strip() for text in cleaned(cells, said)] == want


def test_column_with_nothing_to_clean_is_the_same_object() -> None:
    cells = ["Nguyễn Văn Ân", "0901", "O Brien"]
    assert cleaned(cells, odd=False) is cells
    assert cleaned(cells, odd=True) is cells
