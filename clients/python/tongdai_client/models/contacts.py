"""Contacts and contact lists."""

from enum import IntEnum

import msgspec

from tongdai_client.models.base import Done, Result, Scalar


class ProcessStatus(IntEnum):
    PENDING = 0
    IN_CALL = 1
    PROCESSED = 2


class ContactList(Result, frozen=True, kw_only=True):
    list_id: int
    name: str = msgspec.field(name="listName")
    contact_count: int


class ContactLists(Result, frozen=True, kw_only=True):
    total_record: int
    data: list[ContactList]


class Contact(Result, frozen=True, kw_only=True):
    contact_id: int
    customer_id: int
    """Identifies the phone number across all campaigns of the tenant."""
    phone_number: str
    name: str | None
    process_status: int
    """A `ProcessStatus`."""
    call_status: str | None
    """The outcome of the last call; None before the first."""
    external_id: str | None
    attributes: dict[str, Scalar] | None
    time_zone: str | None
    """IANA name that calling windows are evaluated in, or several separated by commas; None if unknown."""


class ContactDetail(Contact, frozen=True, kw_only=True):
    list_id: int


class ContactAdded(Done, frozen=True, kw_only=True):
    contact_id: int
    list_id: int
    duplicate: bool
    """The campaign already had the number: the ids are those of the existing contact, and none was created."""
    updated: bool = False
    """The existing contact was updated; only with `on_duplicate`."""


class NewContact(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A contact to import."""

    phone_number: str
    name: str | None = None
    external_id: str | None = None
    attributes: dict[str, Scalar] | None = None
    time_zone: str | None = None
    """IANA name; by default the time zone of the number."""


class CalledAgain(Done, frozen=True, kw_only=True):
    """Processed contacts that became due again or, in a dry run, would."""

    due_again: int
    by_call_status: dict[str, int]
    """The contacts that became due, by the outcome of their last call."""
    do_not_call: int
    """On a do-not-call list: they stay processed."""
    over_cap: int
    """Called as often as the campaign's cap for a contact allows for all time: they stay processed."""
    pending: int = 0
    """Pending already."""
    in_call: int = 0
    not_found: int = 0
    """Named ids that are no contacts of the campaign, or not of the list or with the outcomes."""
    next: int | None
    """While this is not None, more contacts are to be looked at, `after` this one."""


class ContactListCreated(Done, frozen=True, kw_only=True):
    list_id: int


class ContactsDeleted(Done, frozen=True, kw_only=True):
    """Contacts that were deleted or, in a dry run, would be."""

    deleted: int
    not_pending: int
    """In a call or processed: they stay."""
    next: int | None
    """While this is not None, more contacts are to be looked at, `after` this one."""


class ContactsMoved(Done, frozen=True, kw_only=True):
    """Contacts that were moved to another list or, in a dry run, would be."""

    moved: int
    unmoved: int
    """In that list already."""
    next: int | None
    """While this is not None, more contacts are to be looked at, `after` this one."""
