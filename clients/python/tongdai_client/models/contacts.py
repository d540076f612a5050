"""Contacts, contact lists, and customers: who has a number, in all campaigns of a tenant."""

from datetime import datetime
from enum import IntEnum
from typing import Any
from uuid import UUID

import msgspec

from tongdai_client.models.base import Done, Result, Scalar
from tongdai_client.models.calls import Call, Callback


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


class ContactPut(Done, frozen=True, kw_only=True):
    """A contact that was created or updated."""

    contact_id: int
    list_id: int
    result: str
    """created, updated or unchanged."""


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


class ContactsChanged(Done, frozen=True, kw_only=True):
    """Contacts that were given values or, in a dry run, would be."""

    changed: int
    unchanged: int
    """With these values already."""
    too_long: int
    """Left as they are: their attributes would be too long."""
    next: int | None
    """While this is not None, more contacts are to be looked at, `after` this one."""


class FoundContact(ContactDetail, frozen=True, kw_only=True):
    """A contact, and its campaign."""

    campaign_id: int
    campaign_name: str


class DoNotCallEntry(Result, frozen=True, kw_only=True):
    dnc_list_id: int
    dnc_list_name: str
    reason: str | None
    expires_at: datetime | None
    created_at: datetime


class Customer(Result, frozen=True, kw_only=True):
    customer_id: int
    phone_number: str
    contacts: list[FoundContact]
    """Its contacts in all campaigns, newest first."""
    do_not_call: list[DoNotCallEntry]
    call_count: int
    """Number of calls that have ended, in both directions."""
    last_call_at: datetime | None


class CallPart(Result, frozen=True, kw_only=True):
    call_id: UUID
    kind: str
    queue_id: int | None
    agent_id: int | None
    started_at: datetime
    ended_at: datetime | None


class CustomerRecording(Result, frozen=True, kw_only=True):
    call_id: UUID
    state: str
    started_at: datetime | None
    seconds: float | None
    deleted_at: datetime | None


class ContactChangeEntry(Result, frozen=True, kw_only=True):
    at: datetime
    action: str
    subject: str
    detail: dict[str, Any] | None


class WebhookEvent(Result, frozen=True, kw_only=True):
    """An event that names a number, and the webhook to which it is sent."""

    webhook_id: int
    delivery_id: int
    event: str
    occurred_at: datetime
    state: str


class CustomerExport(Result, frozen=True, kw_only=True):
    """Everything that is stored about a number."""

    customer_id: int
    phone_number: str
    contacts: list[FoundContact]
    do_not_call: list[DoNotCallEntry]
    exported_at: datetime
    calls: list[Call]
    segments: list[CallPart]
    recordings: list[CustomerRecording]
    callbacks: list[Callback]
    webhook_events: list[WebhookEvent]
    changes: list[ContactChangeEntry]


class ErasureReceipt(Done, frozen=True, kw_only=True):
    """Counts of what was erased of a number."""

    contacts: int
    calls: int
    """Calls that stay without the number."""
    callbacks: int
    do_not_call_entries: int
    call_events: int
    webhook_events: int
    audit_entries: int
    recordings: int
    """Recordings of the calls whose sound was deleted."""
    import_rows: int
    open_imports: int
    """Imports that have not ended: they may bring the number again."""
    proof: str
    """A keyed hash of the number, as in the audit."""
    next: str | None
    """While this is not None, more rows of imports are to be looked at, `after` this."""
