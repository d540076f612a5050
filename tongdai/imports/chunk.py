"""A chunk of an import as it is stored: prepared when it is uploaded, so that importing it is one SQL statement. Pure.

    payload   what is to be inserted: the columns of the contacts, and how many rows failed    -> deleted by the import
    sent      the rows' values, which rows failed and why, which repeat a row of the chunk    -> kept with its outcome
              failed rows as the file has them, to be corrected and sent again

Rows are counted from 0 within the chunk. A row is one of: failed, a repeat of an earlier row, or the next contact.
"""

import zlib
from collections.abc import Iterable

import msgspec

from tongdai.contacts.columns import NewContacts

VERSION = 1
_LEVEL = 1
"""zlib's fastest."""
LONGEST = 256
"""Characters that are kept of a value as sent: unusable ones may have any length."""
LONGEST_ORIGINAL, LONGEST_ORIGINALS = 64 * 1024, 4 * 1024 * 1024
"""Characters of a failed row, and of all those of a chunk: longer ones are not kept as they were."""

Original = list[str] | str
"""A row as the file has it: its cells, or a JSON object."""


class Payload(msgspec.Struct, array_like=True, frozen=True):
    """Contacts to insert."""

    version: int
    rows: int
    failed: int
    contacts: NewContacts


class Sent(msgspec.Struct, array_like=True, frozen=True):
    """The values of each row, as sent."""

    phones: list[str | None]
    external_ids: list[str | None] | None
    """None: no row has one."""
    problems: list[tuple[int, str, str]]
    """Row, code and message of the rows that failed, in their order."""
    repeats: list[tuple[int, int]]
    """Row and place of the contact, for the rows with the number of an earlier row of the chunk."""
    originals: list[Original | None] | None = None
    """The rows of `problems`; None: the row is too long or, for all, the chunk is from before they were kept."""
    table: int = 0
    """The table of the file that the rows are from, from 0."""


class Chunk(msgspec.Struct, array_like=True, frozen=True):
    """Both parts, encoded."""

    payload: bytes
    sent: bytes


_encode_payload = msgspec.msgpack.Encoder().encode
_payload = msgspec.msgpack.Decoder(Payload)
_encode_json = msgspec.json.Encoder().encode
_sent = msgspec.json.Decoder(Sent)


def encode(rows: int, contacts: NewContacts, sent: Sent) -> Chunk:
    failed = len(sent.problems)
    assert rows == contacts.count + failed + len(sent.repeats), "each row is a contact, a repeat or failed"
    payload = _encode_payload(Payload(VERSION, rows, failed, contacts))
    return Chunk(payload, encode_sent(sent))


def kept_originals(rows: Iterable[Original]) -> list[Original | None]:
    """The rows, without those that are too long."""
    left = LONGEST_ORIGINALS
    kept: list[Original | None] = []
    for row in rows:
        length = len(row) if isinstance(row, str) else sum(map(len, row)) + len(row)
        fits = length <= min(LONGEST_ORIGINAL, left)
        kept.append(row if fits else None)
        left -= length if fits else 0
    return kept


def encode_sent(sent: Sent) -> bytes:
    return zlib.compress(_encode_json(sent), _LEVEL)


def decode_payload(data: bytes) -> Payload:
    payload = _payload.decode(data)
    assert payload.version == VERSION, f"a chunk of version {payload.version}"
    return payload


def decode_sent(data: bytes) -> Sent:
    return _sent.decode(zlib.decompress(data))


def as_sent(value: object) -> str | None:
    """A value as it was sent, as text and cut; JSON's where it was none."""
    if value is None or (isinstance(value, str) and len(value) <= LONGEST):
        return value
    text = value if isinstance(value, str) else _encode_json(value).decode()
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
