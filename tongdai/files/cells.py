"""Cells as people have them → texts, without what spreadsheets, editors and web pages leave in them. Pure.

A text has no invisible and no bidirectional characters, its accents are composed, and it has spaces where the cell had
breaks. An apostrophe or `="…"`, by which a spreadsheet is kept from reading a number or a formula, is not part of it.
"""

import re
import unicodedata
from collections.abc import Sequence

from tongdai.text import INVISIBLE

BREAKS = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")
_INVISIBLE = re.compile(rf"[\x1a{INVISIBLE}]")
"""Among them \\x1a, DOS's end of a file."""
_ACCENT = re.compile("[\u0300-\u036f]")
_ODD_UTF_8 = (b"\xc2", b"\xcc", b"\xcd", b"\xd8", b"\xe2", b"\xef")
"""The first bytes of all characters beyond ASCII that BREAKS, _INVISIBLE and _ACCENT match."""
_ODD_ASCII = ("'", "=", "\n", "\r", "\t", "\v", "\f", "\x1a")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
ERRORS = frozenset(("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"))
"""Results of formulas that are errors, as spreadsheets write them."""
NO_RESULT = "#="
"""The beginning of a formula that was stored without its result."""


def has_odd_characters(utf_8: bytes) -> bool:
    """Whether a text may have characters beyond ASCII that `clean` changes; most files have none."""
    return any(byte in utf_8 for byte in _ODD_UTF_8)


def cleaned(cells: Sequence[str], odd: bool) -> Sequence[str]:
    """The texts of a column; `odd` False: it has no odd characters beyond ASCII.

    A column with nothing to clean costs a look at all of its text at once.
    """
    joined = "".join(cells)
    odd = odd and not joined.isascii() and (not joined.isprintable() or _ACCENT.search(joined) is not None)
    if odd or any(character in joined for character in _ODD_ASCII):
        return list(map(clean, cells))
    return cells


def clean(cell: str) -> str:
    """The text of a cell."""
    if cell.isascii():
        text = BREAKS.sub(" ", cell).replace("\x1a", "") if not cell.isprintable() else cell
    else:
        text = _INVISIBLE.sub("", BREAKS.sub(" ", cell))
        if _ACCENT.search(text):
            text = unicodedata.normalize("NFC", text)
    text = text.strip()
    return unmarked(text) if text[:1] in {"'", "="} else text


def clean_name(cell: str) -> str:
    """The text of a cell in a header: the name of a column, which has no control characters at all."""
    return _CONTROL.sub("", " ".join(clean(cell).split()))


def as_written(cell: str) -> str:
    """A cell as its file has it: a formula without a result as the formula."""
    return cell[1:] if cell.startswith(NO_RESULT) else cell


def unmarked(text: str) -> str:
    """Strip the apostrophe or the `="…"` that keeps a spreadsheet from reading a number or a formula.

    An apostrophe belongs to the text before a small letter ('t Hart) and when another one follows.
    """
    if text[:1] == "'" and not text[1:2].islower() and "'" not in text[1:]:
        text = text[1:].lstrip()
    if len(text) > 2 and text[:2] == '="' and text[-1] == '"':
        return text[2:-1].replace('""', '"').strip()
    return text
