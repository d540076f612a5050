"""What became of rows: stored and read again."""

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.imports.model import RowOutcome, RowResult
from tongdai.imports.outcomes import codec
from tongdai.imports.outcomes.codec import ChunkOutcome

IDS = st.integers(1, 10**18 - 1)
TEXT = st.none() | st.text(max_size=20)


@st.composite
def chunks(draw: st.DrawFn) -> ChunkOutcome:
    letters = draw(st.text(alphabet="cCkrRf", max_size=30))
    rows = len(letters)
    with_contact = sum(letter in "ckr" for letter in letters)
    return ChunkOutcome(
        letters,
        draw(st.lists(TEXT, min_size=rows, max_size=rows)),
        draw(st.none() | st.lists(TEXT, min_size=rows, max_size=rows)),
        draw(st.lists(IDS, min_size=with_contact, max_size=with_contact)),
        [("too_short", f"problem {n}") for n in range(letters.count("f"))],
    )


def plainly(chunk: ChunkOutcome, first_row: int) -> list[RowResult]:
    """The rows, read off by counting from the beginning for each."""
    meant = {"c": "created", "C": "created", "k": "duplicate", "r": "duplicate", "R": "duplicate", "f": "failed"}
    codes = {"k": "in_campaign", "r": "repeated", "R": "repeated", "f": "too_short"}
    rows = []
    for place, letter in enumerate(chunk.letters):
        before = chunk.letters[:place]
        number = sum(one in "ckr" for one in before)
        reason = {
            "k": "phoneNumber is in the campaign already",
            "r": "phoneNumber stands in an earlier row of this import",
            "R": "phoneNumber stands in an earlier row of this import",
            "f": f"problem {before.count('f')}",
        }.get(letter)
        rows.append(
            RowResult(
                first_row + place,
                chunk.phones[place],
                None if chunk.external_ids is None else chunk.external_ids[place],
                RowOutcome(meant[letter]),
                reason,
                codes.get(letter),
                chunk.contact_ids[number] if letter in "ckr" else None,
            )
        )
    return rows


@given(chunks(), st.integers(1, 10**9), st.sampled_from([None, *RowOutcome]))
def test_what_is_stored_is_read_again_and_filtered(
    chunk: ChunkOutcome, first_row: int, wanted: RowOutcome | None
) -> None:
    again = codec.decode(codec.encode(chunk))
    assert again == chunk
    expected = [row for row in plainly(chunk, first_row) if wanted in (None, row.outcome)]
    assert list(codec.results(again, first_row, wanted)) == expected


@given(chunks())
def test_counts_are_those_of_the_rows(chunk: ChunkOutcome) -> None:
    rows = plainly(chunk, 1)
    counts = [sum(row.outcome == outcome for row in rows) for outcome in RowOutcome]
    assert counts == [chunk.created, chunk.duplicate, chunk.failed]


@given(chunks())
def test_what_a_chunk_made_is_what_its_created_rows_name(chunk: ChunkOutcome) -> None:
    contact_ids = [row.contact_id for row in plainly(chunk, 1) if row.outcome == "created" and row.contact_id]
    assert codec.made(chunk) == contact_ids


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None), ("", ""), ("0901", "0901"), (901, "901"), (90.5, "90.5"), (True, "true"),
        ("x" * 256, "x" * 256), ("x" * 257, "x" * 255 + "…"),
    ],
)  # fmt: skip
def test_value_is_kept_as_sent_within_reason(value: object, text: str | None) -> None:
    assert codec.sent(value) == text


def test_a_million_rows_take_a_few_megabytes() -> None:
    rng, rows = random.Random(1), 5000
    chunk = ChunkOutcome(
        "c" * rows,
        [f"09{rng.randrange(10**8):08}" for _ in range(rows)],
        None,
        list(range(10**9, 10**9 + rows)),
        [],
    )
    stored = codec.encode(chunk)
    assert len(stored) < 8 * rows
    assert len(stored) < len(msgspec.json.encode(chunk)) / 4
