"""How calls are carried out: tried again where that is worth it, and failures made into exceptions.

Written once, as coroutines over a transport. The asynchronous client awaits them; the blocking one runs them to their
end in one go, on a transport that blocks instead of waiting. So what one of them does, the other does too.
"""

import random
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

import httpx2
import msgspec

from tongdai.client.calls import Call
from tongdai.client.errors import (
    BY_CODE,
    BY_STATUS,
    ApiError,
    ConnectionFailed,
    ServerFailed,
    TongdaiError,
    UnexpectedAnswer,
)
from tongdai.client.retry import WORTH_IT, Retry, retry_after_s

T = TypeVar("T")


class Reply(Protocol):
    """An answer whose head has come."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    async def body(self) -> bytes: ...
    def pieces(self) -> AsyncIterator[bytes]: ...
    def events(self) -> AsyncIterator[httpx2.ServerSentEvent]: ...


class Transport(Protocol):
    """Where bytes go and come from; httpx2.TransportError when they do not."""

    @property
    def url(self) -> str: ...
    def send(self, call: Call[Any], read_timeout_s: float | None = None) -> AbstractAsyncContextManager[Reply]: ...
    async def sleep(self, seconds: float) -> None: ...


class Attempts:
    """The tries of one call."""

    def __init__(self, retry: Retry) -> None:
        self._retry = retry
        self._failures = 0
        self._first_failure = 0.0

    def pause_after(self, error: TongdaiError) -> float:
        """Seconds until the next try; raises `error` when there is none."""
        now = time.monotonic()
        if not self._failures:
            self._first_failure = now
        self._failures += 1
        pause = None
        if _may_pass(error):
            asked = error.retry_after if isinstance(error, ApiError) else None
            since = now - self._first_failure
            pause = self._retry.pause(self._failures, since, asked, random.random())  # noqa: S311 - spreads pauses only
        if pause is None:
            raise error
        return pause


class Session:
    """Carries out calls over a transport."""

    def __init__(self, transport: Transport, retry: Retry) -> None:
        self.transport = transport
        self.retry = retry

    async def do(self, call: Call[T]) -> T:
        """The result of a call, or the failure of its last try."""
        attempts = Attempts(self.retry)
        while True:
            try:
                async with self.open(call) as reply:
                    return call.read(await reply.body())
            except TongdaiError as error:
                pause = attempts.pause_after(error)
            await self.transport.sleep(pause)

    @asynccontextmanager
    async def open(self, call: Call[Any], read_timeout_s: float | None = None) -> AsyncGenerator[Reply]:
        """One try: an answer of status 200, to be read within the block. What goes wrong is a TongdaiError."""
        try:
            async with self.transport.send(call, read_timeout_s) as reply:
                if reply.status != 200:
                    raise failure_of(reply.status, reply.headers, await reply.body(), call)
                yield reply
        except httpx2.RequestError as error:
            why = str(error) or type(error).__name__
            raise ConnectionFailed(f"{call.method} {self.transport.url}{call.path}: {why}") from error


class _Failure(msgspec.Struct):
    error_code: str
    error_message: str


def failure_of(status: int, headers: Mapping[str, str], body: bytes, call: Call[Any]) -> TongdaiError:
    """The exception for an answer that is no 200."""
    request_id, after = headers.get("x-request-id"), retry_after_s(headers.get("retry-after"), datetime.now(UTC))
    try:
        said = msgspec.json.decode(body, type=_Failure)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Not from the server itself, but from what stands before it.
        if status < 400:
            return UnexpectedAnswer(f"{call.method} {call.path} was answered with {status}: is the URL the server's?")
        kind = BY_STATUS.get(status, ServerFailed)
        return kind(status, "", f"{call.method} {call.path} was answered with {status}", request_id, after)
    kind = BY_CODE.get(said.error_code) or BY_STATUS.get(status, ServerFailed)
    return kind(status, said.error_code, said.error_message, request_id, after)


def _may_pass(error: TongdaiError) -> bool:
    if isinstance(error, ApiError):
        return error.status in WORTH_IT
    return isinstance(error, ConnectionFailed) and not isinstance(_root(error), ssl.SSLCertVerificationError)


def _root(error: BaseException) -> BaseException:
    """What an error came of in the end."""
    while (before := error.__cause__ or error.__context__) is not None:
        error = before
    return error
