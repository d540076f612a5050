"""Contacts and contact lists."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from tongdai_client.models.base import Done, Scalar
from tongdai_client.models.contacts import (
    CalledAgain,
    Contact,
    ContactAdded,
    ContactDetail,
    ContactList,
    ContactListCreated,
    ContactLists,
    ContactPut,
    ContactsChanged,
    ContactsDeleted,
    ContactsMoved,
)
from tongdai_client.operation import (
    PAGE_SIZE,
    Operation,
    PagedOperation,
    operation,
    paged_operation,
    without_none,
    without_unset,
)
from tongdai_client.operations.contacts.customers import changed_contacts as changed_contacts
from tongdai_client.operations.contacts.customers import customer as customer
from tongdai_client.operations.contacts.customers import erase_customer as erase_customer
from tongdai_client.operations.contacts.customers import erase_step as erase_step
from tongdai_client.operations.contacts.customers import export_customer as export_customer
from tongdai_client.operations.contacts.customers import search_contacts as search_contacts
from tongdai_client.session import Session

_CONTACT = "/campaigns/{id}/contacts/{contactId}"
_LISTS = "/campaigns/{id}/contact-lists"


def contact_lists(campaign_id: int) -> Operation[list[ContactList]]:
    """List all contact lists of a campaign by id."""

    def records(lists: ContactLists) -> list[ContactList]:
        return lists.data

    return operation("GET", _LISTS, (campaign_id,), ContactLists, complete=records)


def contacts(
    campaign_id: int,
    list_id: int,
    *,
    process_status: int | None = None,
    phone_number: str | None = None,
    external_id: str | None = None,
    page_size: int = PAGE_SIZE,
) -> PagedOperation[Contact]:
    """List the contacts of a list by id, optionally of one `ProcessStatus`, phone number or external id.

    The number may be written in any format. Contacts may be added, called and deleted meanwhile: one that matches all
    the time comes exactly once.
    """
    query = {"processStatus": process_status, "phoneNumber": phone_number, "externalId": external_id}
    template = "/campaigns/{id}/contact-lists/{listId}/contacts"
    return paged_operation(template, (campaign_id, list_id), Contact, page_size, query)


def add_contact(
    campaign_id: int,
    phone_number: str,
    *,
    name: str | None = None,
    list_id: int | None = None,
    external_id: str | None = None,
    attributes: Mapping[str, Scalar] | None = None,
    time_zone: str | None = None,
    on_duplicate: str | None = None,
    idempotency_key: str | None = None,
) -> Operation[ContactAdded]:
    """Add a contact to a list, by default the campaign's first. If the campaign has the number, it is a `duplicate`.

    `time_zone` is an IANA name; by default it is derived from the number. With `on_duplicate` `"update"` the contact
    that has the number gets what is given; the rest of it stays.
    """
    body = without_none(phoneNumber=phone_number, name=name, listId=list_id, externalId=external_id)
    body |= without_none(attributes=attributes, timeZone=time_zone)
    template = "/campaigns/{id}/contacts"
    query = {"onDuplicate": on_duplicate}
    return operation("POST", template, (campaign_id,), ContactAdded, query, body, idempotency_key)


def put_contact(
    campaign_id: int,
    phone_number: str,
    *,
    name: str | None = None,
    list_id: int | None = None,
    external_id: str | None = None,
    attributes: Mapping[str, Scalar] | None = None,
    time_zone: str | None = None,
) -> Operation[ContactPut]:
    """Create a contact, or update the one that has the external id or else the number: `result` tells which.

    What is not given stays, attributes are merged by key. InvalidState when the external id is that of a contact with
    another number.
    """
    body = without_none(phoneNumber=phone_number, name=name, listId=list_id, externalId=external_id)
    body |= without_none(attributes=attributes, timeZone=time_zone)
    return operation("PUT", "/campaigns/{id}/contacts", (campaign_id,), ContactPut, body=body)


def contact(campaign_id: int, contact_id: int) -> Operation[ContactDetail]:
    """Get a contact."""
    return operation("GET", _CONTACT, (campaign_id, contact_id), ContactDetail)


def update_contact(
    campaign_id: int,
    contact_id: int,
    *,
    name: str | UnsetType | None = UNSET,
    time_zone: str | UnsetType | None = UNSET,
    external_id: str | UnsetType | None = UNSET,
    attributes: Mapping[str, Scalar] | UnsetType | None = UNSET,
) -> Operation[Done]:
    """Change the given fields of a contact; None clears a field, and resets `time_zone` to the number's own."""
    body = without_unset(name=name, timeZone=time_zone, externalId=external_id, attributes=attributes)
    return operation("PATCH", _CONTACT, (campaign_id, contact_id), Done, body=body)


