"""Customers in responses: who has a number, in all campaigns of a tenant."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from tongdai.callbacks.requests.view import CallbackView
from tongdai.calls.view import CallView
from tongdai.changes.view import ChangedPage
from tongdai.contacts.view import SAMPLE as CONTACT_SAMPLE
from tongdai.contacts.view import ContactDetail, rows_of
from tongdai.customers.store import Found
from tongdai.http.openapi.fields import doc, one_of
from tongdai.http.principal import Principal
from tongdai.recordings.model import RecordingState

FoundContact: Any = msgspec.defstruct(
    "FoundContact",
    [
        ("campaignId", doc(int, "The campaign that the contact is in.")),
        ("campaignName", doc(str, "Name of the campaign.")),
    ],
    bases=(ContactDetail,),
    kw_only=True,
)
FoundContacts: Any = msgspec.defstruct(
    "FoundContacts",
    [
        ("data", doc(list[FoundContact], "The contacts, newest first; with `updatedSince` in the order of changes.")),
        ("deleted", doc(list[int] | UnsetType, "Contacts that are gone, by id. Only with `updatedSince`."), UNSET),
    ],
    bases=(ChangedPage,),
    kw_only=True,
)


class DoNotCallEntry(msgspec.Struct, kw_only=True):
    dncListId: int
    """The do-not-call list."""
    dncListName: str
    """Name of the list."""
    reason: str | None
    """Reason that the entry gives."""
    expiresAt: datetime | None
    """When the entry expires; null: never."""
    createdAt: datetime
    """When the number came onto the list."""


_CUSTOMER = [
    ("customerId", doc(int, "The number's id in the tenant, the same in all campaigns.")),
    ("phoneNumber", doc(str, "The number: in national form for the tenant's country, else in E.164.")),
    ("contacts", doc(list[FoundContact], "Its contacts, in all campaigns, newest first.")),
    ("doNotCall", doc(list[DoNotCallEntry], "Its entries on do-not-call lists, expired ones too.")),
]
CustomerDetail: Any = msgspec.defstruct(
    "CustomerDetail",
    [
        *_CUSTOMER,
        ("callCount", doc(int, "Number of calls with the number that have ended, in both directions.")),
        ("lastCallAt", doc(datetime | None, "When the newest of them was opened; null: there is none.")),
    ],
    kw_only=True,
)


class CallPart(msgspec.Struct, kw_only=True):
    callId: UUID
    """The call."""
    kind: str
    """Kind of segment: menu, wait, talk, consult, hold or wrap_up."""
    queueId: int | None
    """The queue."""
    agentId: int | None
    """The agent."""
    startedAt: datetime
    """When it began."""
    endedAt: datetime | None
    """When it ended; null while it has not."""


class CustomerRecording(msgspec.Struct, kw_only=True):
    callId: UUID
    """The call. Its sound is at `/calls/{callId}/recording`, while `state` is `stored`."""
    state: Annotated[str, one_of(RecordingState)]
    """Where the recording is."""
    startedAt: datetime | None
    """When it began."""
    seconds: float | None
    """Its length."""
    deletedAt: datetime | None
    """When its file was deleted; null: it was not."""


class ContactChangeEntry(msgspec.Struct, kw_only=True):
    at: datetime
    """When it was changed."""
    action: str
    """Act, as the audit names it."""
    subject: str
    """The contact."""
    detail: dict[str, Any] | None
    """More about it."""


class WebhookEvent(msgspec.Struct, kw_only=True):
    webhookId: int
    """The webhook to which it is sent."""
    deliveryId: int
    """The delivery."""
    event: str
    """The event, as `call.ended`."""
    occurredAt: datetime
    """When it happened."""
    state: str
    """State of the delivery: waiting, delivered or failed."""


CustomerExport: Any = msgspec.defstruct(
    "CustomerExport",
    [
        *_CUSTOMER,
        ("exportedAt", doc(datetime, "When this was read.")),
        ("calls", doc(list[CallView], "All calls with the number, newest first.")),
        ("segments", doc(list[CallPart], "The parts of these calls: with which agent, from when to when.")),
        ("recordings", doc(list[CustomerRecording], "The recordings of these calls, oldest first.")),
        ("callbacks", doc(list[CallbackView], "The callbacks to the number.")),
        ("webhookEvents", doc(list[WebhookEvent], "The events that name the number, and where they were sent.")),
        ("changes", doc(list[ContactChangeEntry], "What the audit has of its contacts.")),
    ],
    kw_only=True,
)

FOUND_SAMPLE: dict[str, Any] = CONTACT_SAMPLE | {
    "listId": 501,
    "campaignId": 1042,
    "campaignName": "Khao sat thang 4",
}
CUSTOMER_SAMPLE: dict[str, Any] = {
    "customerId": 55001,
    "phoneNumber": "0901234567",
    "contacts": [FOUND_SAMPLE],
    "doNotCall": [],
    "callCount": 3,
    "lastCallAt": "2026-03-10T02:00:00Z",
}
EXPORT_SAMPLE: dict[str, Any] = {
    "customerId": 55001,
    "phoneNumber": "0901234567",
    "contacts": [FOUND_SAMPLE],
    "doNotCall": [],
    "exportedAt": "2026-03-11T02:00:00Z",
    "calls": [],
    "segments": [],
    "recordings": [],
    "callbacks": [],
    "webhookEvents": [],
    "changes": [],
}


def found_rows(found: Sequence[Found], who: Principal) -> list[Any]:
    rows = rows_of([one.contact for one in found], who)
    return [
        FoundContact(
            **msgspec.structs.asdict(row),
            listId=one.list_id,
            campaignId=one.campaign_id,
            campaignName=one.campaign_name,
        )
        for row, one in zip(rows, found, strict=True)
    ]
