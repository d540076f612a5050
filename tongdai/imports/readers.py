"""What bulk requests carry → rows. A large body is read by a process of its own (`python -m tongdai.imports.readers`).

Reading 50 MB of JSON takes most of a second in which nothing else of its process runs. That process gets the body as
standard input, a file, and writes frames: a kind (one byte), a length (four), a payload.
"""

import mmap
import struct
import sys
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from tongdai.contacts.model import Scalar
from tongdai.errors import InvalidInput, shown

MAX_LIST_NAME = 255


class Row(msgspec.Struct, forbid_unknown_fields=True):
    """A row as sent. A value of the wrong kind fails its row, a structure where text belongs the whole request."""

    phoneNumber: Scalar = None
    name: Scalar = None
    externalId: Scalar = None
    attributes: dict[str, Scalar] | None = None


class Bulk(msgspec.Struct, forbid_unknown_fields=True):
    contacts: list[msgspec.Raw]
    listName: str | None = None


class Head(msgspec.Struct):
    """What is known of a bulk request before its rows are stored."""

    list_name: str | None
    total_rows: int


_bulk = msgspec.json.Decoder(Bulk)
_rows = msgspec.json.Decoder(list[Row])
_FRAME = struct.Struct("!cI")
HEAD, CHUNK, REFUSED = b"H", b"C", b"R"


def rows_of(payload: bytes) -> list[Row]:
    """The rows of a stored chunk."""
    return _rows.decode(payload)


def read_json(data: bytes | mmap.mmap, chunk_rows: int) -> Iterator[Head | bytes]:
    """A Head, then the rows as they were sent, checked: JSON arrays of at most `chunk_rows`.

    Raises InvalidInput naming the place; rows told before it must then be dropped.
    """
    bulk = _read_bulk(data)
    if not bulk.contacts:
        raise InvalidInput("contacts is empty: expected at least one contact")
    yield Head(bulk.listName, len(bulk.contacts))
    any_number = False
    for start in range(0, len(bulk.contacts), chunk_rows):
        chunk = b"[" + b",".join([bytes(raw) for raw in bulk.contacts[start : start + chunk_rows]]) + b"]"
        rows = _check_rows(chunk, bulk.contacts, start)
        any_number = any_number or any(row.phoneNumber not in (None, "") for row in rows)
        yield chunk
    if not any_number:
        raise InvalidInput("contacts: no item has a phoneNumber")


def _read_bulk(data: bytes | mmap.mmap) -> Bulk:
    try:
        return _bulk.decode(data)
    except msgspec.ValidationError as error:
        raise InvalidInput(_explain(error, "")) from None
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"The body is not valid JSON in UTF-8: {shown(error)}") from None


def _check_rows(chunk: bytes, items: list[msgspec.Raw], start: int) -> list[Row]:
    try:
        return _rows.decode(chunk)
    except (msgspec.DecodeError, ValueError, RecursionError):
        # Seldom: find which one it is.
        for offset, raw in enumerate(items[start:]):
            _check_row(raw, start + offset)
        raise


def _check_row(raw: msgspec.Raw, number: int) -> None:
    try:
        msgspec.json.decode(raw, type=Row)
    except msgspec.ValidationError as error:
        raise InvalidInput(_explain(error, f"contacts[{number}]")) from None
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"contacts[{number}] is not valid JSON in UTF-8: {shown(error)}") from None


def _explain(error: msgspec.ValidationError, within: str) -> str:
    finding, _, path = str(error).partition(" - at `$")
    where = (within + path.rstrip("`")).lstrip(".")
    return f"{shown(where)}: {shown(finding)}" if where else shown(finding)


def write_frame(out: BinaryIO, kind: bytes, payload: bytes) -> None:
    out.write(_FRAME.pack(kind, len(payload)))
    out.write(payload)


FRAME_HEAD = _FRAME.size


def frame_head(data: bytes) -> tuple[bytes, int]:
    """The kind and length of the payload that follows."""
    kind, length = _FRAME.unpack(data)
    return kind, length


def main() -> None:
    """Read the file that is standard input, in chunks of as many rows as the first argument says."""
    out = sys.stdout.buffer
    # Left open: rows point into it, those of a refusal's traceback too, and it cannot be closed while any does.
    data = mmap.mmap(sys.stdin.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        for part in read_json(data, int(sys.argv[1])):
            if isinstance(part, Head):
                write_frame(out, HEAD, msgspec.json.encode(part))
            else:
                write_frame(out, CHUNK, part)
    except InvalidInput as error:
        write_frame(out, REFUSED, error.message.encode())
    out.flush()


if __name__ == "__main__":
    main()
