"""Names that look the same are the same."""

import unicodedata

import pytest

from tongdai.text import as_seen, has_control


@pytest.mark.parametrize(
    "name",
    [
        "Tháng 4",
        unicodedata.normalize("NFD", "Tháng 4"),
        "  Tháng   4\u00a0",
        "\u200bTháng\u20064\ufeff",
        "Tháng\u202e 4",
    ],
)
def test_names_that_look_the_same_are_the_same(name: str) -> None:
    assert as_seen(name) == "Tháng 4"


def test_names_that_look_different_stay_so() -> None:
    assert [as_seen(name) for name in ("Thang 4", "tháng 4", "👨\u200d👩")] == ["Thang 4", "tháng 4", "👨\u200d👩"]


@pytest.mark.parametrize("control", ["\0", "\n", "\x7f", "\x85", "\u2028"])
def test_control_characters_are_known(control: str) -> None:
    assert has_control(f"a{control}b")
    assert not has_control("Tháng 4 👨\u200d👩")
