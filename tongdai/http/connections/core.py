"""Which bytes are requests as a whole, so that they can be refused without being parsed."""

import re

_LINE = re.compile(rb"(?:GET|POST|PUT|PATCH|DELETE) [\x21-\x7e]+ HTTP/1\.1\r\n")
_LENGTH = re.compile(rb"\ncontent-length:[ \t]*([0-9]{1,7})[ \t]*\r")
_UNCERTAIN = re.compile(rb"transfer-encoding|\n(?:expect|upgrade|origin|x-request-id):|\nconnection:(?! *keep-alive\r)")
"""Headers that decide about the body, the connection or headers of the answer, in lower case."""


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
        found.append(data[:end])
        data = data[end:]
    return found


def _end(data: bytes) -> int:
    """Where the first request ends; 0 when that is not certain."""
    end = data.find(b"\r\n\r\n") + 4
    if end < 4 or _LINE.match(data) is None:
        return 0
    head = data[:end].lower()
    if _UNCERTAIN.search(head) is not None:
        return 0
    lengths = head.count(b"content-length")
    if not lengths:
        return end
    found = _LENGTH.search(head)
    if lengths > 1 or found is None or len(data) < end + int(found[1]):
        return 0
    return end + int(found[1])
