"""Responses of the server itself, to what no application sees: in the documented form, counted and logged."""

import itertools
import os
from dataclasses import dataclass
from http import HTTPStatus

import msgspec

from tongdai.errors import Overloaded
from tongdai.http import access_log

_PROCESS = os.urandom(10).hex().encode()
_number = itertools.count()


@dataclass(frozen=True, slots=True)
class Refusal:
    status: HTTPStatus
    head: bytes
    """On the wire, up to the value of the last header, the request's id."""
    body: bytes

    def response(self) -> bytes:
        """The response on the wire; counted, and logged with its request id."""
        request_id = b"%b%012x" % (_PROCESS, next(_number))
        if self.status is HTTPStatus.SERVICE_UNAVAILABLE:
            access_log.count_overloaded()
        else:
            access_log.report_unrouted(self.status, request_id)
        return b"%b%b\r\n\r\n%b" % (self.head, request_id, self.body)


def _refusal(status: HTTPStatus, code: str, message: str, *headers: str) -> Refusal:
    body = msgspec.json.encode({"success": "0", "error_code": code, "error_message": message})
    lines = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        *headers,
        "x-request-id: ",
    )
    return Refusal(status, "\r\n".join(lines).encode(), body)


_CLOSE, _RETRY = "connection: close", "retry-after: 1"
UNREADABLE = _refusal(HTTPStatus.BAD_REQUEST, "INVALID_INPUT", "This is not a request in HTTP/1.1", _CLOSE)
HEAD_TIMEOUT = _refusal(
    HTTPStatus.REQUEST_TIMEOUT, "INVALID_INPUT", "The head of the request did not arrive in time", _CLOSE
)
HEAD_TOO_LARGE = _refusal(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "INVALID_INPUT", "The head of the request is too large", _CLOSE
)
OVERLOADED_KEPT = _refusal(HTTPStatus.SERVICE_UNAVAILABLE, "FAIL", Overloaded.MESSAGE, _RETRY)
"""The connection is kept."""
OVERLOADED_CLOSED = _refusal(HTTPStatus.SERVICE_UNAVAILABLE, "FAIL", Overloaded.MESSAGE, _RETRY, _CLOSE)
