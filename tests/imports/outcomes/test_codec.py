"""Outcomes of rows are read as they were stored."""

import random

from hypothesis import given
from hypothesis import strategies as st

from tests.support.imports.sent_rows import Row, sent_of
from tongdai.ids import ContactId
from tongdai.imports import chunk, core
from tongdai.imports.chunk import Sent
from tongdai.imports.model import ImportedChunk, RowOutcome, RowResult
from tongdai.imports.outcomes import codec
from tongdai.imports.outcomes.codec import ChunkOutcome
from tongdai.imports.readers.prepare import prepared

IDS = st.integers(1, 10**18 - 1).map(ContactId)
WITH_ID = "ckrux"
TEXT = st.none() | st.text(max_size=20)


@st.composite
def outcomes(draw: st.DrawFn) -> ChunkOutcome:
    updates = draw(st.booleans())
    alphabet = "cCuUx" if updates else "cCkrR"
    letters = draw(st.text(alphabet=alphabet, max_size=12) | st.integers(0, 12).map(lambda count: "c" * count))
    with_id = sum(letter in WITH_ID for letter in letters)
    in_a_row = st.integers(1, 10**9).map(lambda first: range(first, first + with_id))
    ids = draw(in_a_row | st.lists(IDS, min_size=with_id, max_size=with_id))
    return ChunkOutcome(letters, ids, updates)


@st.composite
def chunks(draw: st.DrawFn) -> tuple[Sent, ChunkOutcome]:
    outcome = draw(outcomes())
    kinds = list(outcome.letters)
    places = list(range(len(kinds)))
    for _ in range(draw(st.integers(0, 5))):
        kinds.insert(draw(st.integers(0, len(kinds))), "f")
    problems: list[tuple[int, str, str]] = []
    repeats: list[tuple[int, int]] = []
    row = seen = 0
    for kind in kinds:
        if kind == "f":
            problems.append((row, "too_short", f"problem {row}"))
        else:
            seen += 1
        row += 1
        if seen and draw(st.booleans()):
            repeats.append((row, draw(st.sampled_from(places[:seen]))))
            row += 1
    texts = st.lists(TEXT, min_size=row, max_size=row)
    return Sent(draw(texts), draw(st.none() | texts), problems, repeats), outcome


MEANT = {"c": "created", "C": "created", "k": "duplicate", "r": "duplicate", "R": "duplicate"}
MEANT |= {"u": "updated", "U": "updated", "x": "duplicate"}
CODES = {"k": "in_campaign", "r": "repeated", "R": "repeated", "x": "attributes_full"}
REASONS = {
    "k": "phoneNumber is in the campaign already",
    "r": "phoneNumber stands in an earlier row of this import",
    "R": "phoneNumber stands in an earlier row of this import",
    "x": "phoneNumber is in the campaign, and its contact's attributes would have more than 4096 bytes",
}


def plainly(sent: Sent, outcome: ChunkOutcome, first_row: int) -> list[RowResult]:
    """The rows, each by itself."""
    rows: list[RowResult] = []
    contact = 0
    for row, phone in enumerate(sent.phones):
        failed = [(code, message) for at, code, message in sent.problems if at == row]
        again = [place for at, place in sent.repeats if at == row]
        external_id = None if sent.external_ids is None else sent.external_ids[row]
        if failed:
            reported = (RowOutcome.FAILED, failed[0][1], failed[0][0], None)
        else:
            place = again[0] if again else contact
            contact += not again
            letter = outcome.letters[place]
            before = sum(one in WITH_ID for one in outcome.letters[:place])
            contact_id = ContactId(outcome.contact_ids[before]) if letter in WITH_ID else None
            of_repeat = {"c": "u", "C": "U"} if outcome.updates else {"c": "r", "C": "R"}
            letter = of_repeat.get(letter, letter) if again else letter
            reported = (RowOutcome(MEANT[letter]), REASONS.get(letter), CODES.get(letter), contact_id)
        rows.append(RowResult(first_row + row, phone, external_id, *reported))
    return rows


@given(chunks(), st.integers(1, 10**9), st.sampled_from([None, *RowOutcome]))
def test_what_is_stored_is_read_again_and_filtered(
    stored: tuple[Sent, ChunkOutcome], first_row: int, wanted: RowOutcome | None
) -> None:
    sent, outcome = stored
    again = codec.decode(codec.encode(outcome))
    assert (again.letters, list(again.contact_ids)) == (outcome.letters, list(outcome.contact_ids))
    expected = [row for row in plainly(sent, outcome, first_row) if wanted in (None, row.outcome)]
    assert list(codec.results(sent, again, first_row, wanted)) == expected


@given(chunks())
def test_counts_are_those_of_the_rows(stored: tuple[Sent, ChunkOutcome]) -> None:
    sent, outcome = stored
    rows = plainly(sent, outcome, 1)
    counted = core.counts(len(sent.phones), len(sent.problems), outcome, outcome.updated(sent.repeats))
    counts = [sum(row.outcome == one for row in rows) for one in RowOutcome]
    assert counts == [counted.created, counted.updated, counted.duplicate, counted.failed]


@given(chunks())
def test_contacts_that_a_chunk_created_are_those_of_its_created_rows(stored: tuple[Sent, ChunkOutcome]) -> None:
    created = [row.contact_id for row in plainly(*stored, 1) if row.outcome == "created" and row.contact_id]
    assert codec.created_ids(codec.decode(codec.encode(stored[1]))) == created


def test_a_million_rows_take_a_few_megabytes() -> None:
    rng, rows = random.Random(1), 5000
    (one,) = prepared(sent_of([Row(f"09{rng.randrange(10**8):08}") for _ in range(rows)]), "VN", rows)
    outcome = codec.encode(ChunkOutcome("c" * rows, range(10**9, 10**9 + rows)))
    assert len(one.sent) < 7 * rows
    assert len(outcome) < 30
    kept = ImportedChunk(0, 1, one.sent, outcome)
    assert len(chunk.decode_sent(kept.sent).phones) == len(list(codec.results_of(kept))) == rows
