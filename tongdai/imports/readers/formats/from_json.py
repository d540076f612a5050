"""A bulk body as documented: `{"listName": …, "contacts": [{"phoneNumber": …}, …]}`."""

import io
import mmap
from typing import IO, Any

import msgspec

from tongdai.errors import InvalidInput, shown
from tongdai.files.body_format import Format
from tongdai.files.detected import Detected
from tongdai.files.limits import Limits
from tongdai.imports.readers.formats.json_rows import check_item, has_number
from tongdai.imports.readers.read import Reading, Totals
from tongdai.imports.readers.sent_rows import Item, sent_rows
from tongdai.mismatch import UNREADABLE, explain


class Bulk(msgspec.Struct, forbid_unknown_fields=True):
    contacts: list[msgspec.Raw]
    listName: str | None = None


_bulk = msgspec.json.Decoder(Bulk)
_items = msgspec.json.Decoder(list[Item])


def read_json(file: IO[bytes], limits: Limits) -> Reading:
    """The whole is parsed before the first chunk comes."""
    bulk = _read_bulk(_contents(file))
    if not bulk.contacts:
        raise InvalidInput("contacts is empty: expected at least one contact")
    any_number = False
    for start in range(0, len(bulk.contacts), limits.chunk_rows):
        raws = bulk.contacts[start : start + limits.chunk_rows]
        items = _read_items(raws, start)
        any_number = any_number or has_number(items)
        yield sent_rows(items, lambda row, raws=raws: bytes(raws[row]).decode())
    if not any_number:
        raise InvalidInput("contacts: no item has a phoneNumber")
    return Totals(len(bulk.contacts), bulk.listName, Detected(Format.JSON))


def _contents(file: IO[bytes]) -> bytes | mmap.mmap:
    """A file on disk is not copied. It is left open: rows point into it, and it cannot be closed while any does."""
    try:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (io.UnsupportedOperation, ValueError):  # in memory, or empty
        return file.read()


def _read_bulk(data: bytes | mmap.mmap) -> Bulk:
    if not data[:1024].strip() and not data[:].strip():
        raise InvalidInput("The body is empty: expected a JSON object")
    try:
        return _bulk.decode(data)
    except msgspec.ValidationError as error:
        raise InvalidInput(explain(Bulk, _outline(data), error)) from None
    except UNREADABLE as error:
        raise InvalidInput(f"The body is not valid JSON in UTF-8: {shown(error)}") from None


def _outline(data: bytes | mmap.mmap) -> bytes:
    """The body without its contacts, which are not at fault here and may be millions."""
    try:
        parts = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except UNREADABLE:  # no object, or no JSON behind the part that was refused
        return b"[]" if data[:1024].lstrip()[:1] == b"[" else data[:]
    return msgspec.json.encode(
        {name: msgspec.Raw(b"[]") if bytes(memoryview(raw)[:1]) == b"[" else raw for name, raw in parts.items()}
    )


def _read_items(raws: list[msgspec.Raw], start: int) -> list[Any]:
    try:
        return _items.decode(b"[" + b",".join([bytes(raw) for raw in raws]) + b"]")
    except UNREADABLE:
        # Seldom: find which one it is.
        for number, raw in enumerate(raws, start):
            check_item(raw, f"contacts[{number}]")
        raise
