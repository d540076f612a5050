"""The header `Range` of a request, by RFC 9110. Pure."""

import re
from typing import NamedTuple

_RANGE = re.compile(r"bytes=\s*([0-9]{0,18})-([0-9]{0,18})\s*", re.ASCII | re.IGNORECASE)


class ByteRange(NamedTuple):
    first: int
    length: int


def range_of(header: str | None, size: int) -> ByteRange | None:
    """The bytes that a header asks for, of a file of that size. The whole file where it asks for none, for several
    ranges or in a way that cannot be read, as the RFC allows; None: for none that there are."""
    whole = ByteRange(0, size)
    match = None if header is None else _RANGE.fullmatch(header)
    if match is None or match[0].count("-") != 1 or not (match[1] or match[2]):
        return whole
    if not match[1]:
        last = min(int(match[2]), size)
        return ByteRange(size - last, last) if last else None
    first = int(match[1])
    last = min(int(match[2]), size - 1) if match[2] else size - 1
    if first >= size:
        return None
    return ByteRange(first, last - first + 1) if first <= last else whole
