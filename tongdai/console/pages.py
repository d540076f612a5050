"""Serves the console: `/`, its client-side routes, its assets, and the reference of the API at `/docs`.

The index is never stored, so that a new version is seen at the next load; assets have a hash of their content in their
name and are stored for ever. What a browser navigates to and no route knows is a client-side route, and gets the index;
a program that asks for the same path gets the API's 404.
"""

from collections.abc import AsyncGenerator, Mapping
from pathlib import PurePosixPath

from tongdai.console.files import DOCS, INDEX, File, coding_for
from tongdai.errors import MethodNotAllowed
from tongdai.http.request import AnyResponse, Request, Response, StreamingResponse
from tongdai.http.routes import Handler

ASSETS = "assets/"
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"permissions-policy", b"microphone=(self), camera=(), geolocation=(), payment=(), usb=()"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
NOT_BUILT = """<!doctype html>
<html lang="en"><title>Tongdai: the console is not built</title>
<h1>The console is not built</h1>
<p>This Tongdai runs from its source, and its web console was not built from it.
The API works: see <a href="/openapi.json">/openapi.json</a>; its page /docs is built with the console.</p>
<p>Run <code>make console</code> in the folder of the source and start Tongdai again.
<code>make run</code> does it by itself.</p>
<h1 lang="vi">Giao diện web chưa được dựng</h1>
<p lang="vi">Hãy chạy <code>make console</code> trong thư mục mã nguồn rồi khởi động lại Tongdai.</p>
</html>
"""
_PAGES = {"/": INDEX, "/docs": DOCS}
"""Files of the pages by their path."""
_FOREVER = (b"cache-control", b"public, max-age=31536000, immutable")
_NEVER = (b"cache-control", b"no-store")
_READING = frozenset(("GET", "HEAD"))
_OF_THE_API = ("/v1", "/api", "/docs", "/openapi.json", "/metrics", "/health")


class Console:
    def __init__(self, files: Mapping[str, File] | None) -> None:
        """`files` by path; None: the console is not built, and its pages say so."""
        self._files = files

    def find(self, request: Request) -> Handler | None:
        """The handler of a request that no other route has; None when it is not the console's.

        MethodNotAllowed for a method that a file of the console does not have.
        """
        path = request.scope["path"]
        name = path.removeprefix("/")
        if path in _PAGES or self._has(name):
            if request.method not in _READING:
                raise MethodNotAllowed("Method not allowed", {"Allow": "GET, HEAD"})
            return self._page(path) if path in _PAGES else self._asset if name.startswith(ASSETS) else self._file
        if request.method in _READING and is_client_route(path) and "text/html" in request.headers.get("accept", ""):
            return self._page("/")
        return None

    def _has(self, name: str) -> bool:
        return self._files is not None and name in self._files and name not in _PAGES.values()

    def _page(self, route: str) -> Handler:
        async def page(request: Request) -> AnyResponse:
            request.route = route
            if self._files is None:
                headers = ((b"content-type", b"text/html; charset=utf-8"), _NEVER, *SECURITY)
                return Response(NOT_BUILT.encode(), 503, headers)
            return _response(request, self._files[_PAGES[route]], _NEVER)

        return page

    async def _asset(self, request: Request) -> AnyResponse:
        request.route = "/assets"
        return self._found(request, _FOREVER)

    async def _file(self, request: Request) -> AnyResponse:
        request.route = "/assets"
        return self._found(request, (b"cache-control", b"no-cache"))

    def _found(self, request: Request, caching: tuple[bytes, bytes]) -> AnyResponse:
        assert self._files is not None
        return _response(request, self._files[request.scope["path"].removeprefix("/")], caching)


def is_client_route(path: str) -> bool:
    """Whether a path may be one of the console's own routes: not the API's, and without an extension."""
    if any(path == prefix or path.startswith(f"{prefix}/") for prefix in _OF_THE_API):
        return False
    plain = PurePosixPath(path)
    return not path.startswith(("//", f"/{ASSETS}")) and ".." not in plain.parts and "." not in plain.name


def _response(request: Request, file: File, caching: tuple[bytes, bytes]) -> AnyResponse:
    coding = coding_for(request.headers.get("accept-encoding", ""), file.variants)
    tag = f'"{file.tag}{f"-{coding}" if coding else ""}"'
    headers = [(b"content-type", file.media_type.encode()), caching, (b"vary", b"accept-encoding"), *SECURITY]
    if caching is not _NEVER:
        headers.append((b"etag", tag.encode()))
        if _matches(request.headers.get("if-none-match", ""), tag):
            return StreamingResponse(_nothing(), 304, headers)
    if coding is not None:
        headers.append((b"content-encoding", coding.encode()))
    return Response(file.content if coding is None else file.variants[coding], headers=headers)


def _matches(if_none_match: str, tag: str) -> bool:
    return any(one.strip().removeprefix("W/") in {tag, "*"} for one in if_none_match.split(","))


async def _nothing() -> AsyncGenerator[bytes]:
    """No body, and no length of one: a 304 tells neither."""
    return
    yield b""
