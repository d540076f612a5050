"""Vietnamese text from before Unicode: TCVN3 (fonts .VnTime, ABC) and VNI (fonts VNI-Times). Pure.

Both store a letter with its accents as characters that Western fonts show as others: `NguyÔn V¨n An` and `Nguyeãn Vaên
An` are `Nguyễn Văn An`. They are in old files as bytes, and in workbooks and UTF-8 as those Western characters. They
are recognised by their words: of a text read wrongly, few are syllables of Vietnamese.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

WORDS = 300
"""Words with accents that are looked at."""
CLEAR_WORDS, CLEAR_SHARE, UNCLEAR_SHARE = 3, 0.8, 0.5
"""Text in Unicode is converted when so many different words, and this share of all, are Vietnamese then, and fewer
are without."""

_TCVN3 = dict(zip(map(chr, range(0x80, 0x100)), (
    "ÀẢÃÁẠẶẬÈẺẼÉẸỆÌỈĨÍỊÒỎÕÓỌỘỜỞỠỚỢÙỦŨ\u00a0ĂÂÊÔƠƯĐăâêôơưđẰ\u0300\u0309\u0303\u0301\u0323àảãáạẲằẳẵắẴẮẦẨẪẤỀặầẩẫấậèỂẻẽ"
    "éẹềểễếệìỉỄẾỒĩíịòỔỏõóọồổỗốộờởỡớợùỖủũúụừửữứựỳỷỹýỵỐ"
), strict=True))  # fmt: skip
_TCVN3_TABLE = str.maketrans(_TCVN3)

_VNI_MARKS = {
    "a": "ùáøàûảõãïạââáấàầåẩãẫäậêăéắèằúẳüẵëặ",
    "e": "ùéøèûẻõẽïẹâêáếàềåểãễäệ",
    "o": "ùóøòûỏõõïọâôáốàồåổãỗäộ",
    "ô": "ùớøờûởõỡïợ",
    "u": "ùúøùûủõũïụ",
    "ö": "ùứøừûửõữïự",
    "y": "ùýøỳûỷõỹ",
}
"""After a letter, each mark and what it makes of it."""
_VNI_ALONE = "ííììæỉóĩòịîỵôơöưñđ"


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    return zip(text[::2], text[1::2], strict=True)


def _vni() -> dict[str, str]:
    found: dict[str, str] = {}
    for letter, marks in _VNI_MARKS.items():
        for mark, whole in _pairs(marks):
            for written in (mark, mark.upper()):
                found[letter + written], found[letter.upper() + written] = whole, whole.upper()
    for mark, whole in _pairs(_VNI_ALONE):
        found[mark], found[mark.upper()] = whole, whole.upper()
    return found


_VNI = _vni()
_VNI_LETTER = re.compile("|".join(sorted(_VNI, key=len, reverse=True)))

_ONSET = "(?:ngh|ng|nh|gh|gi|kh|ph|qu|th|tr|ch|[bcdđghklmnprstvx])?"
_RIMES = """
    a(?:c|ch|m|n|ng|nh|p|t|i|o|u|y)? ă(?:c|k|m|n|ng|p|t) â(?:c|m|n|ng|p|t|u|y) e(?:c|m|n|ng|p|t|o)?
    ê(?:ch|m|n|nh|p|t|u|c|ng)? i(?:ch|m|n|nh|p|t|u|a)? iê(?:c|m|n|ng|p|t|u) o(?:c|m|n|ng|p|t|i)?
    oa(?:c|ch|m|n|ng|nh|p|t|i|y|o)? oă(?:c|m|n|ng|t) oe(?:n|o|t)? oo(?:c|ng) ô(?:c|m|n|ng|p|t|i)? ơ(?:m|n|p|t|i)?
    u(?:c|m|n|ng|p|t|i|a)? uâ(?:n|ng|t|y) uê(?:ch|n|nh)? uô(?:c|m|n|ng|t|i) uơ uy(?:ch|n|nh|t|p|a|u|ên|êt)?
    ư(?:c|m|n|ng|t|i|u|a)? ươ(?:c|m|n|ng|p|t|i|u) y(?:ch|n|nh|t|p|êu|êm|ên|êng|êt)?
"""
_SYLLABLE = re.compile(f"{_ONSET}(?:{'|'.join(_RIMES.split())})")
_TONES = re.compile("[\u0300\u0301\u0303\u0309\u0323]")
_PLAIN_LETTER = re.compile("[A-Za-z]")
_BETWEEN_WORDS = re.compile(r"[\s0-9!-/:-@\[-`{-~]+")


def from_tcvn3(text: str) -> str:
    return unicodedata.normalize("NFC", text.translate(_TCVN3_TABLE))


def from_vni(text: str) -> str:
    return _VNI_LETTER.sub(lambda found: _VNI[found[0]], text)


CONVERSIONS: dict[str, Callable[[str], str]] = {"tcvn3": from_tcvn3, "vni": from_vni}
"""From the characters that Western fonts show to those that are meant."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How far the words of a text that have accents are Vietnamese."""

    words: int
    syllables: int
    different: int
    """Different words that are syllables."""
    other: str
    """The first word that is no syllable; empty when all are."""

    @property
    def share(self) -> float:
        return self.syllables / self.words if self.words else 1.0


def likeness(text: str) -> Likeness:
    """Look at the first WORDS words with accents."""
    words = list(islice((word for word in _BETWEEN_WORDS.split(text) if not word.isascii()), WORDS))
    others = [word for word in words if not is_syllable(word)]
    different = len(set(words).difference(others))
    return Likeness(len(words), len(words) - len(others), different, others[0] if others else "")


def is_syllable(word: str) -> bool:
    """Whether a word can be Vietnamese: its sounds go together, and it has one tone at the most."""
    plain, tones = _TONES.subn("", unicodedata.normalize("NFD", word.lower()))
    return tones <= 1 and _SYLLABLE.fullmatch(unicodedata.normalize("NFC", plain)) is not None


def written_in(text: str) -> str | None:
    """Which of CONVERSIONS the text needs, when that is clear: most of its words are Vietnamese then, few without."""
    # Without a plain letter, ª and ° would be words.
    text = " ".join(word for word in _BETWEEN_WORDS.split(text) if _PLAIN_LETTER.search(word))
    if likeness(text).share >= UNCLEAR_SHARE:
        return None
    found = {name: likeness(convert(text)) for name, convert in CONVERSIONS.items()}
    best = max(found, key=lambda name: found[name].share)
    return best if found[best].different >= CLEAR_WORDS and found[best].share >= CLEAR_SHARE else None
