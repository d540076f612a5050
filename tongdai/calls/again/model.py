"""Processed contacts that are to be called again: which, and what happened to them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tongdai.ids import ContactId, ListId

MAX_CONTACTS = 1000
"""Contacts that one request may name."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Processed contacts of a campaign that have all of what is not None."""

    contact_ids: Sequence[ContactId] | None = None
    list_id: ListId | None = None
    call_statuses: Sequence[str] | None = None
    """Outcomes of their last calls."""


@dataclass(frozen=True, slots=True)
class NotProcessed:
    """Contacts that a selection names and that are not processed: they stay as they are."""

    pending: int
    in_call: int
    not_found: int
    """Named ids that are no contact of the campaign, or not one of the list or with the outcomes."""


NONE_LEFT_OUT = NotProcessed(0, 0, 0)


@dataclass(frozen=True, slots=True)
class CallAgainResult:
    """Result for some of the selected contacts, in the order of their ids."""

    by_call_status: Mapping[str, int]
    """Number of contacts that became due, or would, by the outcome of their last call."""
    do_not_call: int
    """On a do-not-call list: they stay processed."""
    over_cap: int
    """Called as often as the campaign's frequency cap allows for all time: they stay processed."""
    last: ContactId | None
    """The last one looked at; None: no more are selected."""

    @property
    def due(self) -> int:
        return sum(self.by_call_status.values())
