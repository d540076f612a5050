"""Cursors: reading a list to its end while it changes.

A page number counts rows: those that are inserted or deleted before a page move the others, so that a reader misses
some and sees others twice. A cursor names the last row that was read by its key, and the next request continues behind
it: a row that is there all the time is read exactly once, at a cost that does not depend on how far the reader is.

A cursor is opaque. It is the key of a row in MessagePack, encrypted under a message authentication code (a synthetic
initialisation vector) over the tenant, the path and the filters: one of another list, or with other filters, is refused
like one that was made up, and a phone number within is not readable.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tongdai.errors import InvalidInput, NotFound
from tongdai.http import paging
from tongdai.http.endpoint import Query, Request, principal_of

K = TypeVar("K")
T = TypeVar("T")
A = TypeVar("A")

BEGIN = "*"
LONGEST = 200
_MAC_BYTES = 16
_KEY_BYTES = 64
"""Longest key of a row in MessagePack: the length of one block of BLAKE2b."""
QUERY = Query(
    "cursor",
    f"Reads a list to its end while it changes: `{BEGIN}` begins, a response's `nextCursor` continues. Without `page`",
    {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": r"^([*]|[A-Za-z0-9_-]+)$"},
    BEGIN,
)
_OF_A_READER = frozenset(("cursor", "page", "size", "limit", "updatedSince"))
"""Parameters that may differ from one response to the next."""

TotalRecord = Annotated[int, Meta(description="Number of records on all pages; not with `cursor`", ge=0)] | UnsetType
NextCursor = (
    Annotated[str | None, Meta(description="Where the list continues; null at its end. Only with `cursor`")] | UnsetType
)


class Listed(msgspec.Struct, kw_only=True):
    """A list, by pages or by a cursor."""

    success: Annotated[str, Meta(description='Always `"1"`')] = "1"
    totalRecord: TotalRecord = UNSET
    nextCursor: NextCursor = UNSET


@dataclass(frozen=True, slots=True)
class Reading(Generic[K]):
    """How far a reader is."""

    after: K | None
    """The key of the last row that was read; None at the beginning."""
    size: int
    seal: Callable[[K], str]
    """Make the cursor that continues behind a key."""

    @property
    def limit(self) -> int:
        """Rows to fetch: one more than the response has, which shows whether there are more."""
        return self.size + 1

    def cut(self, found: Sequence[T], key: Callable[[T], K]) -> tuple[Sequence[T], str | None]:
        """The rows of the response, of `limit` rows or fewer, and the cursor behind them; None: they are the last."""
        rows = found[: self.size]
        return rows, self.seal(key(rows[-1])) if len(found) > self.size else None


def reading_of(
    request: Request, query: dict[str, list[str]], kind: Callable[..., K], size_name: str = "size"
) -> Reading[K] | None:
    """The reader of a request with a `cursor`; None of one by pages. `kind` is the type of a row's key."""
    text = paging.single(query, "cursor")
    if text is None:
        return None
    if "page" in query:
        raise InvalidInput("page cannot be combined with cursor: expected one of them")
    size = paging.page_of(query, size_name).size
    context = _context(request, query)
    after = None if text == BEGIN else _opened(request, context, text, kind)
    return Reading(after, size, lambda key: _sealed(request, context, key))


class Part(NamedTuple, Generic[T]):
    """Rows of a list: a page with the total of all, or those behind a cursor with the next one."""

    rows: Sequence[T]
    total: int | UnsetType = UNSET
    next: str | UnsetType | None = UNSET


@dataclass(frozen=True, slots=True)
class ListRequest(Generic[K]):
    """The part of a list that a request asks for: a page, or the rows behind a cursor."""

    page: paging.Page
    reading: Reading[K] | None

    async def fetch(
        self,
        *,
        page: Callable[[int, int], Awaitable[tuple[Sequence[T], int] | None]],
        after: Callable[[K | None, int], Awaitable[Sequence[T] | None]],
        key: Callable[[T], K],
        missing: str = "Not found",
    ) -> Part[T]:
        """Fetch it: `page` takes limit and offset, `after` a key and a limit. NotFound(`missing`) for None."""
        if self.reading is None:
            found = await page(self.page.size, self.page.offset)
            if found is None:
                raise NotFound(missing)
            return Part(found[0], total=found[1])
        rows = await after(self.reading.after, self.reading.limit)
        if rows is None:
            raise NotFound(missing)
        cut, following = self.reading.cut(rows, key)
        return Part(cut, next=following)


def list_request(
    request: Request, query: dict[str, list[str]], kind: Callable[..., K], size_name: str = "size"
) -> ListRequest[K]:
    """The part of a list that a request asks for; `kind` is the type of a row's key, an id or a tuple."""
    return ListRequest(paging.page_of(query, size_name), reading_of(request, query, kind, size_name))


def _context(request: Request, query: dict[str, list[str]]) -> bytes:
    """All that a cursor is of: a change of it makes the cursor another list's."""
    assert request.endpoint is not None
    declared = {parameter.name for parameter in request.endpoint.query} - _OF_A_READER
    filters = sorted((name, values) for name, values in query.items() if name in declared)
    path = request.scope["path"].removeprefix("/api").rstrip("/")
    return msgspec.msgpack.encode((principal_of(request).tenant_id, path, filters))


def _sealed(request: Request, context: bytes, key: object) -> str:
    plain = msgspec.msgpack.encode(key)
    assert len(plain) <= _KEY_BYTES, "the key of a row fits a cursor"
    mac = _mac(request, context, plain)
    return base64.urlsafe_b64encode(mac + _crypted(request, mac, plain)).rstrip(b"=").decode()


def _opened(request: Request, context: bytes, text: str, kind: Callable[..., K]) -> K:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _invalid() from None
    mac, crypted = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not 0 < len(crypted) <= _KEY_BYTES:
        raise _invalid()
    plain = _crypted(request, mac, crypted)
    if not hmac.compare_digest(mac, _mac(request, context, plain)):
        raise _invalid()
    try:
        return msgspec.msgpack.decode(plain, type=kind)
    except msgspec.DecodeError:  # of a version that had other keys
        raise _invalid() from None


def _invalid() -> InvalidInput:
    return InvalidInput(
        f"cursor is not one of this list with these filters: expected the nextCursor of a response, or {BEGIN} to begin"
    )


def _mac(request: Request, context: bytes, plain: bytes) -> bytes:
    return _hash(request, b"cursor mac", len(context).to_bytes(4) + context + plain, _MAC_BYTES)


def _crypted(request: Request, mac: bytes, data: bytes) -> bytes:
    """Encrypt or decrypt: the key stream is a keyed hash of the code."""
    stream = _hash(request, b"cursor key", mac, _KEY_BYTES)
    return bytes(one ^ other for one, other in zip(data, stream, strict=False))


def _hash(request: Request, purpose: bytes, data: bytes, size: int) -> bytes:
    key = hashlib.sha256(request.resources.pepper).digest()
    return hashlib.blake2b(data, key=key, person=purpose, digest_size=size).digest()
