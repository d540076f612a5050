"""Public errors: class, HTTP status and error_code. Messages name the field, the value and what is expected."""

from collections.abc import Mapping

SHOWN_INPUT = 100  # characters of a caller's input that an error message may repeat


def shown(value: object, most: int = SHOWN_INPUT) -> str:
    """Make a caller's value fit for an error message: printable and cut."""
    text = str(value)
    return "".join(c if c.isprintable() else "?" for c in text[: most - 1]) + ("…" if len(text) >= most else "")


class ApiError(Exception):
    """A failure that the API answers, with further headers."""

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
    """The key is missing, malformed, unknown, revoked or expired: one body for all, so that guessing reveals
    nothing."""

    status, error_code = 401, "UNAUTHORIZED"

    def __init__(self) -> None:
        super().__init__("Missing or incorrect API key")


class InsufficientScope(ApiError):
    status, error_code = 403, "INSUFFICIENT_SCOPE"

    def __init__(self, scope: str) -> None:
        super().__init__(f"Key does not have scope {scope}")


class RoleForbids(InsufficientScope):
    """The role of a user does not allow it."""

    def __init__(self) -> None:
        ApiError.__init__(self, "Your role does not allow this")


class NotYourAgent(InsufficientScope):
    """A user may act for their own agent alone, and this concerns another one."""

    def __init__(self) -> None:
        ApiError.__init__(self, "Your role allows this for your own agent alone")


class CsrfTokenNeeded(InsufficientScope):
    """A change by a session's cookie without the session's CSRF token: another site may have sent it."""

    def __init__(self) -> None:
        ApiError.__init__(self, "X-CSRF-Token must be the csrfToken of the session")


class WallboardAlone(InsufficientScope):
    """The token of a wallboard shows the board, and nothing else may."""

    def __init__(self) -> None:
        ApiError.__init__(self, "Only the token of a wallboard may do this, and it may do nothing else")


class WrongLogin(Unauthorized):
    """The login is unknown, the password wrong, or the user disabled: one body for all."""

    def __init__(self) -> None:
        ApiError.__init__(self, "Wrong login or password")


class PlatformKeyNeeded(InsufficientScope):
    """It concerns the whole installation, and the key is a tenant's."""

    def __init__(self) -> None:
        ApiError.__init__(self, "Only a platform key may do this")


class NotFound(ApiError):
    """Not found. Unknown and foreign ids get the same response, so callers give no detail beyond the noun."""

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
    """The database is unavailable, or the server is overloaded or stopping: try again."""

    status, error_code = 503, "FAIL"

    def __init__(self, message: str = "Service temporarily unavailable", retry_after_s: int = 1) -> None:
        super().__init__(message, {"Retry-After": str(retry_after_s)})


class Overloaded(Unavailable):
    """Refused at once: it would wait for longer than its client does."""

    MESSAGE = "The server is overloaded: try again later"

    def __init__(self) -> None:
        super().__init__(self.MESSAGE)


class InsufficientStorage(ApiError):
    """The disk is short of space, or a tenant's share of it is used up: nothing was stored."""

    status, error_code = 507, "FAIL"

    def __init__(self, message: str = "The server is short of disk space: nothing was stored") -> None:
        super().__init__(message, {"Retry-After": "30"})


ERROR_CODES = (
    *dict.fromkeys(kind.error_code for kind in (InvalidInput, InvalidState, *ApiError.__subclasses__(), ApiError)),
)


class OperatorError(Exception):
    """An error that the operator can fix: the command line prints it as one line and exits with code 1."""
