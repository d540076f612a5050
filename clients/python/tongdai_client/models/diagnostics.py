"""Why contacts are not being called."""

from datetime import datetime

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
