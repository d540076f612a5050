"""The numbers in a cell that is meant for one. Pure.

A number that must not be called is looked for wherever it may be: a number listed too many costs a call, a number
that is passed over is called against its owner's will.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

from tongdai.contacts.numbers.phone import NumberFault

_SHORTEST = 6
"""Digits of what may be a number: less is an extension, a position or part of an address."""
_SPLIT = re.compile(r"[/;,|&\n]|\s-\s|\s{2,}|[^\W\d_]+")
_PIECE = re.compile(r"\+?[(\[]?\d[\d\s().\[\]-]*")
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
_TOKEN = re.compile(r"\+?\d[\d.()-]*")


def numbers_in(text: str, read: Callable[[str], str | NumberFault]) -> list[str]:
    """All numbers in E.164 that a text which is no number itself holds, each once, in their order."""
    found: dict[str, None] = {}
    for part in _SPLIT.split(_ascii_digits(text)):
        pieces = _PIECE.findall(part)
        numbers = list(_numbers(pieces, read))
        if not numbers:
            # Two numbers with a space between them.
            numbers = list(_numbers(_TOKEN.findall(part), read))
        found |= dict.fromkeys(numbers)
    return list(found)


def _numbers(pieces: Iterable[str], read: Callable[[str], str | NumberFault]) -> Iterator[str]:
    for piece in pieces:
        if sum(map(str.isdigit, piece)) >= _SHORTEST:
            number = read(piece.strip())
            if not isinstance(number, NumberFault):
                yield number


def _ascii_digits(text: str) -> str:
    """With the digits and dashes of other scripts as ASCII has them."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES)
    return "".join(c if (digit := unicodedata.decimal(c, None)) is None else str(digit) for c in plain)
