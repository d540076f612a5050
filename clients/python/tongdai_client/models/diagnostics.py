"""Why contacts are not being called, and why callers wait."""

from datetime import datetime
from uuid import UUID

import msgspec

from tongdai_client.models.base import Result


class Blocker(Result, frozen=True, kw_only=True):
    """A condition that stops the whole campaign from calling."""

    code: str
    message: str


class Sound(Result, frozen=True, kw_only=True):
    """The sound that a campaign plays."""

    setting: str
    """audioFile or abandonFile."""
    name: str
    state: str
    """present, missing or unchecked."""


class CampaignDiagnostics(Result, frozen=True, kw_only=True):
    """Why the pending contacts of a campaign are not being called. The counts add up to `pending`."""

    campaign_id: int
    status: int
    at: datetime
    pending: int
    callable_now: int
    waiting_for_window: int
    waiting_for_retry: int
    zone_unknown: int
    do_not_call: int
    number_in_call: int
    over_number_cap: int = msgspec.field(name="overNumberCeiling")
    next_open_at: datetime | None
    next_due_at: datetime | None
    sound: Sound | None = None
    """None: it plays none, or the server is too old to tell."""
    blockers: list[Blocker]


class ContactDiagnostics(Result, frozen=True, kw_only=True):
    """Why a contact is not being called."""

    campaign_id: int
    contact_id: int
    process_status: int
    call_status: str | None
    reason: str
    """One of the counts of CampaignDiagnostics by its name on the wire, or inCall, or processed."""
    message: str
    next_call_at: datetime | None
    """The earliest time by present knowledge; None: the contact will not be called."""
    blockers: list[Blocker]


class CallerDiagnostics(Result, frozen=True, kw_only=True):
    """Why a caller has no agent."""

    call_id: UUID
    phone_number: str
    """Empty if it is withheld."""
    position: int | None
    """From 1; None: the caller hears the menu or a message, and is not in the queue."""
    arrived_at: datetime
    served_from: datetime | None
    """The order over all queues: the arrival, earlier by the head start of a VIP queue."""
    wait_sec: int
    offers: int
    reason: str | None
    """None: they are about to be offered to an agent."""
    message: str
    agent_id: int | None
    """The agent to whom the caller is being offered, or whom they wait for."""
    until: datetime | None
    """When the reason ends by itself."""


class AgentDiagnostics(Result, frozen=True, kw_only=True):
    """Why an agent is offered no caller of a queue."""

    agent_id: int
    name: str = msgspec.field(name="agentName")
    state: str
    state_since: datetime
    reason: str | None
    """None: they are about to be offered a caller, or would be offered the next one."""
    message: str
    pause_reason: str | None
    call_id: UUID | None
    until: datetime | None
    """When the reason ends by itself."""


class QueueDiagnostics(Result, frozen=True, kw_only=True):
    """Why the callers of an inbound queue wait."""

    queue_id: int = msgspec.field(name="callinId")
    name: str = msgspec.field(name="callinName")
    at: datetime
    message: str | None
    """Why the queue takes no new callers; None: it does."""
    callers: list[CallerDiagnostics]
    """In their order; then those who hear the menu or a message."""
    agents: list[AgentDiagnostics]
