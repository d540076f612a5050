"""Customers: a number in all campaigns; and the contacts of all campaigns, searched or by their changes."""

import dataclasses
from datetime import datetime

from msgspec.structs import replace

from tongdai_client.models.contacts import (
    Customer,
    CustomerExport,
    ErasureReceipt,
    FoundContact,
)
from tongdai_client.operation import (
    PAGE_SIZE,
    Operation,
    PagedOperation,
    following,
    operation,
    paged_operation,
    since_instant,
)
from tongdai_client.session import Session


def search_contacts(
    *,
    phone_number: str | None = None,
    external_id: str | None = None,
    name: str | None = None,
    page_size: int = PAGE_SIZE,
) -> PagedOperation[FoundContact]:
    """Search the contacts of all campaigns by one of number, external id and part of a name, newest first.

    They are only read by iterating: there are no numbered pages.
    """
    query = {"phoneNumber": phone_number, "externalId": external_id, "name": name}
    listed = paged_operation("/contacts", (), FoundContact, page_size, query)
    by_cursor = {name: value for name, value in listed.first.query.items() if name != "page"}
    return PagedOperation(dataclasses.replace(listed.first, query=by_cursor), listed.size_parameter)


def changed_contacts(
    since: datetime | None = None, *, cursor: str | None = None, page_size: int = PAGE_SIZE
) -> PagedOperation[FoundContact]:
    """Read the contacts of all campaigns that were created or changed since an instant; without one, all of them.

    Read them by `pages()`: each has the ids of the `deleted`, and a `resume_cursor`. Keep the last one, and pass it as
    `cursor` to read, later, what changed since. Nothing is skipped or doubled while others write. InvalidInput when a
    cursor is too old: begin again.
    """
    listed = paged_operation("/contacts", (), FoundContact, page_size, since_instant(since))
    return following(listed, FoundContact, cursor)


def customer(customer_id: int) -> Operation[Customer]:
    """Get a customer: the contacts, calls and do-not-call entries of a number."""
    return operation("GET", "/customers/{customerId}", (customer_id,), Customer)


def export_customer(customer_id: int) -> Operation[CustomerExport]:
    """Export everything that is stored about a number."""
    return operation("GET", "/customers/{customerId}/export", (customer_id,), CustomerExport)


def erase_step(
    customer_id: int, *, keep_do_not_call: bool = False, after: str | None = None
) -> Operation[ErasureReceipt]:
    """One request of `erase_customer`, which looks at some chunks of imports."""
    body = {"keepDoNotCall": keep_do_not_call, "after": after}
    return operation("POST", "/customers/{customerId}/erase", (customer_id,), ErasureReceipt, body=body)


async def erase_customer(session: Session, customer_id: int, *, keep_do_not_call: bool = False) -> ErasureReceipt:
    """Erase everything that is stored about a number, and tell what was. InvalidState while it is in a call.

    The rows of many imports take many requests; after a failure, call it again.
    """
    step = await session.execute(erase_step(customer_id, keep_do_not_call=keep_do_not_call))
    receipt, rows = step, step.import_rows
    while step.next is not None:
        step = await session.execute(erase_step(customer_id, keep_do_not_call=keep_do_not_call, after=step.next))
        rows += step.import_rows
    left = step.open_imports
    return replace(receipt, message=step.message, import_rows=rows, open_imports=left, next=None)
