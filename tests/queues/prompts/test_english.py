"""English numbers."""

import pytest

from tongdai.queues.prompts.english import PARTS, number, words

READ = {0: "zero", 13: "thirteen", 20: "twenty", 21: "twenty one", 100: "one hundred", 105: "one hundred five"}


@pytest.mark.parametrize(("value", "text"), [*READ.items(), (999, "nine hundred ninety nine")])
def test_number_is_read(value: int, text: str) -> None:
    assert words(number(value)) == text


def test_numbers_are_different_and_recorded() -> None:
    read = [tuple(number(value)) for value in range(1000)]
    assert len(set(read)) == 1000
    assert {part for parts in read for part in parts} <= PARTS.keys()


@pytest.mark.parametrize("value", [-1, 1000])
def test_other_numbers_are_refused(value: int) -> None:
    with pytest.raises(ValueError, match="0 to 999"):
        number(value)
