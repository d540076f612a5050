"""Calls, and acts on those that are live.

An act waits until the process that leads the call's switch has done it, 5 seconds at most. InvalidState when the state
of the call does not allow it; Unavailable when the switch did not answer.
"""

import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from tongdai_client.download import download
from tongdai_client.models.base import Done
from tongdai_client.models.calls import Call, Callback, CallDetail, CreatedCallback, MissedCall, RecordingLink
from tongdai_client.operation import (
    PAGE_SIZE,
    Operation,
    PagedOperation,
    Query,
    following,
    operation,
    paged_operation,
    since_instant,
    without_none,
)
from tongdai_client.session import Session

_RECORDING = "/calls/{callId}/recording"


def calls(
    *,
    campaign_id: int | None = None,
    contact_id: int | None = None,
    external_id: str | None = None,
    phone_number: str | None = None,
    outcome: str | None = None,
    state: str | None = None,
    agent_id: int | None = None,
    opened_from: datetime | None = None,
    opened_before: datetime | None = None,
    ended_after: datetime | None = None,
    direction: str | None = None,
    queue_id: int | None = None,
    page_size: int = PAGE_SIZE,
) -> PagedOperation[Call]:
    """List the calls that match every given filter, newest first. Datetimes must have a time zone.

    Without `direction` (inbound, outbound or all) and `queue_id` these are calls to contacts.

    With `ended_after` the calls that have ended since come in the order of their ends, to follow them: iterate, and
    later again from the last `ended_at` on. None is missed. These have no numbered pages and no total.
    """
    filters: Query = {
        "campaignId": campaign_id,
        "contactId": contact_id,
        "externalId": external_id,
        "phoneNumber": phone_number,
        "outcome": outcome,
        "state": state,
        "agentId": agent_id,
        "from": None if opened_from is None else opened_from.isoformat(),
        "to": None if opened_before is None else opened_before.isoformat(),
        "endedAfter": None if ended_after is None else ended_after.isoformat(),
        "direction": direction,
        "queueId": queue_id,
    }
    return paged_operation("/calls", (), Call, page_size, filters)


def changed_calls(
    since: datetime | None = None, *, cursor: str | None = None, page_size: int = PAGE_SIZE
) -> PagedOperation[Call]:
    """Read the calls of both directions that have ended or changed since an instant; without one, all that have ended.

    Read them by `pages()`, as `changed_contacts`.
    """
    return following(paged_operation("/calls", (), Call, page_size, since_instant(since)), Call, cursor)


def calls_as_csv(matching: PagedOperation[Call]) -> Operation[None]:
    """Get all the matching calls as CSV."""
    filters = {name: value for name, value in matching.first.query.items() if name not in {"page", "size", "cursor"}}
    return replace(operation("GET", "/calls", (), None, filters), accept="text/csv")


async def save_calls_csv(
    session: Session,
    file: str | os.PathLike[str],
    *,
    campaign_id: int | None = None,
    contact_id: int | None = None,
    external_id: str | None = None,
    phone_number: str | None = None,
    outcome: str | None = None,
    state: str | None = None,
    agent_id: int | None = None,
    opened_from: datetime | None = None,
    opened_before: datetime | None = None,
    ended_after: datetime | None = None,
    direction: str | None = None,
    queue_id: int | None = None,
) -> Path:
    """Save the calls that match every given filter as a CSV file, in the order of `calls`; returns its path.

    The response is streamed to the disk and replaces the file only when it is complete.
    """
    matching = calls(
        campaign_id=campaign_id,
        contact_id=contact_id,
        external_id=external_id,
        phone_number=phone_number,
        outcome=outcome,
        state=state,
        agent_id=agent_id,
        opened_from=opened_from,
        opened_before=opened_before,
        ended_after=ended_after,
        direction=direction,
        queue_id=queue_id,
    )
    return await download(session, calls_as_csv(matching), file)


def call(call_id: str | UUID) -> Operation[CallDetail]:
    """Get a call, of either direction, with its segments and offers."""
    return operation("GET", "/calls/{callId}", (call_id,), CallDetail)


def call_recording(call_id: str | UUID) -> Operation[None]:
    """Get the recording of a call, as a file."""
    return replace(operation("GET", _RECORDING, (call_id,), type(None)), accept="audio/mpeg, audio/wav")


async def save_recording(session: Session, call_id: str | UUID, file: str | os.PathLike[str]) -> Path:
    """Save the recording of a call, an MP3 or WAV file: the customer left, the others right; returns its path."""
    return await download(session, call_recording(call_id), file)


