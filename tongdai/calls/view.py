"""Calls in responses."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from tongdai.call_outcome import OUTCOMES, Outcome
from tongdai.calls.history import CallRecord
from tongdai.calls.model import CallState, Direction, Failure, Verdict
from tongdai.changes.view import ChangedPage
from tongdai.http.openapi.fields import one_of


class CallView(msgspec.Struct):
    callId: UUID
    """The call; also the id of its channel on the switch."""
    campaignId: int | None
    """The campaign that called; null: a call to a queue, or a callback."""
    contactId: int | None
    """The contact that was called; it may have been deleted since. Null where `campaignId` is."""
    phoneNumber: str
    """The number of the other side; empty: withheld."""
    state: Annotated[str, one_of(CallState)]
    """How far the call is; `claimed`: nothing was asked of the switch yet."""
    outcome: Annotated[str, one_of(OUTCOMES)] | None
    """How it ended; null while it has not."""
    agentId: int | None
    """The agent who talked, or for whom the call was placed; null: none."""
    openedAt: datetime
    """When the contact was taken to be called, or the call came."""
    dialledAt: datetime | None
    """When the switch was asked to call; null: it never was, or the call came in."""
    ringingAt: datetime | None
    """When the phone began to ring; null: that was not seen."""
    answeredAt: datetime | None
    """When it was answered; null: it was not."""
    connectedAt: datetime | None
    """When an agent or the audio file was connected; null: nobody was."""
    endedAt: datetime | None
    """When it ended; null while it has not."""
    ringSec: float | None
    """Seconds from dialling to the answer or, without one, to the end."""
    talkSec: float | None
    """Seconds from the connection to the end; null without one."""
    waitSec: float | None
    """Seconds from the answer to the connection or, without one, to the end; null without an answer."""
    hangupCause: int | None
    """Cause of the hang-up by Q.850, as the switch reports it."""
    sipStatus: int | None
    """SIP status of the last answer of the network, as the switch reports it."""
    nextCallAt: datetime | None
    """When the contact is called again because of this call; null: it is not."""
    machineVerdict: Annotated[str, one_of(Verdict)] | None
    """Verdict of the detection of answering machines; `unsure`: not in time; null: none was asked for."""
    machineCause: str | None
    """The switch's reason for the verdict; with `unavailable` what is missing."""
    machineDetectionMs: int | None
    """Milliseconds that the detection took."""
    failure: Annotated[str, one_of(Failure)] | None
    """A failure that is not the network's. `sound_not_played`: the person answered, and heard nothing."""
    wrapUpCodeId: int | None
    """The wrap-up code that says what the call was; null: none was set."""
    wrapUpNote: str | None
    """The note that came with the code."""
    direction: Annotated[str, one_of(Direction)]
    """The direction: from the other side (`inbound`), or to it (`outbound`)."""
    queueId: int | None
    """The queue that the call reached last; null: none."""
    calledNumber: str | None
    """The number that was called, in E.164; null: a call to a contact."""


class CallPage(ChangedPage, kw_only=True):
    data: list[CallView]
    """The calls, newest first; with `endedAfter` in the order of their ends, with `updatedSince` of their changes."""


SAMPLE: dict[str, Any] = {
    "callId": "5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11",
    "campaignId": 1042,
    "contactId": 88001,
    "phoneNumber": "0901234567",
    "state": "ended",
    "outcome": "answered",
    "agentId": 7,
    "openedAt": "2026-03-10T02:00:00Z",
    "dialledAt": "2026-03-10T02:00:00.020000Z",
    "ringingAt": "2026-03-10T02:00:01.500000Z",
    "answeredAt": "2026-03-10T02:00:09Z",
    "connectedAt": "2026-03-10T02:00:09.100000Z",
    "endedAt": "2026-03-10T02:01:14.500000Z",
    "ringSec": 8.98,
    "talkSec": 65.4,
    "waitSec": 0.1,
    "hangupCause": 16,
    "sipStatus": 200,
    "nextCallAt": None,
    "machineVerdict": "human",
    "machineCause": "HUMAN-600-600",
    "machineDetectionMs": 1262,
    "failure": None,
    "wrapUpCodeId": 3,
    "wrapUpNote": "Wants the blue one",
    "direction": "outbound",
    "queueId": None,
    "calledNumber": None,
}


def view(call: CallRecord, shown: Callable[[str], str]) -> CallView:
    """The view of a call. `shown` formats a number for the tenant's country."""
    # A lost call ended at an instant that nobody knows: endedAt is when that was found out.
    ended_at = None if call.outcome == Outcome.LOST else call.ended_at
    return CallView(
        call.call_id,
        call.campaign_id,
        call.contact_id,
        shown(call.phone),
        call.state,
        call.outcome,
        call.agent_id,
        call.opened_at,
        call.dialled_at,
        call.ringing_at,
        call.answered_at,
        call.connected_at,
        call.ended_at,
        _seconds(call.dialled_at, call.answered_at or ended_at),
        _seconds(call.connected_at, ended_at),
        _seconds(call.answered_at, call.connected_at or ended_at),
        call.hangup_cause,
        call.sip_status,
        call.due_again_at,
        call.amd_verdict,
        call.amd_cause,
        call.amd_ms,
        call.failure,
        call.wrap_up_code_id,
        call.wrap_up_note,
        call.direction,
        call.queue_id,
        call.called,
    )


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    """Seconds between two instants, to the millisecond; never below 0, as clocks of two machines differ."""
    if start is None or end is None:
        return None
    return max(0.0, round((end - start).total_seconds(), 3))
