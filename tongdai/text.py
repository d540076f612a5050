"""Rules for text: the characters it may contain, and names of columns compared without case, accents and spaces."""

import re
import unicodedata

CONTROL = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
"""Control characters, for the brackets of a regular expression: C0, DEL, C1, line and paragraph separators."""

_CONTROL = re.compile(f"[{CONTROL}]")
_NON_WORD = re.compile(r"[\W_]+")


def has_control(text: str) -> bool:
    return _CONTROL.search(text) is not None


def normalized(name: str) -> str:
    """A column name without case, accents, spaces and punctuation: `sodienthoai` for `Số điện-thoại`."""
    plain = unicodedata.normalize("NFD", name.casefold().replace("đ", "d"))
    return _NON_WORD.sub("", "".join(c for c in plain if not unicodedata.combining(c)))


def without_control(text: str) -> str:
    """With a space instead of each control character."""
    return _CONTROL.sub(" ", text)
