"""Which bytes are a request as a whole, so that it can be refused without being parsed."""

import re

_LINE = re.compile(rb"(?:GET|POST|PUT|PATCH|DELETE) [\x21-\x7e]+ HTTP/1\.1\r\n")
_LENGTH = re.compile(rb"\ncontent-length:[ \t]*([0-9]{1,7})[ \t]*\r")
_UNCERTAIN = re.compile(rb"transfer-encoding|\n(?:expect|upgrade|origin|x-request-id):|\nconnection:(?! *keep-alive\r)")
"""Headers that decide about the body, the connection or headers of the answer, in lower case."""


def is_whole_request(data: bytes) -> bool:
    """Whether the bytes, the first of a message, are exactly one request after which the connection is kept.

    False whenever that is not certain. A HEAD is none: the answer to it has no body.
    """
    end = data.find(b"\r\n\r\n") + 4
    if end < 4 or _LINE.match(data) is None:
        return False
    head = data[:end].lower()
    if _UNCERTAIN.search(head) is not None:
        return False
    lengths = head.count(b"content-length")
    if not lengths:
        return len(data) == end
    found = _LENGTH.search(head)
    return lengths == 1 and found is not None and len(data) == end + int(found[1])
