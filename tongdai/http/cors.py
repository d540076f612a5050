"""Which web pages of other origins may read the answers. Off unless origins are named."""

from tongdai.http.asgi import Headers
from tongdai.http.request import Answer, Request

METHODS = b"GET, POST, PUT, PATCH, DELETE"
ASKED = b"Authorization, Content-Type, Idempotency-Key, X-Api-Key, X-Request-Id, X-Tenant-ID"
"""The headers a page may send."""
MAX_AGE_S = 600


class Cors:
    def __init__(self, origins: tuple[str, ...], exposed: tuple[str, ...]) -> None:
        """`exposed` are the headers of an answer that a page may read. The origin `*` is any."""
        self._origins = frozenset(origin.encode() for origin in origins)
        self._exposed = ", ".join(exposed).encode()

    def mark(self, request: Request) -> Answer | None:
        """Allow the answer to be read where the request's origin is one of ours; of a preflight, that answer."""
        origin = next((value for name, value in request.scope["headers"] if name == b"origin"), None)
        if origin is None:
            return None
        request.reply_headers.append((b"vary", b"Origin"))
        if origin not in self._origins and b"*" not in self._origins:
            return None
        request.reply_headers.append((b"access-control-allow-origin", origin))
        if request.method == "OPTIONS" and "access-control-request-method" in request.headers:
            return Answer(b"", 204, self._preflight())
        request.reply_headers.append((b"access-control-expose-headers", self._exposed))
        return None

    def _preflight(self) -> Headers:
        return [
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", ASKED),
            (b"access-control-max-age", b"%d" % MAX_AGE_S),
        ]