def recording_link(call_id: str | UUID, *, seconds: int | None = None) -> Operation[RecordingLink]:
    """Make a link by which anybody plays the recording of a call, for ten minutes at most."""
    body = without_none(seconds=seconds)
    return operation("POST", f"{_RECORDING}/link", (call_id,), RecordingLink, body=body)


def delete_recording(call_id: str | UUID) -> Operation[Done]:
    """Delete the recording of a call."""
    return operation("DELETE", _RECORDING, (call_id,), Done)


def hold_recording(call_id: str | UUID, reason: str) -> Operation[Done]:
    """Keep the recording of a call from being deleted, by a legal hold."""
    return operation("PUT", f"{_RECORDING}/legal-hold", (call_id,), Done, body={"reason": reason})


def release_recording(call_id: str | UUID) -> Operation[Done]:
    """End the legal hold of a recording."""
    return operation("DELETE", f"{_RECORDING}/legal-hold", (call_id,), Done)


def attempts(campaign_id: int, contact_id: int, *, page_size: int = PAGE_SIZE) -> PagedOperation[Call]:
    """List the calls to a contact, newest first."""
    template = "/campaigns/{id}/contacts/{contactId}/attempts"
    return paged_operation(template, (campaign_id, contact_id), Call, page_size, {})


def hold_call(
    call_id: str | UUID, *, max_sec: int | None = None, idempotency_key: str | None = None
) -> Operation[Done]:
    """Put the customer on hold: they hear music until the call resumes, after `max_sec` (300) by itself."""
    body = without_none(maxSec=max_sec)
    return operation("POST", "/calls/{callId}/hold", (call_id,), Done, body=body, idempotency_key=idempotency_key)


def transfer_call(
    call_id: str | UUID,
    *,
    queue_id: int | None = None,
    agent_id: int | None = None,
    number: str | None = None,
    idempotency_key: str | None = None,
) -> Operation[Done]:
    """Transfer the customer to a queue, an agent or a number; exactly one of them is given."""
    body = without_none(queueId=queue_id, agentId=agent_id, number=number)
    return operation("POST", "/calls/{callId}/transfer", (call_id,), Done, body=body, idempotency_key=idempotency_key)


def resume_call(call_id: str | UUID, *, idempotency_key: str | None = None) -> Operation[Done]:
    """End a hold: customer and agent hear each other again."""
    return operation("POST", "/calls/{callId}/resume", (call_id,), Done, idempotency_key=idempotency_key)


