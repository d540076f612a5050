"""Rules for text: the characters it may contain, those that nobody sees, and names that are compared."""

import re
import unicodedata

CONTROL = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
"""Control characters, for the brackets of a regular expression: C0, DEL, C1, line and paragraph separators."""

INVISIBLE = r"\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
"""Invisible and bidirectional characters, likewise; not the joiners of emoji and Persian, which change words' looks."""

_CONTROL = re.compile(f"[{CONTROL}]")
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_NON_WORD = re.compile(r"[\W_]+")


def has_control(text: str) -> bool:
    return _CONTROL.search(text) is not None


def normalised(name: str) -> str:
    """A name without case, accents, spaces and punctuation: `sodienthoai` for `Số điện-thoại`."""
    plain = unicodedata.normalize("NFD", name.casefold().replace("đ", "d"))
    return _NON_WORD.sub("", "".join(c for c in plain if not unicodedata.combining(c)))


def without_control(text: str) -> str:
    """With a space instead of each control character."""
    return _CONTROL.sub(" ", text)


def as_seen(name: str) -> str:
    """A name by which a thing is found again: names that look the same are the same.

    Accents are composed (NFC), single spaces are between words, and there is nothing invisible.
    """
    return " ".join(unicodedata.normalize("NFC", _INVISIBLE.sub("", name)).split())
