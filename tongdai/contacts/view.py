"""A contact as the API takes and shows it: the bodies and responses that have its declared fields."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from tongdai.call_outcome import Outcome
from tongdai.contacts.fields import DOCUMENTED, FIELDS
from tongdai.contacts.model import Contact, ProcessStatus, Scalar
from tongdai.contacts.numbers import customer_id, phone
from tongdai.http.cursor import Listed
from tongdai.http.endpoint import PLAIN_TEXT
from tongdai.http.openapi.fields import doc, one_of
from tongdai.http.principal import Principal

_Attributes = dict[str, Scalar] | None
_CallStatus = Annotated[str, one_of(Outcome)] | None


ATTRIBUTES = "The caller's own data, at most 4 KB as JSON, returned as sent."
TEXTS = [(field.text.wire, doc(str | None, field.text.meaning)) for field in FIELDS]
"""The declared fields: name on the wire, and type."""
_ID = ("contactId", doc(int, "The contact."))
_LIST = doc(int, "The list that the contact is in.")
_STATUS = "0 pending: it waits to be called, for the first time or again; 1 in_call; 2 processed: not called any more."
_ZONE = "IANA name of the time zone by whose clock it is called; several, separated by commas; null: not known."
_SENT_ZONE = "IANA name of the time zone by whose clock it is called; without one, that of the number."

ContactRow: Any = msgspec.defstruct(
    "ContactRow",
    [
        _ID,
        ("customerId", doc(int, "The number's id in the tenant, the same in all campaigns.")),
        ("phoneNumber", doc(str, "The number: in national form for the tenant's country, else in E.164.")),
        *TEXTS[:DOCUMENTED],
        ("processStatus", doc(Annotated[int, one_of(ProcessStatus)], _STATUS)),
        ("callStatus", doc(_CallStatus, "Outcome of the last call; null before the first.")),
        *TEXTS[DOCUMENTED:],
        ("attributes", doc(dict[str, Any] | None, ATTRIBUTES)),
        ("timeZone", doc(str | None, _ZONE)),
    ],
)
ContactDetail: Any = msgspec.defstruct("ContactDetail", [("listId", _LIST)], bases=(ContactRow,))
ContactPage: Any = msgspec.defstruct(
    "ContactPage", [("data", doc(list[ContactRow], "The contacts, by id."))], bases=(Listed,), kw_only=True
)
SENT_FIELDS = [
    ("phoneNumber", doc(str, "The number, in any written form.")),
    *((wire, kind, None) for wire, kind in TEXTS),
    ("attributes", doc(_Attributes, ATTRIBUTES), None),
    ("timeZone", doc(str | None, _SENT_ZONE), None),
]
"""A contact as it is sent, for msgspec.defstruct."""
ContactBody: Any = msgspec.defstruct(
    "ContactBody",
    [
        *SENT_FIELDS[: 1 + DOCUMENTED],
        ("listId", doc(int | None, "The list to add it to; without one, the campaign's first."), None),
        *SENT_FIELDS[1 + DOCUMENTED :],
    ],
    forbid_unknown_fields=True,
)
_CHANGES = {
    "timeZone": doc(str | UnsetType | None, _SENT_ZONE),
    "attributes": doc(_Attributes | UnsetType, ATTRIBUTES),
    **{field.text.wire: doc(str | UnsetType | None, f"{field.text.meaning} Null clears it.") for field in FIELDS},
}
_WIRE = [field.text.wire for field in FIELDS]
CHANGEABLE = [*_WIRE[:DOCUMENTED], "timeZone", *_WIRE[DOCUMENTED:], "attributes"]
ContactChange: Any = msgspec.defstruct(
    "ContactChange",
    [(wire, _CHANGES[wire], UNSET) for wire in CHANGEABLE],
    forbid_unknown_fields=True,
    kw_only=True,
)

SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    field.text.wire: {"maxLength": field.text.max_length, **PLAIN_TEXT} for field in FIELDS
}
"""The schema of each declared field in a body, by its name on the wire."""
SAMPLE: dict[str, Any] = {
    "contactId": 88001,
    "customerId": 55001,
    "phoneNumber": "0901234567",
    **{field.text.wire: field.text.sample for field in FIELDS[:DOCUMENTED]},
    "processStatus": 0,
    "callStatus": None,
    **{field.text.wire: field.text.sample for field in FIELDS[DOCUMENTED:]},
    "attributes": None,
    "timeZone": "Asia/Ho_Chi_Minh",
}


def rows_of(contacts: Sequence[Contact], who: Principal) -> list[Any]:
    """Numbers as they are written in the tenant's country."""
    written, customer, row = phone.formatter(who.country), customer_id.of(who.tenant_id), ContactRow
    return [row(contact_id, customer(number), written(f"+{number}"), *rest) for contact_id, number, rest in contacts]
