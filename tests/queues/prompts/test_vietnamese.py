"""Numbers are read as people say them."""

import pytest

from tongdai.queues.prompts.vietnamese import PARTS, number, words

DIGITS = {"không": 0, "một": 1, "hai": 2, "ba": 3, "bốn": 4, "năm": 5, "sáu": 6, "bảy": 7, "tám": 8, "chín": 9}
AFTER_TENS = DIGITS | {"mốt": 1, "tư": 4, "lăm": 5}
READ = {
    0: "không",
    1: "một",
    4: "bốn",
    5: "năm",
    10: "mười",
    11: "mười một",
    14: "mười bốn",
    15: "mười lăm",
    19: "mười chín",
    20: "hai mươi",
    21: "hai mươi mốt",
    24: "hai mươi tư",
    25: "hai mươi lăm",
    30: "ba mươi",
    44: "bốn mươi tư",
    55: "năm mươi lăm",
    91: "chín mươi mốt",
    99: "chín mươi chín",
    100: "một trăm",
    101: "một trăm linh một",
    104: "một trăm linh bốn",
    105: "một trăm linh năm",
    110: "một trăm mười",
    111: "một trăm mười một",
    115: "một trăm mười lăm",
    121: "một trăm hai mươi mốt",
    200: "hai trăm",
    555: "năm trăm năm mươi lăm",
    909: "chín trăm linh chín",
    999: "chín trăm chín mươi chín",
}


@pytest.mark.parametrize(("value", "text"), list(READ.items()))
def test_number_is_read_as_people_say_it(value: int, text: str) -> None:
    assert words(number(value)) == text


def understood(text: str) -> int:
    """Understand a number that is read, independently of how it was put together."""
    value, rest = 0, text.split()
    if "trăm" in rest:
        value, rest = 100 * DIGITS[rest[0]], rest[2:]
    match rest:
        case ["linh", ones] if value:
            assert DIGITS[ones]
            value += DIGITS[ones]
        case ["mười", *ones]:
            assert not {"năm", "mốt", "tư", "không"} & set(ones)
            value += 10 + sum(AFTER_TENS[one] for one in ones)
        case [tens, "mươi", *ones]:
            assert not {"năm", "một", "bốn", "không"} & set(ones)
            value += 10 * DIGITS[tens] + sum(AFTER_TENS[one] for one in ones)
        case [ones] if not value:
            value = DIGITS[ones]
        case _:
            assert not rest, text
    return value


def test_every_number_is_understood() -> None:
    assert [understood(words(number(value))) for value in range(1000)] == list(range(1000))


def test_every_part_is_recorded_and_has_a_plain_name() -> None:
    for value in range(1000):
        assert PARTS.keys() >= set(number(value))
    assert all(part.isascii() and part.replace("-", "").isalnum() and part == part.lower() for part in PARTS)


@pytest.mark.parametrize("value", [-1, 1000])
def test_other_numbers_are_refused(value: int) -> None:
    with pytest.raises(ValueError, match="0 to 999"):
        number(value)
