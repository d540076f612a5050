"""What became of the rows of a chunk, as it is stored: by columns, in JSON, compressed. Pure.

Of a million rows this is a few megabytes, written in a fraction of a second: a table row for each would cost as much as
the contacts themselves.
"""

import zlib
from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Any

import msgspec

from tongdai.ids import ContactId
from tongdai.imports.model import RowOutcome, RowResult

LONGEST = 256
"""Characters that are kept of a number or externalId as sent: unusable ones may have any length."""

# What became of a row, a letter each. Capital: the row has no contact, as nothing was written.
CREATED, WOULD_CREATE = "c", "C"
IN_CAMPAIGN = "k"
REPEATED, WOULD_REPEAT = "r", "R"
FAILED = "f"

_MEANING: dict[str, tuple[RowOutcome, str | None, str | None]] = {
    CREATED: (RowOutcome.CREATED, None, None),
    WOULD_CREATE: (RowOutcome.CREATED, None, None),
    IN_CAMPAIGN: (RowOutcome.DUPLICATE, "phoneNumber is in the campaign already", "in_campaign"),
    REPEATED: (RowOutcome.DUPLICATE, "phoneNumber stands in an earlier row of this import", "repeated"),
    WOULD_REPEAT: (RowOutcome.DUPLICATE, "phoneNumber stands in an earlier row of this import", "repeated"),
}
_LETTERS: dict[RowOutcome | None, str] = {
    RowOutcome.CREATED: CREATED + WOULD_CREATE,
    RowOutcome.DUPLICATE: IN_CAMPAIGN + REPEATED + WOULD_REPEAT,
    RowOutcome.FAILED: FAILED,
    None: CREATED + WOULD_CREATE + IN_CAMPAIGN + REPEATED + WOULD_REPEAT + FAILED,
}
_HAS_CONTACT = CREATED + IN_CAMPAIGN + REPEATED


class ChunkOutcome(msgspec.Struct, array_like=True):
    letters: str
    """A letter for each row."""
    phones: list[str | None]
    external_ids: list[str | None] | None
    """None: no row has one."""
    contact_ids: list[int]
    """Of the rows whose letter is small, but for those that failed."""
    problems: list[tuple[str, str]]
    """Of the rows that failed: code and message."""

    @property
    def created(self) -> int:
        return self.letters.count(CREATED) + self.letters.count(WOULD_CREATE)

    @property
    def failed(self) -> int:
        return self.letters.count(FAILED)

    @property
    def duplicate(self) -> int:
        return len(self.letters) - self.created - self.failed


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(ChunkOutcome)


def encode(chunk: ChunkOutcome) -> bytes:
    """Ids are stored as the steps between them: most are 1."""
    stored = msgspec.structs.replace(chunk, contact_ids=_steps(chunk.contact_ids))
    return zlib.compress(_encode(stored), 1)


def decode(payload: bytes) -> ChunkOutcome:
    chunk = _decoder.decode(zlib.decompress(payload))
    chunk.contact_ids = list(accumulate(chunk.contact_ids))
    return chunk


def _steps(ids: list[int]) -> list[int]:
    return [after - before for before, after in pairwise([0, *ids])]


def sent(value: object) -> str | None:
    """A value as it was sent, as text and cut; JSON's where it was none."""
    if value is None or (isinstance(value, str) and len(value) <= LONGEST):
        return value
    text = value if isinstance(value, str) else _encode(value).decode()
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def results(chunk: ChunkOutcome, first_row: int, wanted: RowOutcome | None = None) -> Iterator[RowResult]:
    """The rows in their order; with `wanted`, those with that outcome."""
    letters = _LETTERS[wanted]
    external_ids = chunk.external_ids or [None] * len(chunk.letters)
    contact_ids, problems = iter(chunk.contact_ids), iter(chunk.problems)
    for place, letter in enumerate(chunk.letters):
        contact_id = ContactId(next(contact_ids)) if letter in _HAS_CONTACT else None
        problem = next(problems) if letter == FAILED else None
        if letter not in letters:
            continue
        outcome, reason, code = _MEANING[letter] if problem is None else (RowOutcome.FAILED, problem[1], problem[0])
        yield RowResult(first_row + place, chunk.phones[place], external_ids[place], outcome, reason, code, contact_id)


def made(chunk: ChunkOutcome) -> list[ContactId]:
    """The contacts that the chunk made."""
    contact_ids: Any = iter(chunk.contact_ids)
    with_contact = ((letter, next(contact_ids)) for letter in chunk.letters if letter in _HAS_CONTACT)
    return [ContactId(contact_id) for letter, contact_id in with_contact if letter == CREATED]
