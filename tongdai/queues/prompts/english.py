"""English numbers and sentences as recorded parts. Pure."""

from collections.abc import Mapping, Sequence

_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
PARTS: Mapping[str, str] = {
    **{word: word for word in (*_SMALL, *_TENS, "hundred")},
    "position": "You are number",
    "next": "You are next in line.",
    "wait": "The expected wait is about",
    "wait-over": "The expected wait is more than",
    "wait-short": "The expected wait is less than a minute.",
    "minutes": "minutes.",
    "please-wait": "Please stay on the line.",
    "invalid-key": "That key is not valid.",
    "callback-offer": "To be called back without losing your place, press",
    "callback-number": "We will call you back at",
    "callback-confirm": "If this is right, press one. For another number, press two.",
    "callback-enter": "Please enter your telephone number, and end with the hash key.",
    "callback-invalid": "That is not a telephone number.",
    "callback-thanks": "Thank you. We will call you back. Good bye.",
    "closed": "We are closed now. Please call again later.",
    "full": "All our agents are busy. Please call again later.",
}
"""Part → the words to record."""


DIGITS: Mapping[str, str] = {str(digit): _SMALL[digit] for digit in range(10)}
"""Digit → the part that says it."""


def number(value: int) -> list[str]:
    """The parts of a number from 0 to 999."""
    if not 0 <= value <= 999:
        raise ValueError(f"{value} is not from 0 to 999")
    hundreds, rest = divmod(value, 100)
    head = [_SMALL[hundreds], "hundred"] if hundreds else []
    return head if hundreds and not rest else [*head, *_below_hundred(rest)]


def _below_hundred(value: int) -> list[str]:
    if value < 20:
        return [_SMALL[value]]
    tens, ones = divmod(value, 10)
    return [_TENS[tens - 2], *([_SMALL[ones]] if ones else [])]


def words(parts: Sequence[str]) -> str:
    """The text of parts."""
    return " ".join(PARTS[part] for part in parts)
