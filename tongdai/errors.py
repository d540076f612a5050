"""Every public error: its class, HTTP status and error_code. Messages name the thing and the value."""

from collections.abc import Mapping

SHOWN_INPUT = 100  # characters of a caller's input that an error message may repeat


def shown(value: object) -> str:
    """A caller's value as an error message may repeat it: printable and cut."""
    text = str(value)
    return "".join(c if c.isprintable() else "?" for c in text[: SHOWN_INPUT - 1]) + (
        "…" if len(text) >= SHOWN_INPUT else ""
    )


class ApiError(Exception):
    """A failure the API answers. `headers` go out with it."""

    status = 500
    error_code = "FAIL"

    def __init__(self, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.headers = dict(headers or {})


class InvalidInput(ApiError):
    """The query or body is wrong; the message names the field and what is expected."""

    status, error_code = 400, "INVALID_INPUT"


class InvalidState(ApiError):
    """The state machine forbids it."""

    status, error_code = 400, "INVALID_STATE"


class Unauthorized(ApiError):
    """Missing, malformed, unknown, revoked, expired: one body for all, so that it tells a guesser nothing."""

    status, error_code = 401, "UNAUTHORIZED"

    def __init__(self) -> None:
        super().__init__("Missing or incorrect API key")


class InsufficientScope(ApiError):
    status, error_code = 403, "INSUFFICIENT_SCOPE"

    def __init__(self, scope: str) -> None:
        super().__init__(f"Key does not have scope {scope}")


class NotFound(ApiError):
    """Another tenant's thing and a thing that never was are answered alike: callers give no detail beyond the noun."""

    status, error_code = 404, "NOT_FOUND"


class MethodNotAllowed(ApiError):
    status, error_code = 405, "NOT_FOUND"


class TooLarge(ApiError):
    status, error_code = 413, "INVALID_INPUT"


class UnsupportedMediaType(ApiError):
    status, error_code = 415, "INVALID_INPUT"


class RateLimited(ApiError):
    status, error_code = 429, "RATE_LIMIT_EXCEEDED"

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message, {"Retry-After": str(retry_after_s)})


class Unavailable(ApiError):
    """The database is unreachable, or the server is overloaded or stopping: try again."""

    status, error_code = 503, "FAIL"

    def __init__(self, message: str = "Service temporarily unavailable", retry_after_s: int = 1) -> None:
        super().__init__(message, {"Retry-After": str(retry_after_s)})


class OperatorError(Exception):
    """What an operator can mend: printed by the command line as one line, exit code 1."""