def mute_call(call_id: str | UUID, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Mute the agent: the customer does not hear them."""
    return operation("POST", "/calls/{callId}/mute", (call_id,), Done, idempotency_key=idempotency_key)


def unmute_call(call_id: str | UUID, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Unmute the agent."""
    return operation("POST", "/calls/{callId}/unmute", (call_id,), Done, idempotency_key=idempotency_key)


def send_dtmf(call_id: str | UUID, digits: str, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Press keys for the customer's side to hear: up to 32 of 0-9, A-D, `*`, `#`, and `w` for a pause."""
    body = without_none(digits=digits)
    return operation("POST", "/calls/{callId}/dtmf", (call_id,), Done, body=body, idempotency_key=idempotency_key)


def listen_to_call(call_id: str | UUID, endpoint: str, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Call a supervisor's phone, which then hears the call and is not heard."""
    return _supervise(call_id, "listen", endpoint, idempotency_key)


def whisper_in_call(call_id: str | UUID, endpoint: str, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Let a supervisor's phone hear the call and speak to the agent alone."""
    return _supervise(call_id, "whisper", endpoint, idempotency_key)


def barge_into_call(call_id: str | UUID, endpoint: str, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Let a supervisor's phone join the call: all three hear each other."""
    return _supervise(call_id, "barge", endpoint, idempotency_key)


def leave_call(call_id: str | UUID, endpoint: str, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Hang up a supervisor's phone; the call continues."""
    return _supervise(call_id, "leave", endpoint, idempotency_key)


def take_over_call(call_id: str | UUID, endpoint: str, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Let a supervisor's phone talk with the customer; the agent leaves, to their wrap-up."""
    return _supervise(call_id, "take-over", endpoint, idempotency_key)


def consult(
    call_id: str | UUID,
    *,
    agent_id: int | None = None,
    number: str | None = None,
    endpoint: str | None = None,
    idempotency_key: str | None = None,
) -> Operation[Done]:
    """Consult an agent, a number or a phone (one of them) while the customer is on hold."""
    body = without_none(agentId=agent_id, number=number, endpoint=endpoint)
    return operation("POST", "/calls/{callId}/consult", (call_id,), Done, body=body, idempotency_key=idempotency_key)


def complete_consult(call_id: str | UUID, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Transfer the customer to the consulted party; the agent leaves."""
    return operation("POST", "/calls/{callId}/consult/complete", (call_id,), Done, idempotency_key=idempotency_key)


def cancel_consult(call_id: str | UUID, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Hang up the consulted party; customer and agent hear each other again."""
    return operation("POST", "/calls/{callId}/consult/cancel", (call_id,), Done, idempotency_key=idempotency_key)


def join_conference(call_id: str | UUID, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Let the customer join agent and consulted party: all three hear each other."""
    return operation("POST", "/calls/{callId}/conference", (call_id,), Done, idempotency_key=idempotency_key)


def _supervise(call_id: str | UUID, act: str, endpoint: str, idempotency_key: str | None) -> Operation[Done]:
    body = without_none(endpoint=endpoint)
    path = f"/calls/{{callId}}/{act}"
    return operation("POST", path, (call_id,), Done, body=body, idempotency_key=idempotency_key)


def hang_up_call(call_id: str | UUID, *, idempotency_key: str | None = None) -> Operation[Done]:
    """End an answered call."""
    return operation("POST", "/calls/{callId}/hang-up", (call_id,), Done, idempotency_key=idempotency_key)


def missed_calls(
    *,
    queue_id: int | None = None,
    state: str | None = None,
    since: datetime | None = None,
    before: datetime | None = None,
    page_size: int = PAGE_SIZE,
) -> PagedOperation[MissedCall]:
    """List the calls to queues that nobody answered, newest first, optionally in state open, claimed, served or
    closed. Datetimes must have a time zone."""
    filters: Query = {
        "queueId": queue_id,
        "state": state,
        "from": None if since is None else since.isoformat(),
        "to": None if before is None else before.isoformat(),
    }
    return paged_operation("/missed-calls", (), MissedCall, page_size, filters)


def claim_missed_call(call_id: str | UUID, agent_id: int, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Claim a missed call for an agent, who will call back."""
    body = {"agentId": agent_id}
    return operation("POST", "/missed-calls/{callId}/claim", (call_id,), Done, {}, body, idempotency_key)


def release_missed_call(call_id: str | UUID, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Give a claimed missed call back: it is open again."""
    template = "/missed-calls/{callId}/release"
    return operation("POST", template, (call_id,), Done, idempotency_key=idempotency_key)


def close_missed_call(call_id: str | UUID, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Close a missed call: nothing is to be done any more."""
    template = "/missed-calls/{callId}/close"
    return operation("POST", template, (call_id,), Done, idempotency_key=idempotency_key)


def callbacks(
    *,
    queue_id: int | None = None,
    state: str | None = None,
    agent_id: int | None = None,
    due_from: datetime | None = None,
    due_before: datetime | None = None,
    page_size: int = PAGE_SIZE,
) -> PagedOperation[Callback]:
    """List the callbacks, those that are due last first. Datetimes must have a time zone."""
    filters: Query = {
        "queueId": queue_id,
        "state": state,
        "agentId": agent_id,
        "from": None if due_from is None else due_from.isoformat(),
        "to": None if due_before is None else due_before.isoformat(),
    }
    return paged_operation("/callbacks", (), Callback, page_size, filters)


def create_callback(
    queue_id: int,
    phone_number: str,
    *,
    due_at: datetime | None = None,
    agent_id: int | None = None,
    patience_sec: int | None = None,
    note: str | None = None,
    idempotency_key: str | None = None,
) -> Operation[CreatedCallback]:
    """Have a number called by an agent of a queue: by `agent_id` for so many seconds, then by any. Without `due_at`, as
    soon as an agent is idle; it must have a time zone."""
    body = without_none(
        queueId=queue_id, phoneNumber=phone_number, dueAt=due_at, agentId=agent_id, patienceSec=patience_sec, note=note
    )
    return operation("POST", "/callbacks", (), CreatedCallback, {}, body, idempotency_key)


def change_callback(
    callback_id: str | UUID,
    *,
    due_at: datetime | None = None,
    agent_id: int | None = None,
    patience_sec: int | None = None,
) -> Operation[Done]:
    """Change the time of a pending callback, or the agent for whom it is kept."""
    body = without_none(dueAt=due_at, agentId=agent_id, patienceSec=patience_sec)
    return operation("PATCH", "/callbacks/{callbackId}", (callback_id,), Done, body=body)


def cancel_callback(callback_id: str | UUID) -> Operation[Done]:
    """Cancel a pending callback."""
    return operation("DELETE", "/callbacks/{callbackId}", (callback_id,), Done)
