"""Contacts that one request deletes or moves: which, and what happened to them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from tongdai.ids import ContactId, ListId

MAX_CONTACTS = 1000
"""Contacts that one request may name."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Contacts of a campaign that have all of what is not None; ids or a list is given."""

    contact_ids: Sequence[ContactId] | None = None
    list_id: ListId | None = None
    call_statuses: Sequence[str] | None = None
    """Outcomes of their last calls."""


@dataclass(frozen=True, slots=True)
class ManyChanged:
    """Result of giving some of the chosen contacts values, in the order of their ids."""

    changed: int
    """Contacts that were changed, or would be."""
    unchanged: int
    """Contacts that had the values already."""
    too_long: int
    """Contacts that stay as they are, because their attributes would be too long."""
    last: ContactId | None
    """The last one looked at, as in ManyDone."""


@dataclass(frozen=True, slots=True)
class ManyDone:
    """Result for some of the chosen contacts, in the order of their ids."""

    changed: int
    """Contacts that were deleted or moved, or would be."""
    left: int
    """Contacts that stay as they are: no longer pending, or in the list already."""
    last: ContactId | None
    """The last one looked at, behind which the next request continues; None: no more are chosen."""
