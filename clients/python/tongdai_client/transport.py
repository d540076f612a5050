"""Transports: how requests reach the server, from a thread that blocks or from a task that awaits."""

import os
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpx2

from tongdai_client import event_loop
from tongdai_client.operation import Operation
from tongdai_client.upload import OpenUpload, Upload
from tongdai_client.version import __version__

CONNECT_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """The server to call, and the credentials. Created by `server_config`."""

    url: str
    """Ends in `/v1`."""
    timeout_s: float
    headers: Mapping[str, str] = field(repr=False)


def server_config(base_url: str | None, api_key: str | None, tenant_id: int | None, timeout_s: float) -> ServerConfig:
    """Validate the arguments of a client. ValueError for a bad address or key; its message never contains the key."""
    headers = {"X-Api-Key": _key(api_key), "User-Agent": f"tongdai-client/{__version__}"}
    if tenant_id is not None:
        headers["X-Tenant-ID"] = str(tenant_id)
    return ServerConfig(_url(base_url), timeout_s, headers)


def _url(base_url: str | None) -> str:
    given = (os.environ.get("TONGDAI_URL", "") if base_url is None else base_url).strip()
    if not given:
        raise ValueError("no server: give base_url, such as http://127.0.0.1:8080, or set TONGDAI_URL")
    parts = urlsplit(given)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("base_url must begin with http:// or https:// and name a host")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("base_url must consist of a scheme, a host and a path")
    url = given.rstrip("/")
    return url if url.endswith("/v1") else f"{url}/v1"


def _key(api_key: str | None) -> str:
    key = (os.environ.get("TONGDAI_API_KEY", "") if api_key is None else api_key).strip()
    if not key:
        raise ValueError("no API key: give api_key or set TONGDAI_API_KEY")
    if not (key.isascii() and key.isprintable()):
        raise ValueError("the API key must consist of printable ASCII characters")
    return key


class _Auth(httpx2.Auth):
    """Adds the key to each request as it is sent, so that no client object shows it."""

    def __init__(self, server: ServerConfig) -> None:
        self._headers = server.headers

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        request.headers.update(self._headers)
        yield request


def _headers(operation: Operation[Any], content: bytes | OpenUpload | None) -> dict[str, str]:
    headers = {"Accept": operation.accept}
    if operation.idempotency_key is not None:
        headers["Idempotency-Key"] = operation.idempotency_key
    if isinstance(content, bytes):
        headers["Content-Type"] = "application/json"
    if isinstance(content, OpenUpload):
        headers["Content-Type"] = content.upload.content_type
        if content.upload.content_encoding is not None:
            headers["Content-Encoding"] = content.upload.content_encoding
        if content.content_length is not None:
            headers["Content-Length"] = str(content.content_length)
    return headers


def _timeout(server: ServerConfig, operation: Operation[Any], read_timeout_s: float | None) -> httpx2.Timeout:
    read = read_timeout_s if read_timeout_s is not None else operation.read_timeout_s or server.timeout_s
    return httpx2.Timeout(server.timeout_s, connect=min(CONNECT_TIMEOUT_S, server.timeout_s), read=read)


@contextmanager
def _request(
    http: httpx2.Client | httpx2.AsyncClient,
    server: ServerConfig,
    operation: Operation[Any],
    read_timeout_s: float | None,
    chunks_of: Callable[[OpenUpload], Iterator[bytes] | AsyncIterator[bytes]],
) -> Generator[httpx2.Request]:
    """The request of one try. The file of an upload is open within the block."""
    content = operation.content
    opened = content.open() if isinstance(content, Upload) else content
    try:
        yield http.build_request(
            operation.method,
            server.url + operation.path,
            params=operation.query_parameters,
            headers=_headers(operation, opened),
            content=chunks_of(opened) if isinstance(opened, OpenUpload) else opened,
            timeout=_timeout(server, operation, read_timeout_s),
        )
    finally:
        if isinstance(opened, OpenUpload):
            opened.close()


@dataclass(frozen=True, slots=True)
class _Response:
    response: httpx2.Response

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        return self.response.headers


class BlockingTransport:
    """The transport of `Client`. Its coroutines never suspend."""

    def __init__(
        self, server: ServerConfig, transport: httpx2.BaseTransport | None, ssl_context: ssl.SSLContext | None
    ) -> None:
        self.server = server
        self.url = server.url
        self.http = httpx2.Client(auth=_Auth(server), transport=transport, verify=ssl_context or True)

    @asynccontextmanager
    async def send(
        self, operation: Operation[Any], read_timeout_s: float | None = None
    ) -> AsyncGenerator["_BlockingResponse"]:
        with (
            _request(self.http, self.server, operation, read_timeout_s, OpenUpload.chunks) as request,
            closing(self.http.send(request, stream=True)) as response,
        ):
            yield _BlockingResponse(response)

    async def sleep(self, seconds: float) -> None:
        time.sleep(seconds)  # noqa: ASYNC251 - this transport blocks its thread


class _BlockingResponse(_Response):
    __slots__ = ()

    async def body(self) -> bytes:
        return self.response.read()

    async def chunks(self) -> AsyncIterator[bytes]:
        for chunk in self.response.iter_bytes():
            yield chunk

    async def events(self) -> AsyncIterator[httpx2.ServerSentEvent]:
        for event in httpx2.EventSource(self.response):
            yield event


class AsyncTransport:
    """The transport of `AsyncClient`, on asyncio or trio."""

    def __init__(
        self, server: ServerConfig, transport: httpx2.AsyncBaseTransport | None, ssl_context: ssl.SSLContext | None
    ) -> None:
        self.server = server
        self.url = server.url
        self.http = httpx2.AsyncClient(auth=_Auth(server), transport=transport, verify=ssl_context or True)

    @asynccontextmanager
    async def send(
        self, operation: Operation[Any], read_timeout_s: float | None = None
    ) -> AsyncGenerator["_AsyncResponse"]:
        with _request(self.http, self.server, operation, read_timeout_s, _read_in_thread) as request:
            async with aclosing(await self.http.send(request, stream=True)) as response:
                yield _AsyncResponse(response)

    async def sleep(self, seconds: float) -> None:
        await event_loop.sleep(seconds)


class _AsyncResponse(_Response):
    __slots__ = ()

    async def body(self) -> bytes:
        return await self.response.aread()

    def chunks(self) -> AsyncIterator[bytes]:
        return self.response.aiter_bytes()

    def events(self) -> AsyncIterator[httpx2.ServerSentEvent]:
        return aiter(httpx2.EventSource(self.response))


async def _read_in_thread(upload: OpenUpload) -> AsyncIterator[bytes]:
    """Chunks of a file, read from the disk and compressed in a thread."""
    chunks = upload.chunks()
    while (chunk := await event_loop.run_in_thread(partial(next, chunks, None))) is not None:
        yield chunk
