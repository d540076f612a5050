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
    campaign_id: int | None
    """None, as the contact: a call to a queue, or a callback."""
    contact_id: int | None
    phone_number: str
    """The number of the other side; empty: withheld."""
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
    direction: str = "outbound"
    """inbound or outbound."""
    queue_id: int | None = None
    """The queue that the call reached last."""
    called_number: str | None = None
    """The number that was called, in E.164; None: a call to a contact."""


class CallSegment(Result, frozen=True, kw_only=True):
    """A part of a call: who had it when."""

    kind: str
    """menu, wait, talk, hold, consult, conference or wrap_up."""
    queue_id: int | None
    agent_id: int | None
    """None: nobody yet, or the audio file, or a number that was called."""
    started_at: datetime
    ended_at: datetime | None
    """None: it lasts."""


class CallOffer(Result, frozen=True, kw_only=True):
    """A caller was offered to an agent."""

    queue_id: int
    agent_id: int
    offered_at: datetime
    ended_at: datetime | None
    outcome: str | None
    """answered, no_answer, rejected, caller_gone, answered_elsewhere, unreachable or withdrawn; None: it lasts."""


class CallEvent(Result, frozen=True, kw_only=True):
    """A key in a menu, or an act of a supervisor."""

    kind: str
    """menu, key, otherwise, listen, whisper, barge, leave, take_over, phone_answered, phone_left, transfer or
    hang_up."""
    at: datetime
    menu_id: int | None
    """The menu that the caller heard."""
    menu_name: str | None
    """None: the menu was deleted."""
    key: str | None
    """The key that was pressed."""
    to_kind: str | None
    """Where it led: queue, agent, number, menu, callback, message or hang_up; None: nowhere."""
    to: str | None
    """The id of the queue, agent or menu, the number, or the sound."""
    endpoint: str | None
    """The phone of the supervisor."""
    user_id: int | None
    """The user who asked for it."""
    user_name: str | None
    key_id: int | None
    """The API key by which it was asked for."""


class CallParty(Result, frozen=True, kw_only=True):
    """Somebody else in a live call."""

    kind: str
    """agent, number or phone."""
    agent_id: int | None
    target: str
    """The number, or the endpoint of the phone."""
    state: str
    """called, consulting (with the agent) or talking (with the customer)."""
    called_at: datetime


class LegalHold(Result, frozen=True, kw_only=True):
    since: datetime
    reason: str


class CallRecording(Result, frozen=True, kw_only=True):
    """The recording of a call."""

    state: str
    """wanted, recording, spooled (the switch has it), stored (it can be played), failed, deleting or deleted."""
    started_at: datetime | None
    """None: the switch did not record."""
    seconds: float | None
    size: int | None
    """Bytes."""
    format: str | None
    """mp3 or wav."""
    failure: str | None
    """call_ended, no_sound, refused, disk_full, unreadable, erased, not_announced or declined."""
    deleted_at: datetime | None
    deletion: str | None
    """expired, requested or erased."""
    announced_ms: int | None
    """Milliseconds of the announcement that was played to the customer before; None: none was."""
    legal_hold: LegalHold | None


class RecordingLink(Result, frozen=True, kw_only=True):
    """A link by which anybody plays a recording."""

    url: str
    """Below `public_url` of the server, or a path on it where that is not set."""
    expires_at: datetime


class CallDetail(Call, frozen=True, kw_only=True):
    """A phone call with its segments, offers and events."""

    segments: list[CallSegment]
    """Oldest first; the last 1,000."""
    offers: list[CallOffer]
    """The agents to whom the caller was offered, oldest first; the last 1,000."""
    events: list[CallEvent]
    """Menus with their keys, and acts of supervisors, oldest first; the last 1,000."""
    held_until: datetime | None
    """When the present hold ends by itself; None: the customer is not on hold."""
    muted: bool
    """Whether the customer does not hear the agent."""
    parties: list[CallParty]
    """The others in the live call, or called for it."""
    recording: CallRecording | None = None
    """None: none was wanted."""


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
    reason: str | None = None
    """Why a pending one is not called now, in lists; None also of a server that is older."""
    message: str | None = None
    """The same in English."""
    until: datetime | None = None
    """When the reason ends by itself, if that is known."""


class CreatedCallback(Done, frozen=True, kw_only=True):
    """A new callback."""

    callback_id: str
