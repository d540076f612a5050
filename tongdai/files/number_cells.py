"""Cells with phone numbers as people, spreadsheets and web pages write them → texts that `phone.normalise` reads. Pure.

    ’0912345678   "0912345678"   912345678.0   8.4901234567E+10   ０９１２…   0912–345–678

`phone.normalise` itself takes no such characters, as what it accepts ends in a dial string.
"""

import re
import unicodedata
from decimal import Decimal
from enum import StrEnum

from tongdai.files.cells import ERRORS, NO_RESULT, unmarked

_QUOTES = "'\"’‘`´"
_WHOLE = re.compile(r"(\+?[0-9]+)[.,]00?")
_SCIENTIFIC = re.compile(r"([0-9])[.,]([0-9]+)[eE]\+?([0-9]{1,2})")
_REFERENCE = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{2}")
"""A number in scientific notation as spreadsheets write it: no reference that a person has written looks like it."""
_SIGNS = {"\u2212": "-", "\uff0b": "+", "\uff0e": ".", "\uff08": "(", "\uff09": ")", "\uff0f": "/", "\u3002": "."}
_DROPPED = frozenset(("Cf", "Mn", "Me"))
_DASH = "Pd"
_BETWEEN_NUMBERS = re.compile(r"[/;,|&]|:{2,}|\s-\s|\s(?:hoặc|hay|và|or|and)\s", re.IGNORECASE)
_LEAST_DIGITS = 8
"""Least digits of a number among several in a cell."""


class Unreadable(StrEnum):
    """Why a cell that is to have a number has none that can be read."""

    ROUNDED = "rounded"
    FORMULA_ERROR = "formula_error"
    FORMULA_WITHOUT_RESULT = "formula_without_result"
    SEVERAL_NUMBERS = "several_numbers"


def number_text(cell: str) -> str:
    """The text of a number. What is no number at all stays as it is, and fails its row."""
    if cell.startswith(NO_RESULT):
        return cell[1:]
    if not cell.isascii():
        cell = "".join(map(_plain, cell))
    text = unmarked(cell.strip()).lstrip(_QUOTES).rstrip("'\"").strip()
    if (whole := _WHOLE.fullmatch(text)) is not None:
        return whole[1]
    return _exact(text) or text


def why_unreadable(text: str) -> tuple[Unreadable, str] | None:
    """Code and message for a text that is no number because of what it is instead; None for any other."""
    if _SCIENTIFIC.fullmatch(text) is not None:
        return Unreadable.ROUNDED, why_rounded(text)
    if text in ERRORS:
        return Unreadable.FORMULA_ERROR, f"is {text}, the error of a formula"
    if text.startswith("="):
        way = "open the file in a spreadsheet program, save it, and send it again"
        return Unreadable.FORMULA_WITHOUT_RESULT, f"is a formula without a result: {way}"
    if _has_several(text):
        return Unreadable.SEVERAL_NUMBERS, "has several numbers: give each a column, such as phone 1 and phone 2"
    return None


def may_be_rounded(texts: str) -> bool:
    """Whether any of some texts, joined, may be in scientific notation: a quick look at all."""
    return "E+" in texts or "e+" in texts


def reference_text(text: str) -> str:
    """A reference that is digits; a spreadsheet may have written them in scientific notation."""
    return _exact(text) or text


def is_rounded(text: str) -> bool:
    """Whether a text is a number that a spreadsheet has shortened."""
    return _REFERENCE.fullmatch(text) is not None and _exact(text) is None


def why_rounded(text: str) -> str:
    """The message for a number that a spreadsheet has shortened."""
    lost = f"is {text}, which a spreadsheet has rounded: its last digits are lost"
    return f"{lost}. Format the column as text in the original and save it again"


def _has_several(text: str) -> bool:
    parts = (_BETWEEN_NUMBERS.split(text), text.split())
    return any(sum(_digits(part) >= _LEAST_DIGITS for part in found) > 1 for found in parts)


def _digits(text: str) -> int:
    return sum(map(str.isdigit, text))


def _plain(character: str) -> str:
    """A character as it is written in ASCII, if it is a digit, a dash or another sign of numbers."""
    if character in _SIGNS:
        return _SIGNS[character]
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    category = unicodedata.category(character)
    return "-" if category == _DASH else "" if category in _DROPPED else character


def _exact(text: str) -> str | None:
    """The digits of a number in scientific notation that has them all."""
    found = _SCIENTIFIC.fullmatch(text)
    if found is None or len(found[2]) < int(found[3]):
        return None
    value = Decimal(f"{found[1]}.{found[2]}").scaleb(int(found[3]))
    return str(int(value)) if value == value.to_integral_value() else None
