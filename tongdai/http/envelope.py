"""Bodies of success and failure, and the one exception handler."""

from typing import Annotated, Any

import asyncpg
import msgspec
import structlog

from tongdai.db.unavailable import unavailable
from tongdai.errors import ERROR_CODES, ApiError, InsufficientStorage, NotFound, Unavailable
from tongdai.http.openapi.fields import one_of
from tongdai.http.request import Request, Response
from tongdai.runtime import disk

log = structlog.get_logger()

_encode = msgspec.json.Encoder().encode


class Done(msgspec.Struct, kw_only=True):
    """Body of a successful change."""

    success: Annotated[str, one_of(["1"])] = "1"
    """Always `"1"`: it is done."""
    error_code: Annotated[str, one_of(["SUCCESS"])] = "SUCCESS"
    """Always `SUCCESS`."""
    error_message: str
    """The change that was made, in English."""


def done_sample(message: str, **more: object) -> dict[str, Any]:
    """A sample of `Done`, for the OpenAPI document."""
    return {"success": "1", "error_code": "SUCCESS", "error_message": message, **more}


class Failure(msgspec.Struct):
    """Body of every failure."""

    success: Annotated[str, one_of(["0"])]
    """Always `"0"`: nothing was done."""
    error_code: Annotated[str, one_of(ERROR_CODES)]
    """The kind of failure."""
    error_message: str
    """The fault, in English; of something that was sent, the field and what is expected."""


def ok(body: object) -> Response:
    """Answer 200 with a body, a struct or anything that msgspec encodes as JSON."""
    return Response(_encode(body))


def failure(error: ApiError) -> Response:
    body = _encode(Failure("0", error.error_code, error.message))
    headers = [(name.lower().encode(), value.encode()) for name, value in error.headers.items()]
    return Response(body, error.status, [(b"content-type", b"application/json"), *headers])


def on_exception(request: Request, error: Exception) -> Response:
    """Answer an exception of any request; neither SQL nor a traceback reaches a client."""
    return failure(_public(request, error))


def _public(request: Request, error: Exception) -> ApiError:
    if isinstance(error, ApiError):
        return error
    if disk.is_full(error):
        log.error("disk full", request_id=request.id.decode())
        return InsufficientStorage("The disk of the server is full: nothing was stored")
    if unavailable(error):
        log.warning("database unavailable", error=type(error).__name__, request_id=request.id.decode())
        return Unavailable()
    # A foreign key fails when another request deleted a row that this one had just read.
    if isinstance(error, asyncpg.ForeignKeyViolationError):
        return NotFound("Not found")
    log.error("request failed", request_id=request.id.decode(), exc_info=error)
    return ApiError("System error")
