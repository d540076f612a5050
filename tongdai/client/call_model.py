"""What calls about calls return: calls themselves, live figures, and why nobody is being called."""

from datetime import datetime

import msgspec

from tongdai.client.model import Result


class CallRecord(Result, frozen=True, kw_only=True):
    """An attempt to reach a contact."""

    call_id: str
    campaign_id: int
    contact_id: int
    phone_number: str
    state: str
    """claimed, dialing, ringing, answered or ended."""
    outcome: str | None
    """None until it has ended."""
    agent_id: int | None
    opened_at: datetime
    dialled_at: datetime | None
    """None: nobody was called."""
    ringing_at: datetime | None
    answered_at: datetime | None
    connected_at: datetime | None
    """When who answered heard an agent, or the audio file."""
    ended_at: datetime | None
    ring_sec: float | None
    """From dialling to the answer, or to the end without one."""
    talk_sec: float | None
    wait_sec: float | None
    """From the answer to the agent."""
    hangup_cause: int | None
    """Q.850."""
    sip_status: int | None
    next_call_at: datetime | None
    """When the contact is called again on account of it."""


class Blocker(Result, frozen=True, kw_only=True):
    """What keeps a campaign from calling."""

    code: str
    message: str


class Diagnostics(Result, frozen=True, kw_only=True):
    """Why the pending contacts of a campaign are not being called; the counts add up to `pending`."""

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
    over_number_ceiling: int
    next_open_at: datetime | None
    next_due_at: datetime | None
    blockers: list[Blocker]


class Why(Result, frozen=True, kw_only=True):
    """Why a contact is not being called."""

    campaign_id: int
    contact_id: int
    process_status: int
    call_status: str | None
    reason: str
    """The name of one of the counts of Diagnostics as the wire has it, or inCall, or processed."""
    message: str
    next_call_at: datetime | None
    """The earliest instant by what is known now; None: it is not going to be called."""
    blockers: list[Blocker]


class ContactCounts(Result, frozen=True, kw_only=True):
    pending: int
    in_call: int
    processed: int


class CallsUp(Result, frozen=True, kw_only=True):
    dialing: int
    ringing: int
    waiting: int
    """Answered, and no agent there yet."""
    talking: int


class AgentCounts(Result, frozen=True, kw_only=True):
    """Agents of a campaign's queue by state."""

    offline: int
    calling: int
    idle: int
    reserved: int
    talking: int
    wrap_up: int
    hanging_up: int


class Figures(Result, frozen=True, kw_only=True):
    """Of the calls that ended in a time."""

    calls: int
    answered: int
    answer_rate: float | None
    """Percent."""
    outcomes: dict[str, int]
    ring_sec: float | None
    talk_sec: float | None


class Pacing(Result, frozen=True, kw_only=True):
    mode: str
    max_concurrent_calls: int
    calls_per_second: int
    ring_timeout_sec: int
    abandonment_cap_percent: float
    """Percent of the live answers."""


class CampaignFigures(Result, frozen=True, kw_only=True):
    """A campaign as it is now."""

    campaign_id: int
    name: str = msgspec.field(name="campaignName")
    status: int
    contacts: ContactCounts
    calls: CallsUp
    agents: AgentCounts
    calls_per_minute: int
    this_hour: Figures
    today: Figures
    abandoned_rate_24h: float | None = msgspec.field(name="abandonedRate24h")
    """Percent of the live answers."""
    pacing: Pacing


class CampaignLive(CampaignFigures, frozen=True, kw_only=True):
    abandoned_rate_30d: float | None = msgspec.field(name="abandonedRate30d")
    switch_up: bool
    dialer_running: bool


class Switch(Result, frozen=True, kw_only=True):
    up: bool
    name: str | None


class Dialer(Result, frozen=True, kw_only=True):
    running: bool
    alive_at: datetime | None


class Live(Result, frozen=True, kw_only=True):
    """What happens now."""

    switch: Switch
    dialer: Dialer
    campaigns: list[CampaignFigures]
    """Those that are running or have calls up."""
    newest: list[CallRecord]
    """Calls that have ended, of those opened last."""
