"""Calls."""

from datetime import datetime

from tongdai_client.models.base import Done, Result


class MissedCall(Result, frozen=True, kw_only=True):
    """A caller whom nobody answered."""

    call_id: str
    queue_id: int
    phone_number: str
    """Empty: withheld."""
    called_number: str
    outcome: str
    """abandoned, overflow, closed, failed or lost."""
    opened_at: datetime
    ended_at: datetime
    wait_sec: float | None
    state: str
    """open, claimed, served or closed."""
    agent_id: int | None
    """The agent who claimed it."""
    claimed_at: datetime | None
    claimed_until: datetime | None
    """When the claim lapses."""
    served_by: str | None
    """The later call, by the number or to it, that was connected."""
    closed_at: datetime | None


class Call(Result, frozen=True, kw_only=True):
    """A phone call."""

    call_id: str
    campaign_id: int
    contact_id: int
    phone_number: str
    state: str
    """claimed, dialing, ringing, answered or ended."""
    outcome: str | None
    """None until the call has ended."""
    agent_id: int | None
    opened_at: datetime
    dialled_at: datetime | None
    """None: it was never dialled."""
    ringing_at: datetime | None
    answered_at: datetime | None
    connected_at: datetime | None
    """When an agent or the audio file was connected."""
    ended_at: datetime | None
    ring_sec: float | None
    """Seconds from dialling to the answer or, without an answer, to the end."""
    talk_sec: float | None
    """Seconds from the connection to the end."""
    wait_sec: float | None
    """Seconds from the answer to the connection with an agent or the audio file or, without one, to the end."""
    hangup_cause: int | None
    """A Q.850 cause."""
    sip_status: int | None
    next_call_at: datetime | None
    """When the contact is due again because of this call's outcome."""
    machine_verdict: str | None
    """human, machine, unsure or unavailable; None: no detection was asked for."""
    machine_cause: str | None
    machine_detection_ms: int | None
    failure: str | None = None
    """sound_not_played: the person answered, and the switch could not play the campaign's sound."""
    wrap_up_code_id: int | None = None
    wrap_up_note: str | None = None


class Callback(Result, frozen=True, kw_only=True):
    """A customer who is to be called by an agent of a queue."""

    callback_id: str
    queue_id: int
    phone_number: str
    source: str
    """caller, wrap_up or api."""
    state: str
    """pending, calling, done, failed, expired, cancelled, replaced or forbidden."""
    arrived_at: datetime
    """The place: served as a caller who came then."""
    due_at: datetime
    expires_at: datetime
    agent_id: int | None
    """The agent for whom it is kept until `agent_until`."""
    agent_until: datetime | None
    tries: int
    from_call: str | None
    """The call in which it was asked for."""
    call_id: str | None
    """The last call to the number."""
    note: str | None
    created_at: datetime
    ended_at: datetime | None


class CreatedCallback(Done, frozen=True, kw_only=True):
    """A new callback."""

    callback_id: str