def delete_contact(campaign_id: int, contact_id: int) -> Operation[Done]:
    """Delete a contact. InvalidState unless it is pending."""
    return operation("DELETE", _CONTACT, (campaign_id, contact_id), Done)


def call_again_step(
    campaign_id: int,
    *,
    contact_ids: Sequence[int] | None = None,
    list_id: int | None = None,
    call_status: Sequence[str] | None = None,
    dry_run: bool = False,
    after: int = 0,
) -> Operation[CalledAgain]:
    """One request of `call_again`, which looks at some thousand contacts."""
    body = without_none(contactIds=contact_ids, listId=list_id, callStatus=call_status, dryRun=dry_run, after=after)
    return operation("POST", "/campaigns/{id}/contacts/call-again", (campaign_id,), CalledAgain, body=body)


async def call_again(
    session: Session,
    campaign_id: int,
    *,
    contact_ids: Sequence[int] | None = None,
    list_id: int | None = None,
    call_status: Sequence[str] | None = None,
    dry_run: bool = False,
    progress: Callable[[CalledAgain], object] | None = None,
) -> CalledAgain:
    """Make processed contacts due again: by id (at most 1,000), list or outcome of the last call, or several of these.

    With `dry_run` nothing changes, and the result counts the contacts that would become due. Many contacts are many
    requests: `progress` is called after each one with the counts so far. After a failure, call it again: whoever is due
    already is not counted twice.
    """
    counts, by_status, after = Counter[str](), Counter[str](), 0
    while True:
        step = await session.execute(
            call_again_step(
                campaign_id,
                contact_ids=contact_ids,
                list_id=list_id,
                call_status=call_status,
                dry_run=dry_run,
                after=after,
            )
        )
        by_status.update(step.by_call_status)
        counts.update(due=step.due_again, dnc=step.do_not_call, cap=step.over_cap)
        counts.update(pending=step.pending, in_call=step.in_call, not_found=step.not_found)
        so_far = CalledAgain(
            message=f"{counts['due']} contacts {'would' if dry_run else 'will'} be called again",
            due_again=counts["due"],
            by_call_status=dict(sorted(by_status.items())),
            do_not_call=counts["dnc"],
            over_cap=counts["cap"],
            pending=counts["pending"],
            in_call=counts["in_call"],
            not_found=counts["not_found"],
            next=step.next,
        )
        if progress is not None:
            progress(so_far)
        if step.next is None:
            return so_far
        after = step.next


def create_contact_list(
    campaign_id: int, name: str, *, idempotency_key: str | None = None
) -> Operation[ContactListCreated]:
    """Create an empty list. InvalidInput if the campaign has a list of that name."""
    body = {"listName": name}
    return operation("POST", _LISTS, (campaign_id,), ContactListCreated, body=body, idempotency_key=idempotency_key)


def rename_contact_list(campaign_id: int, list_id: int, name: str) -> Operation[Done]:
    """Rename a list."""
    return operation("PATCH", f"{_LISTS}/{{listId}}", (campaign_id, list_id), Done, body={"listName": name})


def delete_contact_list(campaign_id: int, list_id: int) -> Operation[Done]:
    """Delete a list. InvalidState while it has contacts, or an import into it has not ended."""
    return operation("DELETE", f"{_LISTS}/{{listId}}", (campaign_id, list_id), Done)


def delete_contacts_step(
    campaign_id: int,
    *,
    contact_ids: Sequence[int] | None = None,
    list_id: int | None = None,
    call_status: Sequence[str] | None = None,
    dry_run: bool = False,
    after: int = 0,
) -> Operation[ContactsDeleted]:
    """One request of `delete_contacts`, which looks at some thousand contacts."""
    body = without_none(contactIds=contact_ids, listId=list_id, callStatus=call_status, dryRun=dry_run, after=after)
    return operation("POST", "/campaigns/{id}/contacts/delete", (campaign_id,), ContactsDeleted, body=body)


def move_contacts_step(
    campaign_id: int,
    to_list_id: int,
    *,
    contact_ids: Sequence[int] | None = None,
    list_id: int | None = None,
    call_status: Sequence[str] | None = None,
    dry_run: bool = False,
    after: int = 0,
) -> Operation[ContactsMoved]:
    """One request of `move_contacts`, which looks at some thousand contacts."""
    body = without_none(contactIds=contact_ids, listId=list_id, callStatus=call_status, dryRun=dry_run, after=after)
    body["toListId"] = to_list_id
    return operation("POST", "/campaigns/{id}/contacts/move", (campaign_id,), ContactsMoved, body=body)


