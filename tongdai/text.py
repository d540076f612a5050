"""Rules for text: the characters it may contain, those that nobody sees, and names that are compared."""

import re
import unicodedata

CONTROL = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
"""Control characters, for the brackets of a regular expression: C0, DEL, C1, line and paragraph separators."""

INVISIBLE = r"\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
"""Invisible and bidirectional characters, likewise; not the joiners of emoji and Persian, which change words' looks."""

SWITCH_NAME = "[A-Za-z0-9_-]{1,64}"
"""Pattern of a name on the switch: an endpoint, a trunk, an application, a context. It excludes every character that
has a meaning in a dial string."""

CALLER_ID = r"\+?[0-9]{3,15}"
"""Pattern of the number that is shown to the callee: 3 to 15 digits, with or without a plus."""

TELEPHONE_KEYS = "[0-9A-D*#w]{1,32}"
"""Pattern of keys to press on a channel, in order; `w` is a pause."""

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
