"""Decide the outcome of the contacts of a chunk. Pure."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from tongdai.ids import ContactId
from tongdai.imports.outcomes.codec import (
    CREATED,
    IN_CAMPAIGN,
    REPEATED,
    WOULD_CREATE,
    WOULD_REPEAT,
    ChunkOutcome,
)


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of a chunk, by outcome."""

    created: int
    duplicate: int
    failed: int


@dataclass(frozen=True, slots=True)
class Imported:
    """The outcome of the contacts of a chunk, and what the job records of it."""

    outcome: ChunkOutcome
    first_created: ContactId | None
    """The least id of the contacts that it created."""
    meets_known: bool
    """Whether the campaign had some of its numbers before."""


def counts(rows: int, failed: int, outcome: ChunkOutcome) -> Counts:
    """Count the rows by outcome: those that neither failed nor were created are duplicates."""
    created = outcome.created
    duplicate = rows - failed - created
    assert duplicate >= 0, "no more contacts are created than rows can be"
    return Counts(created, duplicate, failed)


def possible_repeats(found: Sequence[ContactId], first: ContactId | None) -> list[ContactId]:
    """Select the contacts that an earlier chunk of the job may have created; `first` is its least id."""
    return [] if first is None else [contact_id for contact_id in found if contact_id >= first]


def import_outcome(
    contact_ids: Sequence[ContactId], found: AbstractSet[ContactId], ours: AbstractSet[ContactId]
) -> Imported:
    """The outcome of contacts with these ids: those `found` existed before the chunk, and `ours` were created by
    earlier chunks of the job."""
    if not found:
        return Imported(ChunkOutcome(CREATED * len(contact_ids), contact_ids), min(contact_ids, default=None), False)
    created = (contact_id for contact_id in contact_ids if contact_id not in found)
    letters = [
        CREATED if contact_id not in found else REPEATED if contact_id in ours else IN_CAMPAIGN
        for contact_id in contact_ids
    ]
    return Imported(ChunkOutcome("".join(letters), contact_ids), min(created, default=None), True)


def dry_run_outcome(contact_ids: Sequence[ContactId | None], new: Sequence[bool]) -> Imported:
    """The outcome of a dry run: `contact_ids` is the campaign's contact of each number, `new` whether it is the first
    row of the dry run with that number."""
    letters = [
        IN_CAMPAIGN if contact_id is not None else WOULD_CREATE if first else WOULD_REPEAT
        for contact_id, first in zip(contact_ids, new, strict=True)
    ]
    there = [contact_id for contact_id in contact_ids if contact_id is not None]
    return Imported(ChunkOutcome("".join(letters), there), None, bool(there))