async def delete_contacts(
    session: Session,
    campaign_id: int,
    *,
    contact_ids: Sequence[int] | None = None,
    list_id: int | None = None,
    call_status: Sequence[str] | None = None,
    dry_run: bool = False,
) -> ContactsDeleted:
    """Delete contacts that are pending: by id (at most 1,000) or list, of these only with the outcomes.

    With `dry_run` nothing changes, and the result counts those that would be deleted. Many contacts are many requests;
    after a failure, call it again.
    """
    one_step = partial(
        delete_contacts_step, campaign_id, contact_ids=contact_ids, list_id=list_id, call_status=call_status
    )
    deleted, not_pending, after = 0, 0, 0
    while True:
        step = await session.execute(one_step(dry_run=dry_run, after=after))
        deleted, not_pending = deleted + step.deleted, not_pending + step.not_pending
        if step.next is None:
            message = f"{deleted} contacts {'would be' if dry_run else 'were'} deleted"
            return ContactsDeleted(message=message, deleted=deleted, not_pending=not_pending, next=None)
        after = step.next


async def move_contacts(
    session: Session,
    campaign_id: int,
    to_list_id: int,
    *,
    contact_ids: Sequence[int] | None = None,
    list_id: int | None = None,
    call_status: Sequence[str] | None = None,
    dry_run: bool = False,
) -> ContactsMoved:
    """Move contacts to another list of their campaign, chosen as in `delete_contacts`, whatever their state."""
    one_step = partial(
        move_contacts_step,
        campaign_id,
        to_list_id,
        contact_ids=contact_ids,
        list_id=list_id,
        call_status=call_status,
    )
    moved, unmoved, after = 0, 0, 0
    while True:
        step = await session.execute(one_step(dry_run=dry_run, after=after))
        moved, unmoved = moved + step.moved, unmoved + step.unmoved
        if step.next is None:
            message = f"{moved} contacts {'would be' if dry_run else 'were'} moved"
            return ContactsMoved(message=message, moved=moved, unmoved=unmoved, next=None)
        after = step.next


def change_contacts_step(
    campaign_id: int,
    *,
    contact_ids: Sequence[int] | None = None,
    list_id: int | None = None,
    call_status: Sequence[str] | None = None,
    name: str | UnsetType | None = UNSET,
    external_id: str | UnsetType | None = UNSET,
    attributes: Mapping[str, Scalar] | UnsetType | None = UNSET,
    dry_run: bool = False,
    after: int = 0,
) -> Operation[ContactsChanged]:
    """One request of `change_contacts`, which looks at some thousand contacts."""
    body = without_none(contactIds=contact_ids, listId=list_id, callStatus=call_status, dryRun=dry_run, after=after)
    body["set"] = without_unset(name=name, externalId=external_id, attributes=attributes)
    return operation("POST", "/campaigns/{id}/contacts/change", (campaign_id,), ContactsChanged, body=body)


async def change_contacts(
    session: Session,
    campaign_id: int,
    *,
    contact_ids: Sequence[int] | None = None,
    list_id: int | None = None,
    call_status: Sequence[str] | None = None,
    name: str | UnsetType | None = UNSET,
    external_id: str | UnsetType | None = UNSET,
    attributes: Mapping[str, Scalar] | UnsetType | None = UNSET,
    dry_run: bool = False,
) -> ContactsChanged:
    """Give contacts the same values, chosen as in `delete_contacts`, whatever their state; None clears a value.

    Attributes are merged with those of each contact by key.
    """
    one_step = partial(
        change_contacts_step,
        campaign_id,
        contact_ids=contact_ids,
        list_id=list_id,
        call_status=call_status,
        name=name,
        external_id=external_id,
        attributes=attributes,
    )
    changed, unchanged, too_long, after = 0, 0, 0, 0
    while True:
        step = await session.execute(one_step(dry_run=dry_run, after=after))
        changed, unchanged, too_long = changed + step.changed, unchanged + step.unchanged, too_long + step.too_long
        if step.next is None:
            message = f"{changed} contacts {'would be' if dry_run else 'were'} changed"
            return replace(step, message=message, changed=changed, unchanged=unchanged, too_long=too_long)
        after = step.next
