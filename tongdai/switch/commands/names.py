"""Patterns of what may reach the switch. Pure.

Numbers, trunks and names become part of what Asterisk dials and executes: this is the one place where anything that is
not plainly one of them is refused, with ValueError.
"""

import re
from typing import NamedTuple

from tongdai.text import CALLER_ID, SWITCH_NAME, TELEPHONE_KEYS

_DIGITS = re.compile(r"[1-9][0-9]{5,14}")
NAME = re.compile(SWITCH_NAME)
_CALLER = re.compile(CALLER_ID)
ENDPOINT = re.compile(rf"PJSIP/(?:{_DIGITS.pattern}@)?{NAME.pattern}")
ARGUMENT = re.compile(r"[A-Za-z0-9_.:/+-]*")
KEYS = re.compile(TELEPHONE_KEYS)
RECORDING = re.compile(r"[a-z0-9-]{1,128}")
MUSIC_CLASS = re.compile(r"[A-Za-z0-9_-]{1,64}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_SOUND = re.compile(r"/?[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")
_URL = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:_[A-Za-z0-9]{1,16})*")


def endpoint_of(digits: str, trunk: str) -> str:
    """`PJSIP/84901234567@trunk` of an E.164 number without its plus."""
    return f"PJSIP/{checked(_DIGITS, digits, 'a number to dial')}@{checked(NAME, trunk, 'a trunk')}"


def agent_endpoint_of(name: str) -> str:
    """`PJSIP/agent1` of an agent's phone."""
    return f"PJSIP/{checked(NAME, name, 'an endpoint')}"


def caller_id_of(number: str) -> str:
    """The number shown to the callee: 3 to 15 digits, with or without a plus."""
    return checked(_CALLER, number, "a caller id")


def sound_of(path: str) -> str:
    """`sound:greeting`; an absolute path has no suffix. No `..`, no list."""
    return f"sound:{checked(_SOUND, path, 'a sound')}"


class SoundUrl(NamedTuple):
    """A sound that the switch fetches. A type of its own: no name of a sound that somebody sends becomes a URL."""

    url: str


Sound = str | SoundUrl


def media_of(sound: Sound) -> str:
    """`sound:greeting`, or `sound:http://…/greeting.wav`."""
    if isinstance(sound, SoundUrl):
        return f"sound:{checked(_URL, sound.url, 'the URL of a sound')}"
    return sound_of(sound)


def language_of(tag: str) -> str:
    """`vi`, `en_GB`: the folder of sounds to look in first."""
    return checked(_LANGUAGE, tag, "a language")


def checked(pattern: re.Pattern[str], text: str, what: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(f"not {what}")  # without the text: it may be somebody's number
    return text
