"""Reads request bodies, bounded in size and time, and decodes them strictly into a struct."""

import asyncio
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from math import inf
from typing import TypeVar

import msgspec

from tongdai.errors import ApiError, InvalidInput, TooLarge, Unavailable, UnsupportedMediaType, shown
from tongdai.http.endpoint import Request, settings_of
from tongdai.mismatch import UNREADABLE, explain
from tongdai.text import has_control

T = TypeVar("T")

_EXPLAINED = 64 * 1024
"""Bytes of a body beyond which an error is not explained: that takes a hundred times as long as decoding."""

KB, MB = 1024, 1024 * 1024


class BodyTimeout(ApiError):
    status, error_code = 408, "INVALID_INPUT"


def require_json(request: Request) -> None:
    """Check that the body is declared as JSON in UTF-8, or not declared; raise UnsupportedMediaType otherwise."""
    header = request.headers.get("content-type", "")
    kind, _, parameters = header.partition(";")
    if kind.strip().lower() not in {"", "application/json"}:
        raise UnsupportedMediaType(f"Content-Type {shown(kind.strip())} is not understood: expected application/json")
    charset = re.search(r"charset\s*=\s*\"?([^\s;\"]+)", parameters, re.IGNORECASE)
    if charset is not None and charset[1].lower() not in {"utf-8", "utf8"}:
        raise UnsupportedMediaType(f"charset {shown(charset[1])} is not understood: expected utf-8")
    if request.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise UnsupportedMediaType("Content-Encoding is not understood: send the body as it is")


@dataclass(frozen=True, slots=True)
class Patience:
    """Time limits of a body."""

    total_s: float
    idle_s: float = inf
    """Longest time between two pieces, in seconds."""
    rate: float = 0.0
    """Bytes a second that must arrive on average, once `idle_s` has been waited."""

    def longest_s(self, waited_s: float, size: int) -> float:
        """Longest time to wait for the next piece, after `waited_s` in which `size` bytes have arrived."""
        if not self.rate:
            return self.idle_s
        return min(self.idle_s, self.idle_s + size / self.rate - waited_s)


WHILE_STOPPING = Patience(total_s=inf, idle_s=1.0, rate=256 * KB)
"""Limits of a body that arrives while the server stops, from then on: nothing of it is acknowledged, so its client
sends it again, and one that dribbles would delay the stop by all of `drain_s`."""


async def pieces(request: Request, limit: int, patience: Patience | None = None) -> AsyncGenerator[bytes]:
    """Yield the body as it arrives; TooLarge at once if its declared length exceeds `limit` bytes, else when it
    does."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and (len(declared) > 18 or int(declared) > limit):
        raise too_large(limit)
    wait = _Wait(patience or Patience(settings_of(request).body_timeout_s))
    seen = 0
    stream = request.stream()
    with request.resources.stopping.then(wait.hurry):
        while (piece := await wait.next(stream)) is not None:
            seen += len(piece)
            if seen > limit:
                raise too_large(limit)
            yield piece


class _Wait:
    """Waits for the pieces of a body, for as long as patience allows."""

    def __init__(self, patience: Patience) -> None:
        self._clock = asyncio.get_running_loop().time
        self._timeout: asyncio.Timeout | None = None
        self._hurried = False
        self._begin(patience)

    def _begin(self, patience: Patience) -> None:
        self._patience = patience
        self._since = self._clock()
        self._until = self._since + patience.total_s
        self._size, self._waited_s = 0, 0.0

    def hurry(self) -> None:
        """Be as patient as the server is that stops, from now on."""
        self._hurried = True
        self._begin(WHILE_STOPPING)
        if self._timeout is not None:
            self._timeout.reschedule(self._latest())

    def _latest(self) -> float:
        return min(self._until, self._since + self._patience.longest_s(self._waited_s, self._size))

    async def next(self, stream: AsyncGenerator[bytes]) -> bytes | None:
        # Only around the wait: the time spent on a piece is not the client's.
        self._since = self._clock()
        try:
            async with asyncio.timeout_at(self._latest()) as self._timeout:
                piece = await anext(stream, None)
        except TimeoutError:
            if self._hurried:
                raise Unavailable("The server is stopping: send the request again") from None
            raise BodyTimeout("The body did not arrive in time") from None
        finally:
            self._timeout = None
        self._waited_s += self._clock() - self._since
        self._size += len(piece or b"")
        return piece


def too_large(limit: int) -> TooLarge:
    """The error for a body of more than `limit` bytes."""
    size = f"{limit // MB} MB" if limit % MB == 0 else f"{limit // KB} KB"
    return TooLarge(f"The body is larger than {size}")


async def read_json(request: Request) -> bytes:
    """Read the whole JSON body of a request; it is decoded on the event loop, so it is small."""
    require_json(request)
    return b"".join([piece async for piece in pieces(request, settings_of(request).max_json_kb * KB)])


async def read_nothing(request: Request) -> bytes:
    """Read the body of a request that takes none: empty, or an empty object."""
    raw = await read_json(request)
    if raw.strip() not in {b"", b"{}"}:
        raise InvalidInput("Expected no body")
    return raw


def decode(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Decode a JSON body into a struct; InvalidInput names the field, its value and what is expected."""
    if not body.strip():
        raise InvalidInput("The body is empty: expected a JSON object")
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        found = explain(decoder.type, body, error) if len(body) <= _EXPLAINED else shown(error)
        raise InvalidInput(found) from None
    except UNREADABLE as error:
        raise InvalidInput(f"The body is not valid JSON in UTF-8: {shown(error)}") from None


def text_field(name: str, value: str, max_length: int, *, min_length: int = 0) -> str:
    """Return text that has that length and no control characters; raise InvalidInput naming the field otherwise."""
    if not min_length <= len(value) <= max_length:
        span = f"{min_length} to {max_length}" if min_length else f"at most {max_length}"
        raise InvalidInput(f"{name} must have {span} characters, not {len(value)}")
    if has_control(value):
        raise InvalidInput(f"{name} must not contain control characters")
    return value
