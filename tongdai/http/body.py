"""Request bodies: bounded in size and time, then decoded into a struct, strictly."""

import asyncio
import re
from collections.abc import AsyncIterator
from math import inf
from typing import NamedTuple, TypeVar

import msgspec

from tongdai.errors import ApiError, InvalidInput, TooLarge, UnsupportedMediaType, shown
from tongdai.http.endpoint import Request, settings_of
from tongdai.text import has_control

T = TypeVar("T")

_MB = 1024 * 1024
LINGER = 16 * _MB


class BodyTimeout(ApiError):
    status, error_code = 408, "INVALID_INPUT"


def require_json(request: Request) -> None:
    """JSON in UTF-8, said or left unsaid; anything else is UnsupportedMediaType."""
    header = request.headers.get("content-type", "")
    kind, _, parameters = header.partition(";")
    if kind.strip().lower() not in {"", "application/json"}:
        raise UnsupportedMediaType(f"Content-Type {shown(kind.strip())} is not understood: expected application/json")
    charset = re.search(r"charset\s*=\s*\"?([^\s;\"]+)", parameters, re.IGNORECASE)
    if charset is not None and charset[1].lower() not in {"utf-8", "utf8"}:
        raise UnsupportedMediaType(f"charset {shown(charset[1])} is not understood: expected utf-8")
    if request.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise UnsupportedMediaType("Content-Encoding is not understood: send the body as it is")


class Patience(NamedTuple):
    """How long a body may take, in seconds."""

    total_s: float
    idle_s: float
    """Without a piece of it."""


async def pieces(request: Request, max_mb: int, patience: Patience | None = None) -> AsyncIterator[bytes]:
    """The body as it arrives. TooLarge before it is read where its length is declared, else once exceeded."""
    limit = max_mb * _MB
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and (len(declared) > 18 or int(declared) > limit):
        raise TooLarge(f"The body is larger than {max_mb} MB")
    total_s, idle_s = patience or Patience(settings_of(request).body_timeout_s, inf)
    until = asyncio.get_running_loop().time() + total_s
    seen = 0
    stream = request.stream()
    try:
        while True:
            # Around the wait alone: what is done with a piece is not the client's time.
            async with asyncio.timeout_at(min(until, asyncio.get_running_loop().time() + idle_s)):
                piece = await anext(stream, None)
            if piece is None:
                return
            seen += len(piece)
            if seen > limit:
                await _drop(stream)
                raise TooLarge(f"The body is larger than {max_mb} MB")
            yield piece
    except TimeoutError:
        raise BodyTimeout("The body did not arrive in time") from None


async def _drop(stream: AsyncIterator[bytes]) -> None:
    """Read on for a little: a client that is reset while it sends does not see the answer."""
    dropped = 0
    async for piece in stream:
        dropped += len(piece)
        if dropped > LINGER:
            return


async def read_json(request: Request) -> bytes:
    """The whole body of a request that carries JSON."""
    require_json(request)
    return b"".join([piece async for piece in pieces(request, settings_of(request).max_body_mb)])


def decode(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """A struct of a JSON body; InvalidInput names the field and what is expected."""
    if not body.strip():
        raise InvalidInput("The body is empty: expected a JSON object")
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidInput(explain(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise InvalidInput(f"The body is not valid JSON in UTF-8: {shown(error)}") from None


_WHERE = re.compile(r" - at `\$?\.?(.*)`$")


def explain(error: msgspec.ValidationError) -> str:
    """msgspec's finding with the field first: `listId: Expected `int`, got `str``."""
    text = str(error)
    where = _WHERE.search(text)
    finding = shown(_WHERE.sub("", text))
    return f"{shown(where[1])}: {finding}" if where is not None and where[1] else finding


def text_field(name: str, value: str, max_length: int, *, min_length: int = 0) -> str:
    """`value` when it is text of that length without control characters; InvalidInput naming `name` otherwise."""
    if not min_length <= len(value) <= max_length:
        span = f"{min_length} to {max_length}" if min_length else f"at most {max_length}"
        raise InvalidInput(f"{name} must have {span} characters, not {len(value)}")
    if has_control(value):
        raise InvalidInput(f"{name} must not contain control characters")
    return value
