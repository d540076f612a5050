"""Callbacks as requests and responses write them."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from tongdai import ids
from tongdai.callbacks.model import MAX_NOTE, MOST_PATIENCE_S, PATIENCE_S, Callback, CallbackState, Source
from tongdai.callbacks.requests.store import Wanted
from tongdai.callbacks.why.model import PendingReason, PendingWhy
from tongdai.contacts.numbers import phone
from tongdai.errors import InvalidInput, shown
from tongdai.http import body
from tongdai.http.cursor import Listed
from tongdai.http.endpoint import ID, PLAIN_TEXT
from tongdai.http.openapi.fields import one_of
from tongdai.ids import AgentId, QueueId

Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class CallbackView(msgspec.Struct, kw_only=True):
    callbackId: UUID
    """The callback."""
    queueId: int
    """The queue whose agents call."""
    phoneNumber: str
    """The number to call."""
    source: Annotated[str, one_of(Source)]
    """The side that asked for it: the `caller`, by a key; an agent, by a `wrap_up` code; or the `api`."""
    state: Annotated[str, one_of(CallbackState)]
    """State: `pending`; `calling`, from the dialling to the end of the call; `done`, the customer talked to an agent;
    `failed`, nobody was reached at three tries; `expired`; `cancelled`; `replaced`, the customer rang again;
    `forbidden`, the number is on a do-not-call list."""
    arrivedAt: datetime
    """The place: served as a caller who came then."""
    dueAt: datetime
    """Not called before."""
    expiresAt: datetime
    """Not called from then on."""
    agentId: int | None
    """The agent for whom it is kept; null: any of the queue."""
    agentUntil: datetime | None
    """Until when; any of the queue from then on."""
    tries: int
    """How often the number was called."""
    fromCall: UUID | None
    """The call in which it was asked for."""
    callId: UUID | None
    """The last call to the number; null: there was none."""
    note: str | None
    """A note for people."""
    createdAt: datetime
    """When it was asked for."""
    endedAt: datetime | None
    """When it was over; null: it is not."""


class ListedCallback(CallbackView, kw_only=True):
    reason: Annotated[str, one_of(PendingReason)] | None
    """Why it is not called now; null: it is not pending, or about to be called."""
    message: str | None
    """The same in English; null: it is not pending."""
    until: datetime | None
    """When the reason ends by itself; null: it does not, or that is not known."""


class CallbackPage(Listed, kw_only=True):
    data: list[ListedCallback]
    """The callbacks, those that are due last first."""


class NewCallback(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    queueId: int
    """The queue whose agents call."""
    phoneNumber: str
    """The number to call."""
    dueAt: Instant | None = None
    """When to call; null: as soon as an agent is idle."""
    agentId: int | None = None
    """The agent for whom it is kept; null: any of the queue."""
    patienceSec: int = PATIENCE_S
    """How long it is kept for the agent."""
    note: str | None = None
    """A note for people."""


class CallbackChange(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    dueAt: Instant | UnsetType = UNSET
    """When to call; the place in the order is the one at that time."""
    agentId: int | UnsetType | None = UNSET
    """The agent for whom it is kept; null: any of the queue."""
    patienceSec: int | UnsetType = UNSET
    """How long it is kept for the agent; with `agentId` only."""


class CallbackCreated(msgspec.Struct, kw_only=True):
    success: Annotated[str, one_of(["1"])] = "1"
    """Always `"1"`."""
    error_message: str
    """The result in words."""
    callbackId: UUID
    """The new callback."""


_PATIENCE = {"minimum": 1, "maximum": MOST_PATIENCE_S}
NEW_SCHEMA: Mapping[str, Any] = {
    "queueId": dict(ID), "agentId": dict(ID), "patienceSec": _PATIENCE, "note": {"maxLength": MAX_NOTE, **PLAIN_TEXT},
    "phoneNumber": {"maxLength": phone.MAX_TEXT, "examples": ["0901234567"]},
}  # fmt: skip
CHANGE_SCHEMA: Mapping[str, Any] = {"": {"minProperties": 1}, "agentId": dict(ID), "patienceSec": _PATIENCE}
SAMPLE: dict[str, Any] = {
    "callbackId": "7c1d0f9e-3b58-4a3b-9d55-0f4b0a3d9c22",
    "queueId": 1001226,
    "phoneNumber": "0901234567",
    "source": "caller",
    "state": "pending",
    "arrivedAt": "2026-03-10T02:00:00Z",
    "dueAt": "2026-03-10T02:00:00Z",
    "expiresAt": "2026-03-10T06:00:00Z",
    "agentId": None,
    "agentUntil": None,
    "tries": 0,
    "fromCall": "5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11",
    "callId": None,
    "note": None,
    "createdAt": "2026-03-10T02:01:30Z",
    "endedAt": None,
}
LISTED_SAMPLE = SAMPLE | {
    "reason": "callers_first",
    "message": "The agents who are free get those who came earlier.",
    "until": None,
}


def _fields(callback: Callback, written: Callable[[str], str]) -> dict[str, Any]:
    return {
        "callbackId": callback.callback_id,
        "queueId": callback.queue_id,
        "phoneNumber": written(callback.phone),
        "source": callback.source,
        "state": callback.state,
        "arrivedAt": callback.arrived_at,
        "dueAt": callback.due_at,
        "expiresAt": callback.expires_at,
        "agentId": callback.agent_id,
        "agentUntil": callback.agent_until,
        "tries": callback.tries,
        "fromCall": callback.from_call,
        "callId": callback.call_id,
        "note": callback.note,
        "createdAt": callback.created_at,
        "endedAt": callback.ended_at,
    }


def view(callback: Callback, written: Callable[[str], str]) -> CallbackView:
    return CallbackView(**_fields(callback, written))


def listed(callback: Callback, why: PendingWhy | None, written: Callable[[str], str]) -> ListedCallback:
    reason, message, until = (None, None, None) if why is None else (why.reason, why.message, why.until)
    return ListedCallback(**_fields(callback, written), reason=reason, message=message, until=until)


def wanted(sent: NewCallback, country: str) -> Wanted:
    """A callback that is asked for, checked; InvalidInput names the field."""
    number = phone.normalise(sent.phoneNumber, country)
    if isinstance(number, phone.NumberFault):
        raise InvalidInput(f"phoneNumber: {shown(sent.phoneNumber)} {number.message}")
    return Wanted(
        queue_id=QueueId(ids.from_body("queueId", sent.queueId)),
        phone=number,
        source=Source.API,
        due_at=None if sent.dueAt is None else utc("dueAt", sent.dueAt),
        agent_id=None if sent.agentId is None else AgentId(ids.from_body("agentId", sent.agentId)),
        patience_s=patience("patienceSec", sent.patienceSec),
        note=None if not sent.note else body.text_field("note", sent.note, MAX_NOTE),
    )


def agent_of(sent: CallbackChange) -> tuple[AgentId | None, int] | UnsetType:
    """The agent of a change, and for how long; UNSET: it stays."""
    if sent.agentId is UNSET:
        if sent.patienceSec is not UNSET:
            raise InvalidInput("patienceSec is for agentId, which is missing")
        return UNSET
    agent_id = None if sent.agentId is None else AgentId(ids.from_body("agentId", sent.agentId))
    return agent_id, patience("patienceSec", PATIENCE_S if sent.patienceSec is UNSET else sent.patienceSec)


def patience(name: str, seconds: int) -> int:
    if not 1 <= seconds <= MOST_PATIENCE_S:
        raise InvalidInput(f"{name} must be 1 to {MOST_PATIENCE_S}, not {shown(seconds)}")
    return seconds


LATEST = datetime(9000, 1, 1, tzinfo=UTC)


def utc(name: str, at: datetime) -> datetime:
    """An instant before LATEST, in UTC: a term is added to it."""
    try:
        found = at.astimezone(UTC)
    except OverflowError:
        found = LATEST
    if found >= LATEST:
        raise InvalidInput(f"{name} must be an instant such as 2026-03-10T02:00:00Z, not {shown(str(at))}")
    return found
