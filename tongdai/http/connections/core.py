"""Which bytes are requests as a whole, so that they can be refused without being parsed.

Under overload most requests are refused, by clients that ask again and again: what the headers of a request say is
looked for once and remembered (`remembered`).
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

REMEMBERED, REMEMBERED_BYTES = 1024, 2048
"""The most results that are remembered of each function, and the longest argument with which."""
_LINE = re.compile(rb"(?:GET|POST|PUT|PATCH|DELETE) [\x21-\x7e]+ HTTP/1\.1\r\n")
_LENGTH = re.compile(rb"\ncontent-length:[ \t]*([0-9]{1,7})[ \t]*\r")
_UNCERTAIN = re.compile(rb"transfer-encoding|\n(?:expect|upgrade|origin|x-request-id):|\nconnection:(?! *keep-alive\r)")
"""Headers that decide about the body, the connection or headers of the answer, in lower case."""


T = TypeVar("T")


def remembered(of: Callable[[bytes], T]) -> Callable[[bytes], T]:
    """The pure function itself, with its last results remembered: a client cannot fill the memory by them."""
    cached = lru_cache(REMEMBERED)(of)
    return lambda data: cached(data) if len(data) <= REMEMBERED_BYTES else of(data)


def headers_of(unread: bytes) -> bytes:
    """The headers of the request at the beginning, from the end of its first line on; an incomplete head as it is."""
    begin = unread.find(b"\r\n")
    end = unread.find(b"\r\n\r\n", begin)
    return unread[max(0, begin) : end + 4 if end >= 0 else None]


def whole_requests(data: bytes, at_most: int) -> list[bytes]:
    """Take apart the bytes, the first of a message, that are exactly so many requests, after which the connection is
    kept.

    None whenever that is not certain, or when they are more. A HEAD is none: the answer to it has no body.
    """
    found: list[bytes] = []
    while data:
        end = _end(data)
        if not end or len(found) == at_most:
            return []
        if end == len(data):
            found.append(data)
            break
        found.append(data[:end])
        data = data[end:]
    return found


def _end(data: bytes) -> int:
    """Where the first request ends; 0 when that is not certain."""
    line = _LINE.match(data)
    if line is None:
        return 0
    begin = line.end() - 2
    end = data.find(b"\r\n\r\n", begin) + 4
    if end < 4:
        return 0
    length = _length(data[begin:end])
    return end + length if length is not None and len(data) >= end + length else 0


@remembered
def _length(headers: bytes) -> int | None:
    """How long the body is; None when the headers leave that, or what follows it, uncertain."""
    lower = headers.lower()
    if _UNCERTAIN.search(lower) is not None:
        return None
    lengths = lower.count(b"content-length")
    if not lengths:
        return 0
    found = _LENGTH.search(lower)
    return int(found[1]) if lengths == 1 and found is not None else None
