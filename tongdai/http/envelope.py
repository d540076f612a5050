"""What goes out: the success and failure bodies, and the only exception handler there is."""

from typing import Any

import asyncpg
import msgspec
import structlog
from litestar import MediaType, Request, Response
from litestar.exceptions import MethodNotAllowedException
from litestar.exceptions import NotFoundException as RouteNotFound
from litestar.types import Method

from tongdai.db.pool import unreachable
from tongdai.errors import ApiError, MethodNotAllowed, NotFound, Unavailable
from tongdai.http.access import request_id_of
from tongdai.http.endpoint import Answer

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


def answer(body: object) -> Answer:
    """200 with `body`, a struct or anything msgspec writes as JSON."""
    return Answer(_encode(body))


def failure(error: ApiError) -> Response[bytes]:
    body = _encode(Failure("0", error.error_code, error.message))
    return Response(content=body, status_code=error.status, media_type=MediaType.JSON, headers=error.headers)


def on_exception(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Every exception of every request ends here: nothing of a framework, SQL or traceback reaches a client."""
    return failure(_public(request, error))


def _public(request: Request[Any, Any, Any], error: Exception) -> ApiError:
    if isinstance(error, ApiError):
        return error
    if isinstance(error, MethodNotAllowedException):
        return MethodNotAllowed("Method not allowed", {"Allow": ", ".join(_allowed(request))})
    if unreachable(error):
        log.warning("database unreachable", error=type(error).__name__, request_id=request_id_of(request.scope))
        return Unavailable()
    # A foreign key fails when another request deleted what this one had just seen.
    if isinstance(error, (RouteNotFound, asyncpg.ForeignKeyViolationError)):
        return NotFound("Not found")
    log.error("request failed", request_id=request_id_of(request.scope), exc_info=error)
    return ApiError("System error")


def _allowed(request: Request[Any, Any, Any]) -> list[Method]:
    return sorted(request.app.state.methods_at(request.scope["path"]))
