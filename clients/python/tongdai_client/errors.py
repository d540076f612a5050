"""Exceptions of the SDK. `TongdaiError` is the base class of all."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tongdai_client.models.imports import ImportJob


class TongdaiError(Exception):
    """Base class of every exception that this client raises, except ValueError and TypeError for wrong arguments."""


class ConnectionFailed(TongdaiError):
    """No response after all tries: connection refused, connection lost, or timeout."""


class UnexpectedAnswer(TongdaiError):
    """A response that no Tongdai server sends, such as a redirect or a gateway's error page."""


class FileChanged(TongdaiError):
    """The file was truncated during the upload. No contact of it was imported."""


class ImportFailed(TongdaiError):
    """The import that was waited for failed. `job.error_message` gives the reason; contacts it created remain."""

    def __init__(self, job: "ImportJob") -> None:
        super().__init__(job.error_message or "The import failed")
        self.job = job


class WaitTimeout(TongdaiError):
    """The import did not finish within the timeout. It continues on the server. `job` is its last known state."""

    def __init__(self, job: "ImportJob") -> None:
        super().__init__(
            f"Import {job.job_id} is still {job.status}: {job.processed_rows} of "
            f"{job.total_rows} row{'' if job.total_rows == 1 else 's'}"
        )
        self.job = job


class ApiError(TongdaiError):
    """An error response of the server."""

    def __init__(
        self,
        status: int,
        error_code: str,
        error_message: str,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(error_message)
        self.status = status
        """The HTTP status."""
        self.error_code = error_code
        """`INVALID_INPUT`, `NOT_FOUND` and so on; empty if a gateway answered."""
        self.error_message = error_message
        self.request_id = request_id
        """Identifies the request in the server's log."""
        self.retry_after = retry_after
        """Seconds after which the request may be retried, if the server gave them."""

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions are pickled by `args`, which holds the message alone.
        return type(self), (self.status, self.error_code, self.error_message, self.request_id, self.retry_after)


class InvalidInput(ApiError):
    """400: a parameter or the body is invalid; the message names it. 408, 413, 415: the body is too slow, too large or
    of an unsupported type."""


class InvalidState(ApiError):
    """400: not allowed in the present state of the object."""


class Unauthorized(ApiError):
    """401: the key is missing, wrong, expired or revoked."""


class InsufficientScope(ApiError):
    """403: the key lacks the scope."""


class NotFound(ApiError):
    """404, 405: no such object. Not for a delete that is retried: what a try whose response was lost may have deleted
    counts as deleted."""


class RateLimited(ApiError):
    """429, after all tries."""


class ServerFailed(ApiError):
    """500, 503 and gateway errors, after all tries if the status is retryable."""


BY_CODE: dict[str, type[ApiError]] = {
    "INVALID_INPUT": InvalidInput,
    "INVALID_STATE": InvalidState,
    "UNAUTHORIZED": Unauthorized,
    "INSUFFICIENT_SCOPE": InsufficientScope,
    "NOT_FOUND": NotFound,
    "RATE_LIMIT_EXCEEDED": RateLimited,
    "FAIL": ServerFailed,
}
BY_STATUS: dict[int, type[ApiError]] = {
    400: InvalidInput,
    401: Unauthorized,
    403: InsufficientScope,
    404: NotFound,
    405: NotFound,
    408: InvalidInput,
    413: InvalidInput,
    415: InvalidInput,
    429: RateLimited,
}
"""For responses without an `error_code`, which a gateway sent."""
