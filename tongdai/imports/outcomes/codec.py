"""The outcomes of the rows of a chunk, as stored: their values, and the outcomes of their contacts. Pure.

The values of the rows come from the chunk, as it was uploaded (see chunk.py). A chunk whose contacts were all created
has an outcome of a few bytes: how many, and the first id.
"""

import zlib
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

import msgspec

from tongdai.contacts.model import MAX_ATTRIBUTES
from tongdai.contacts.numbers.phone import NumberFault
from tongdai.contacts.validation import ContactFault
from tongdai.files.number_cells import Unreadable
from tongdai.ids import ContactId
from tongdai.imports.chunk import Sent, decode_sent
from tongdai.imports.model import ImportedChunk, RowOutcome, RowResult

# The outcome of a contact of a chunk, or of a row that repeats it: a letter each. Capital: there is no contact id, as
# nothing was written.
CREATED, WOULD_CREATE = "c", "C"
IN_CAMPAIGN = "k"
REPEATED, WOULD_REPEAT = "r", "R"
# Of imports that update contacts, in place of the three above.
UPDATED, WOULD_UPDATE = "u", "U"
NOT_UPDATED = "x"

_MEANING: dict[str, tuple[RowOutcome, str | None, str | None]] = {
    CREATED: (RowOutcome.CREATED, None, None),
    WOULD_CREATE: (RowOutcome.CREATED, None, None),
    IN_CAMPAIGN: (RowOutcome.DUPLICATE, "phoneNumber is in the campaign already", "in_campaign"),
    REPEATED: (RowOutcome.DUPLICATE, "phoneNumber stands in an earlier row of this import", "repeated"),
    WOULD_REPEAT: (RowOutcome.DUPLICATE, "phoneNumber stands in an earlier row of this import", "repeated"),
    UPDATED: (RowOutcome.UPDATED, None, None),
    WOULD_UPDATE: (RowOutcome.UPDATED, None, None),
    NOT_UPDATED: (
        RowOutcome.DUPLICATE,
        f"phoneNumber is in the campaign, and its contact's attributes would have more than {MAX_ATTRIBUTES} bytes",
        "attributes_full",
    ),
}
REASON_CODES = [
    *dict.fromkeys(
        [
            *(code for _, _, code in _MEANING.values() if code is not None),
            *map(str, (*ContactFault, *NumberFault, *Unreadable)),
        ]
    )
]
"""The reasons why a row was not created, nor updated its contact."""
_AGAIN = str.maketrans(CREATED + WOULD_CREATE, REPEATED + WOULD_REPEAT)
"""The letter of a row that repeats a contact of its chunk."""
_UPDATED_AGAIN = str.maketrans(CREATED + WOULD_CREATE, UPDATED + WOULD_UPDATE)
"""Likewise, in an import that updates contacts."""
_WITH_ID = CREATED + IN_CAMPAIGN + REPEATED + UPDATED + NOT_UPDATED


class ChunkOutcome(msgspec.Struct, frozen=True):
    """The outcome of the contacts of a chunk, in their order."""

    letters: str
    contact_ids: Sequence[int]
    """Ids of the contacts whose letter is small."""
    updates: bool = False
    """Whether rows that repeat a contact update it."""

    @property
    def created(self) -> int:
        return self.letters.count(CREATED) + self.letters.count(WOULD_CREATE)

    def updated(self, repeats: Sequence[tuple[int, int]]) -> int:
        """Rows that updated a contact, with those of its chunk that repeat one (Sent.repeats)."""
        if not self.updates:
            return 0
        own = self.letters.count(UPDATED) + self.letters.count(WOULD_UPDATE)
        return own + sum(self.letters[place] != NOT_UPDATED for _, place in repeats)


class _Stored(msgspec.Struct, array_like=True):
    letters: str
    """Empty when all were created."""
    steps: list[int]
    """From one id to the next; of ids in a row the first one alone."""
    count: int
    updates: bool = False


_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(_Stored)


def encode(outcome: ChunkOutcome) -> bytes:
    ids = outcome.contact_ids
    assert len(ids) == sum(map(outcome.letters.count, _WITH_ID)), "each contact there is has its id"
    in_a_row = isinstance(ids, range) or (bool(ids) and ids[-1] - ids[0] + 1 == len(ids) and list(ids) == sorted(ids))
    steps = [ids[0]] if in_a_row and ids else [after - before for before, after in pairwise([0, *ids])]
    all_created = outcome.letters.count(CREATED) == len(outcome.letters)
    return zlib.compress(
        _encode(_Stored("" if all_created else outcome.letters, steps, len(outcome.letters), outcome.updates)), 1
    )


def decode(data: bytes) -> ChunkOutcome:
    stored = _decoder.decode(zlib.decompress(data))
    letters = stored.letters or CREATED * stored.count
    ids = sum(map(letters.count, _WITH_ID))
    if len(stored.steps) == 1:
        return ChunkOutcome(letters, range(stored.steps[0], stored.steps[0] + ids), stored.updates)
    return ChunkOutcome(letters, list(accumulate(stored.steps)), stored.updates)


def results(sent: Sent, outcome: ChunkOutcome, first_row: int, wanted: RowOutcome | None = None) -> Iterator[RowResult]:
    """The rows in their order; with `wanted`, those with that outcome."""
    problems = {row: (code, message) for row, code, message in sent.problems}
    repeats = dict(sent.repeats)
    contact_ids = _ids_by_place(outcome)
    letter_of_repeat = _UPDATED_AGAIN if outcome.updates else _AGAIN
    external_ids = sent.external_ids
    contacts = iter(range(len(outcome.letters)))
    for row, phone in enumerate(sent.phones):
        contact_id = None
        if row in problems:
            result, (code, reason) = RowOutcome.FAILED, problems[row]
        else:
            again = repeats.get(row)
            place = next(contacts) if again is None else again
            letter = outcome.letters[place]
            result, reason, code = _MEANING[letter if again is None else letter.translate(letter_of_repeat)]
            contact_id = contact_ids[place]
        if wanted in {None, result}:
            external_id = None if external_ids is None else external_ids[row]
            yield RowResult(first_row + row, phone, external_id, result, reason, code, contact_id)


def results_of(chunk: ImportedChunk, wanted: RowOutcome | None = None) -> Iterator[RowResult]:
    """`results` of a chunk as it is stored."""
    return results(decode_sent(chunk.sent), decode(chunk.contacts), chunk.first_row, wanted)


def created_ids(outcome: ChunkOutcome) -> list[ContactId]:
    """The contacts that the chunk created."""
    if not isinstance(outcome.contact_ids, range) or outcome.letters.count(CREATED) != len(outcome.letters):
        ids = _ids_by_place(outcome)
        return [contact for contact, letter in zip(ids, outcome.letters, strict=True) if contact and letter == CREATED]
    return [ContactId(contact_id) for contact_id in outcome.contact_ids]


def _ids_by_place(outcome: ChunkOutcome) -> list[ContactId | None]:
    ids = iter(outcome.contact_ids)
    return [ContactId(next(ids)) if letter in _WITH_ID else None for letter in outcome.letters]
