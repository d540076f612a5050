"""Whether a contact is in a call, in SQL.

Its row does not say: a claim inserts a call and leaves the contact as it is, so that it goes into none of the
contact's indexes.
"""

IN_CALL = "select contact_id from live_call where tenant_id = $1 and contact_id is not null"
"""The contacts of tenant $1 that are in a call: few, whatever the tenant has. For statements that read very many."""


def phone(contact: str) -> str:
    """The number of `contact`, a table or its alias, in E.164."""
    return f"'+' || {contact}.number"


def in_call(contact: str) -> str:
    """The condition that a call of `contact`, a table of tenant $1 or its alias, has not ended. For a few contacts.

    Looked up by its number, of which one call at a time is live. `offset 0`: db/plans.py.
    """
    return f"""exists (
        select from live_call where tenant_id = $1 and phone = {phone(contact)}
            and contact_id = {contact}.contact_id offset 0
    )"""


def process_status(contact: str) -> str:
    """The contact's processStatus, as a column of that name."""
    return f"case when {in_call(contact)} then 1 else {contact}.process_status end as process_status"
