"""CORS: the origins whose web pages may read responses. Off unless origins are configured."""

from tongdai.http.asgi import Headers
from tongdai.http.request import Request, Response

METHODS = b"GET, POST, PUT, PATCH, DELETE"
ASKED = b"Authorization, Content-Type, Idempotency-Key, X-Api-Key, X-Request-Id, X-Tenant-ID"
"""Request headers that a page may send."""
MAX_AGE_S = 600


class Cors:
    def __init__(self, origins: tuple[str, ...], exposed: tuple[str, ...]) -> None:
        """Allow these origins (`*`: any) to read responses; `exposed` names the headers they may read."""
        self._origins = frozenset(origin.encode() for origin in origins)
        self._exposed = ", ".join(exposed).encode()

    def mark(self, request: Request) -> Response | None:
        """Add the CORS headers to a response for an allowed origin, or answer its preflight."""
        origin = next((value for name, value in request.scope["headers"] if name == b"origin"), None)
        if origin is None:
            return None
        request.response_headers.append((b"vary", b"Origin"))
        if origin not in self._origins and b"*" not in self._origins:
            return None
        request.response_headers.append((b"access-control-allow-origin", origin))
        if request.method == "OPTIONS" and "access-control-request-method" in request.headers:
            return Response(b"", 204, self._preflight())
        request.response_headers.append((b"access-control-expose-headers", self._exposed))
        return None

    def _preflight(self) -> Headers:
        return [
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", ASKED),
            (b"access-control-max-age", b"%d" % MAX_AGE_S),
        ]
