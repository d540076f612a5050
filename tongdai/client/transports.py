"""The two ways to the server: a thread that blocks, and a task that waits."""

import os
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

import anyio
import anyio.to_thread
import httpx2

from tongdai import __version__
from tongdai.client.calls import Call, encoded
from tongdai.client.uploads import OpenUpload, Upload

CONNECT_S = 10.0


@dataclass(frozen=True, slots=True)
class Target:
    """A server, and who asks it. Made by `target_of`."""

    url: str
    """With its `/v1`."""
    timeout_s: float
    headers: Mapping[str, str] = field(repr=False)


def target_of(base_url: str | None, api_key: str | None, tenant_id: int | None, timeout_s: float) -> Target:
    """ValueError where an address or a key cannot be one. A key is never part of what is said."""
    headers = {"X-Api-Key": _key(api_key), "User-Agent": f"tongdai-python/{__version__}"}
    if tenant_id is not None:
        headers["X-Tenant-ID"] = str(tenant_id)
    return Target(_url(base_url), timeout_s, headers)


def _url(base_url: str | None) -> str:
    given = (os.environ.get("TONGDAI_URL", "") if base_url is None else base_url).strip()
    if not given:
        raise ValueError("no server: give base_url, such as http://127.0.0.1:8080, or set TONGDAI_URL")
    parts = urlsplit(given)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("base_url must begin with http:// or https:// and name a host")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("base_url must be a scheme, a host and a path, no more")
    url = given.rstrip("/")
    return url if url.endswith("/v1") else f"{url}/v1"


def _key(api_key: str | None) -> str:
    key = (os.environ.get("TONGDAI_API_KEY", "") if api_key is None else api_key).strip()
    if not key:
        raise ValueError("no API key: give api_key or set TONGDAI_API_KEY")
    if not (key.isascii() and key.isprintable()):
        raise ValueError("the API key has characters that no key has")
    return key


class _Auth(httpx2.Auth):
    """Puts the key on requests as they leave, so that no client or request that is made carries it in sight."""

    def __init__(self, target: Target) -> None:
        self._headers = target.headers

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        request.headers.update(self._headers)
        yield request


def _headers(call: Call[Any], body: object, opened: OpenUpload | None) -> dict[str, str]:
    headers = {"Accept": call.accept}
    if call.idempotency_key is not None:
        headers["Idempotency-Key"] = call.idempotency_key
    if isinstance(body, bytes):
        headers["Content-Type"] = "application/json"
    if isinstance(body, Upload) and opened is not None:
        headers["Content-Type"] = body.content_type
        if body.content_encoding is not None:
            headers["Content-Encoding"] = body.content_encoding
        if opened.content_length is not None:
            headers["Content-Length"] = str(opened.content_length)
    return headers


def _timeout(target: Target, call: Call[Any], read_timeout_s: float | None) -> httpx2.Timeout:
    read = read_timeout_s if read_timeout_s is not None else call.read_timeout_s or target.timeout_s
    return httpx2.Timeout(target.timeout_s, connect=min(CONNECT_S, target.timeout_s), read=read)


class Blocking:
    """For `Client`. Its coroutines never wait: they are done when they return."""

    def __init__(
        self, target: Target, transport: httpx2.BaseTransport | None, ssl_context: ssl.SSLContext | None
    ) -> None:
        self.target = target
        self.url = target.url
        self.http = httpx2.Client(auth=_Auth(target), transport=transport, verify=ssl_context or True)

    @asynccontextmanager
    async def send(self, call: Call[Any], read_timeout_s: float | None = None) -> AsyncGenerator["_BlockingReply"]:
        body = encoded(call)
        opened = body.open() if isinstance(body, Upload) else None
        try:
            request = self.http.build_request(
                call.method,
                self.url + call.path,
                params=call.parameters,
                headers=_headers(call, body, opened),
                content=opened.pieces() if opened is not None else cast("bytes | None", body),
                timeout=_timeout(self.target, call, read_timeout_s),
            )
            response = self.http.send(request, stream=True)
            with closing(response):
                yield _BlockingReply(response)
        finally:
            if opened is not None:
                opened.close()

    async def sleep(self, seconds: float) -> None:
        time.sleep(seconds)  # noqa: ASYNC251 - the thread is what waits here


@dataclass(frozen=True, slots=True)
class _BlockingReply:
    response: httpx2.Response

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        return self.response.headers

    async def body(self) -> bytes:
        return self.response.read()

    async def pieces(self) -> AsyncIterator[bytes]:
        for piece in self.response.iter_bytes():
            yield piece

    async def events(self) -> AsyncIterator[httpx2.ServerSentEvent]:
        for event in httpx2.EventSource(self.response):
            yield event


class Waiting:
    """For `AsyncClient`, on asyncio or trio."""

    def __init__(
        self, target: Target, transport: httpx2.AsyncBaseTransport | None, ssl_context: ssl.SSLContext | None
    ) -> None:
        self.target = target
        self.url = target.url
        self.http = httpx2.AsyncClient(auth=_Auth(target), transport=transport, verify=ssl_context or True)

    @asynccontextmanager
    async def send(self, call: Call[Any], read_timeout_s: float | None = None) -> AsyncGenerator["_WaitingReply"]:
        body = encoded(call)
        opened = await anyio.to_thread.run_sync(body.open) if isinstance(body, Upload) else None
        try:
            request = self.http.build_request(
                call.method,
                self.url + call.path,
                params=call.parameters,
                headers=_headers(call, body, opened),
                content=_off_the_loop(opened.pieces()) if opened is not None else cast("bytes | None", body),
                timeout=_timeout(self.target, call, read_timeout_s),
            )
            response = await self.http.send(request, stream=True)
            try:
                yield _WaitingReply(response)
            finally:
                await response.aclose()
        finally:
            if opened is not None:
                opened.close()

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class _WaitingReply:
    response: httpx2.Response

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        return self.response.headers

    async def body(self) -> bytes:
        return await self.response.aread()

    def pieces(self) -> AsyncIterator[bytes]:
        return self.response.aiter_bytes()

    def events(self) -> AsyncIterator[httpx2.ServerSentEvent]:
        return aiter(httpx2.EventSource(self.response))


async def _off_the_loop(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Pieces that are read from the disk, and compressed, in a thread."""
    while (piece := await anyio.to_thread.run_sync(next, pieces, None)) is not None:
        yield piece
