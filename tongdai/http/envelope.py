"""What goes out: the success and failure bodies, and the only exception handler there is."""

from collections.abc import Mapping
from typing import Any

import asyncpg
import msgspec
import structlog
from litestar import MediaType, Request, Response
from litestar.exceptions import MethodNotAllowedException
from litestar.exceptions import NotFoundException as RouteNotFound
from litestar.types import Method

from tongdai.db.pool import UNREACHABLE
from tongdai.errors import ApiError, MethodNotAllowed, NotFound, Unavailable

log = structlog.get_logger()

_encode = msgspec.json.Encoder().encode


class Done(msgspec.Struct, kw_only=True):
    """The body of a change that succeeded."""

    success: str = "1"
    error_code: str = "SUCCESS"
    error_message: str


def done_sample(message: str, **more: object) -> dict[str, Any]:
    """What `Done` looks like, for the document."""
    return {"success": "1", "error_code": "SUCCESS", "error_message": message, **more}


class Failure(msgspec.Struct):
    """The body of every failure."""

    success: str
    error_code: str
    error_message: str


def answer(body: object) -> Response[bytes]:
    """200 with `body`, a struct or anything msgspec writes as JSON."""
    return answer_bytes(_encode(body))


def answer_bytes(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    return Response(content=body, status_code=status, media_type=MediaType.JSON, headers=headers)


def failure(error: ApiError) -> Response[bytes]:
    body = _encode(Failure("0", error.error_code, error.message))
    return answer_bytes(body, error.status, error.headers)


def on_exception(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Every exception of every request ends here: nothing of a framework, SQL or traceback reaches a client."""
    return failure(_public(request, error))


def _public(request: Request[Any, Any, Any], error: Exception) -> ApiError:
    if isinstance(error, ApiError):
        return error
    if isinstance(error, MethodNotAllowedException):
        return MethodNotAllowed("Method not allowed", {"Allow": ", ".join(_allowed(request))})
    if isinstance(error, UNREACHABLE):
        log.warning("database unreachable", error=type(error).__name__, path=request.scope["path"])
        return Unavailable()
    # A foreign key fails when another request deleted what this one had just seen.
    if isinstance(error, (RouteNotFound, asyncpg.ForeignKeyViolationError)):
        return NotFound("Not found")
    log.error("request failed", error=type(error).__name__, path=request.scope["path"], exc_info=error)
    return ApiError("System error")


def _allowed(request: Request[Any, Any, Any]) -> list[Method]:
    return sorted(request.app.state.methods_at(request.scope["path"]))
