"""A contact as the API takes and shows it: the bodies and answers that have its declared fields."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from tongdai.contacts.fields import DOCUMENTED, FIELDS
from tongdai.contacts.model import Contact, Scalar, number_of
from tongdai.contacts.numbers import customer_id, phone
from tongdai.http.cursor import Listed
from tongdai.http.endpoint import PLAIN_TEXT
from tongdai.http.principal import Principal

_Text = str | None
_Attributes = dict[str, Scalar] | None
_WIRE = [field.text.wire for field in FIELDS]

ContactRow: Any = msgspec.defstruct(
    "ContactRow",
    [
        ("contactId", int),
        ("customerId", int),
        ("phoneNumber", str),
        *((wire, _Text) for wire in _WIRE[:DOCUMENTED]),
        ("processStatus", int),
        ("callStatus", _Text),
        *((wire, _Text) for wire in _WIRE[DOCUMENTED:]),
        ("attributes", dict[str, Any] | None),
        ("timeZone", _Text),
    ],
)
ContactDetail: Any = msgspec.defstruct("ContactDetail", [("listId", int)], bases=(ContactRow,))
ContactPage: Any = msgspec.defstruct("ContactPage", [("data", list[ContactRow])], bases=(Listed,), kw_only=True)
ContactBody: Any = msgspec.defstruct(
    "ContactBody",
    [
        ("phoneNumber", str),
        *((wire, _Text, None) for wire in _WIRE[:DOCUMENTED]),
        ("listId", int | None, None),
        *((wire, _Text, None) for wire in _WIRE[DOCUMENTED:]),
        ("attributes", _Attributes, None),
        ("timeZone", _Text, None),
    ],
    forbid_unknown_fields=True,
)
CHANGEABLE = [*_WIRE[:DOCUMENTED], "timeZone", *_WIRE[DOCUMENTED:], "attributes"]
ContactChange: Any = msgspec.defstruct(
    "ContactChange",
    [
        (wire, (_Attributes if wire == "attributes" else _Text) | UnsetType, UNSET)  # pyright: ignore[reportOperatorIssue, reportUnknownArgumentType]
        for wire in CHANGEABLE
    ],
    forbid_unknown_fields=True,
    kw_only=True,
)

SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    field.text.wire: {"maxLength": field.text.longest, **PLAIN_TEXT} for field in FIELDS
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
    shown, customer, row = phone.shower(who.country), customer_id.of(who.tenant_id), ContactRow
    return [
        row(
            contact_id,
            customer(number_of(e164)),
            shown(e164),
            *values[:DOCUMENTED],
            status,
            call_status,
            *values[DOCUMENTED:],
            attributes,
            zone or None,
        )
        for contact_id, e164, status, call_status, attributes, zone, values in contacts
    ]
