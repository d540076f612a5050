"""Decide the outcome of the contacts of a chunk. Pure."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from tongdai.ids import ContactId
from tongdai.imports.outcomes.codec import (
    CREATED,
    IN_CAMPAIGN,
    NOT_UPDATED,
    REPEATED,
    UPDATED,
    WOULD_CREATE,
    WOULD_REPEAT,
    WOULD_UPDATE,
    ChunkOutcome,
)


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of a chunk, by outcome."""

    created: int
    updated: int
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


def counts(rows: int, failed: int, outcome: ChunkOutcome, updated: int = 0) -> Counts:
    """Count the rows by outcome: those that neither failed nor created nor updated a contact are duplicates."""
    created = outcome.created
    duplicate = rows - failed - created - updated
    assert duplicate >= 0, "no more contacts are created and updated than rows can be"
    return Counts(created, updated, duplicate, failed)


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


def update_outcome(
    contact_ids: Sequence[ContactId], found: AbstractSet[ContactId], left: AbstractSet[ContactId]
) -> Imported:
    """The outcome of an import that updates contacts: those `found` existed before, and of these `left` were not
    updated."""
    letters = [
        CREATED if contact_id not in found else NOT_UPDATED if contact_id in left else UPDATED
        for contact_id in contact_ids
    ]
    created = (contact_id for contact_id in contact_ids if contact_id not in found)
    outcome = ChunkOutcome("".join(letters), contact_ids, updates=True)
    return Imported(outcome, min(created, default=None), bool(found))


def dry_run_outcome(
    contact_ids: Sequence[ContactId | None],
    new: Sequence[bool],
    left: AbstractSet[ContactId] = frozenset(),
    *,
    updates: bool = False,
) -> Imported:
    """The outcome of a dry run: `contact_ids` is the campaign's contact of each number, `new` whether it is the first
    row of the dry run with that number; the contacts `left` would not be updated."""
    known, again = (UPDATED, WOULD_UPDATE) if updates else (IN_CAMPAIGN, WOULD_REPEAT)
    letters = [
        (NOT_UPDATED if contact_id in left else known) if contact_id is not None else WOULD_CREATE if first else again
        for contact_id, first in zip(contact_ids, new, strict=True)
    ]
    there = [contact_id for contact_id in contact_ids if contact_id is not None]
    return Imported(ChunkOutcome("".join(letters), there, updates), None, bool(there))
