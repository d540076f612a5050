"""Which bytes are requests as a whole."""

import pytest

from tongdai.http.connections.core import REMEMBERED, REMEMBERED_BYTES, headers_of, remembered, whole_requests

GET = b"GET /v1/a?b=c HTTP/1.1\r\nHost: a\r\n\r\n"


def posted(length: bytes, body: bytes = b"", name: bytes = b"Content-Length") -> bytes:
    return b"POST / HTTP/1.1\r\nHost: a\r\n%s:%s\r\n\r\n%s" % (name, length, body)


@pytest.mark.parametrize(
    "data",
    [
        GET,
        GET.replace(b"GET", b"DELETE"),
        posted(b" 4", b"body"),
        posted(b"0"),
        posted(b"4", b"body", name=b"CONTENT-length"),
        GET.replace(b"Host", b"Connection: keep-alive\r\nHost"),
    ],
)
def test_whole_requests(data: bytes) -> None:
    assert whole_requests(data, 2) == [data]
    assert whole_requests(data + GET, 2) == [data, GET]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n",
        b"\r\n\r\n",
        GET[:-1],
        GET + b"G",
        GET + GET[:-1],
        GET + b"\r\n" + GET,
        GET + GET + GET,
        b"\r\n" + GET,
        GET.replace(b"1.1", b"1.0"),
        GET.replace(b"GET", b"HEAD"),
        GET.replace(b"GET", b"CONNECT"),
        GET.replace(b"GET", b"get"),
        GET.replace(b"Host", b"Connection: close\r\nHost"),
        GET.replace(b"Host", b"Connection: keep-alive, close\r\nHost"),
        GET.replace(b"Host", b"Connection:close\r\nHost"),
        GET.replace(b"Host", b"Transfer-Encoding: chunked\r\nHost"),
        GET.replace(b"Host", b"Expect: 100-continue\r\nHost"),
        posted(b" 4", b"bod"),
        posted(b" 4", b"body!"),
        posted(b" 4 4", b"body"),
        posted(b" +4", b"body"),
        posted(b" 4, 4", b"body"),
        posted(b" -1"),
        posted(b" 0x4", b"body"),
        posted(b" 4\r\nContent-Length: 4", b"body"),
        posted(b" 4", b"body", name=b"X-Content-Length"),
        posted(b" 4", b"body", name=b"Content-Length "),
    ],
)
def test_other_bytes_are_left_to_the_parser(data: bytes) -> None:
    assert whole_requests(data, 2) == []


def test_headers_of_the_first_request_are_found_unparsed() -> None:
    assert headers_of(GET + posted(b"4", b"body")) == b"\r\nHost: a\r\n\r\n"
    assert headers_of(GET[:-2]) == b"\r\nHost: a\r\n", "as far as they have arrived"
    assert headers_of(b"GET / HTTP/1.1\r\n\r\n") == b"\r\n\r\n"
    assert headers_of(b"G") == b"G"


def test_few_short_arguments_are_remembered_and_no_others() -> None:
    asked: list[bytes] = []

    def length(data: bytes) -> int:
        asked.append(data)
        return len(data)

    of = remembered(length)
    long = b"a" * (REMEMBERED_BYTES + 1)
    assert [of(b"a"), of(b"a"), of(long), of(long)] == [1, 1, len(long), len(long)]
    assert asked == [b"a", long, long]
    for number in range(REMEMBERED):
        of(b"%d" % number)
    of(b"a")
    assert asked[-1] == b"a", "forgotten"
