"""What a call can end with other than its result. `TongdaiError` is the class of them all."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tongdai.client.model import ImportJob


class TongdaiError(Exception):
    """Anything that this client raises, save for wrong arguments (ValueError, TypeError)."""


class ConnectionFailed(TongdaiError):
    """No answer, after all tries: nobody listens, the connection broke, or the answer did not come in time."""


class UnexpectedAnswer(TongdaiError):
    """An answer that no Tongdai server gives, such as a redirect or a gateway's own page."""


class FileChanged(TongdaiError):
    """The file became shorter while it was sent. Nothing of it was imported."""


class ImportFailed(TongdaiError):
    """An import that was waited for ended as failed. `job.error_message` says why; what it had created stays."""

    def __init__(self, job: "ImportJob") -> None:
        super().__init__(job.error_message or "The import failed")
        self.job = job


class WaitTimeout(TongdaiError):
    """An import did not end in the time that was given. It goes on. `job` is the last that was seen of it."""

    def __init__(self, job: "ImportJob") -> None:
        super().__init__(f"Import {job.job_id} is still {job.status}: {job.processed_rows} of {job.total_rows} rows")
        self.job = job


class ApiError(TongdaiError):
    """The server refused or failed."""

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
        """`INVALID_INPUT`, `NOT_FOUND` and so on."""
        self.error_message = error_message
        self.request_id = request_id
        """Under this id the request is in the server's log."""
        self.retry_after = retry_after
        """Seconds after which it may be tried again, where the server says so."""

    def __reduce__(self) -> tuple[object, ...]:
        # An exception is copied by its `args`, which are the message alone.
        return type(self), (self.status, self.error_code, self.error_message, self.request_id, self.retry_after)


class InvalidInput(ApiError):
    """400: a parameter or the body is wrong; the message names it. 408, 413, 415: the body is too slow, too large, or
    of a type not understood."""


class InvalidState(ApiError):
    """400: not possible in its present state."""


class Unauthorized(ApiError):
    """401: the key is missing, wrong, expired or revoked."""


class InsufficientScope(ApiError):
    """403: the key lacks the scope."""


class NotFound(ApiError):
    """404, 405: no such thing. After a lost answer a repeated delete says so of what its first try has deleted."""


class RateLimited(ApiError):
    """429, after all tries."""


class ServerFailed(ApiError):
    """500, 503 and what gateways answer, after all tries where it is worth trying again."""


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
"""For what did not come from the server itself but from a gateway before it."""
