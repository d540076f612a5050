"""Prompts by language: which parts there are, and the sentences that are put together from them. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tongdai.queues.prompts import english, vietnamese
from tongdai.queues.settings.model import LANGUAGES

MOST_MINUTES = 60
"""A longer wait is announced as more than this."""
MOST_POSITION = 999
"""A later place is not announced."""


@dataclass(frozen=True, slots=True)
class Language:
    parts: Mapping[str, str]
    """Part → the words to record."""
    number: Callable[[int], list[str]]
    digits: Mapping[str, str]
    """Digit → the part that says it."""


_LANGUAGES: Mapping[str, Language] = {
    "vi": Language(vietnamese.PARTS, vietnamese.number, vietnamese.DIGITS),
    "en": Language(english.PARTS, english.number, english.DIGITS),
}
assert tuple(_LANGUAGES) == LANGUAGES, "every language of the settings has prompts"


def language_named(code: str) -> Language:
    return _LANGUAGES[code]


def position_parts(code: str, position: int) -> list[str]:
    """The place of a caller, 1 for the next one."""
    return ["next"] if position == 1 else ["position", *_LANGUAGES[code].number(position)]


def wait_parts(code: str, minutes: int) -> list[str]:
    """The expected wait, in whole minutes; 0 is less than one."""
    if minutes == 0:
        return ["wait-short"]
    head = "wait" if minutes <= MOST_MINUTES else "wait-over"
    return [head, *_LANGUAGES[code].number(min(minutes, MOST_MINUTES)), "minutes"]


def digit_parts(code: str, digits: str) -> list[str]:
    """Digits, one by one: telephone numbers and keys."""
    return [_LANGUAGES[code].digits[digit] for digit in digits]


def callback_parts(code: str, key: str) -> list[str]:
    """The key by which a caller asks to be called back; none that is no digit is announced."""
    return ["callback-offer", *digit_parts(code, key)] if key.isdigit() else []


def sounds(code: str, parts: Sequence[str]) -> list[str]:
    """The names of sounds on the switch, in order: `tongdai/vi/muoi`."""
    return [f"tongdai/{code}/{part}" for part in parts]
