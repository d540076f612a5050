"""Session: sends operations, retries them, and turns error responses into exceptions.

Written once, as coroutines over a transport. `AsyncClient` awaits them. `Client` drives them over a transport that
blocks instead of suspending, so they finish in one step. Both clients therefore behave alike.
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

from tongdai_client.errors import (
    BY_CODE,
    BY_STATUS,
    ApiError,
    ConnectionFailed,
    NotFound,
    ServerFailed,
    TongdaiError,
    UnexpectedAnswer,
)
from tongdai_client.operation import Operation
from tongdai_client.retry import RETRYABLE_STATUSES, Retry, retry_after_s

T = TypeVar("T")

_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
STREAM_SILENCE_S = 45.0
"""The server writes to an event stream at least every 15 s; a stream silent for this long is broken."""


class Response(Protocol):
    """A response whose headers have arrived."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    async def body(self) -> bytes: ...
    def chunks(self) -> AsyncIterator[bytes]: ...
    def events(self) -> AsyncIterator[httpx2.ServerSentEvent]: ...


class Transport(Protocol):
    """Sends requests; raises httpx2.TransportError on network failures."""

    @property
    def url(self) -> str: ...
    def send(
        self, operation: Operation[Any], read_timeout_s: float | None = None
    ) -> AbstractAsyncContextManager[Response]: ...
    async def sleep(self, seconds: float) -> None: ...


class RetryState:
    """The failures of one operation so far."""

    def __init__(self, retry: Retry) -> None:
        self._retry = retry
        self._failures = 0
        self._first_failure = 0.0
        self.ambiguous = False
        """Whether a failed try may have been carried out by the server all the same."""

    def pause_after(self, error: TongdaiError) -> float:
        """Seconds until the next try. Raises `error` if it is final."""
        now = time.monotonic()
        if not self._failures:
            self._first_failure = now
        self._failures += 1
        pause = None
        self.ambiguous = self.ambiguous or _is_ambiguous(error)
        if _retryable(error):
            retry_after = error.retry_after if isinstance(error, ApiError) else None
            chance = random.random()  # noqa: S311 - it spreads pauses, nothing else
            pause = self._retry.pause(self._failures, now - self._first_failure, retry_after, chance)
        if pause is None:
            raise error
        return pause


class Session:
    """Executes operations over a transport."""

    def __init__(self, transport: Transport, retry: Retry) -> None:
        self.transport = transport
        self.retry = retry

    async def execute(self, operation: Operation[T]) -> T:
        """The result of an operation, or the failure of its last try."""
        retry_state = RetryState(self.retry)
        while True:
            try:
                async with self.open(operation) as response:
                    return operation.read(await response.body())
            except TongdaiError as error:
                if retry_state.ambiguous and operation.if_gone is not None and _is_gone(error):
                    return operation.if_gone
                pause = retry_state.pause_after(error)
            await self.transport.sleep(pause)

    @asynccontextmanager
    async def open(self, operation: Operation[Any], read_timeout_s: float | None = None) -> AsyncGenerator[Response]:
        """One try: a 200 response to be read within the block. Every failure is a TongdaiError."""
        try:
            async with self.transport.send(operation, read_timeout_s) as response:
                if response.status != 200:
                    raise error_of(response.status, response.headers, await response.body(), operation)
                yield response
        except httpx2.RequestError as error:
            reason = str(error) or type(error).__name__
            raise ConnectionFailed(f"{operation.method} {self.transport.url}{operation.path}: {reason}") from error


class _ErrorBody(msgspec.Struct):
    error_code: str
    error_message: str


def error_of(status: int, headers: Mapping[str, str], body: bytes, operation: Operation[Any]) -> TongdaiError:
    """The exception for a response other than 200."""
    request_id, after = headers.get("x-request-id"), retry_after_s(headers.get("retry-after"), datetime.now(UTC))
    try:
        decoded = msgspec.json.decode(body, type=_ErrorBody)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # The server itself always sends this body: a gateway answered.
        message = f"{operation.method} {operation.path} was answered with {status}"
        if status < 400:
            return UnexpectedAnswer(f"{message}: check that the URL is that of a Tongdai server")
        return BY_STATUS.get(status, ServerFailed)(status, "", message, request_id, after)
    kind = BY_CODE.get(decoded.error_code) or BY_STATUS.get(status, ServerFailed)
    return kind(status, decoded.error_code, decoded.error_message, request_id, after)


def _retryable(error: TongdaiError) -> bool:
    if isinstance(error, ApiError):
        return error.status in RETRYABLE_STATUSES
    return isinstance(error, ConnectionFailed) and not isinstance(_root_cause(error), ssl.SSLCertVerificationError)


def _is_ambiguous(error: TongdaiError) -> bool:
    """Whether the request may have reached the server and been carried out: only the response is lost."""
    if isinstance(error, ApiError):
        return error.status in RETRYABLE_STATUSES - {429}
    return isinstance(error, ConnectionFailed) and not isinstance(error.__cause__, _NOT_SENT)


def _is_gone(error: TongdaiError) -> bool:
    return isinstance(error, NotFound) and (error.status, error.error_code) == (404, "NOT_FOUND")


def _root_cause(error: BaseException) -> BaseException:
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error
