"""Campaigns and their call settings."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import IntEnum

import msgspec
from msgspec import UNSET, UnsetType

from tongdai_client.models.base import Done, Result


class CampaignStatus(IntEnum):
    INPROCESS = 1
    RUNNING = 2
    PAUSED = 3
    STOPPED = 4


class CallingWindow(msgspec.Struct, frozen=True):
    """Days ("mon" to "sun") and hours ("08:00" to at most "24:00") in the contact's local time."""

    days: Sequence[str]
    from_: str = msgspec.field(name="from")
    to: str


class RetryRule(msgspec.Struct, frozen=True, rename="camel"):
    """After this outcome the contact is called again, up to `times` times, `after_min` minutes later."""

    after_min: int
    times: int


class FrequencyCap(msgspec.Struct, frozen=True, rename="camel"):
    """At most `calls` calls in any period of `period_hours`; None: in total."""

    calls: int
    period_hours: int | None = None


class CallSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a campaign calls. Fields that are set are sent; None clears a field.

    By default a new campaign is agentless and calls within its tenant's calling hours.
    """

    purpose: str | UnsetType = UNSET
    """advertising, collection, service or survey."""
    dialing_mode: str | UnsetType = UNSET
    """agentless, preview, progressive or predictive; all but agentless need a queue."""
    queue_id: int | UnsetType | None = UNSET
    """The queue whose agents take the calls."""
    caller_id: str | UnsetType | None = UNSET
    trunk: str | UnsetType | None = UNSET
    audio_file: str | UnsetType | None = UNSET
    """Played by agentless calls."""
    abandon_file: str | UnsetType | None = UNSET
    """Played to a contact when no agent is available in time."""
    ring_timeout_sec: int | UnsetType = UNSET
    max_concurrent_calls: int | UnsetType = UNSET
    calls_per_second: int | UnsetType = UNSET
    preset: str | UnsetType = UNSET
    """tenant_hours, none (any hour), us_telemarketing or vn_advertising."""
    calling_windows: Sequence[CallingWindow] | UnsetType | None = UNSET
    """Intersected with the windows of a law, in place of the tenant's calling hours; None: the preset's alone."""
    retry_rules: Mapping[str, RetryRule] | UnsetType | None = UNSET
    """The retry rules by outcome; None: the default rules."""
    contact_cap: FrequencyCap | UnsetType | None = msgspec.field(name="contactCeiling", default=UNSET)
    """The frequency cap of each contact of the campaign."""
    number_cap: FrequencyCap | UnsetType | None = msgspec.field(name="numberCeiling", default=UNSET)
    """The frequency cap of each number over all campaigns; needs a period."""
    abandonment_cap_percent: float | UnsetType = UNSET
    machine_detection: str | UnsetType = UNSET
    """off or hang_up."""
    recording: str | UnsetType = UNSET
    recording_announcement: str | UnsetType | None = UNSET
    """Whether connected calls are recorded: all or off."""
    priority: int | UnsetType = UNSET

    def body(self) -> dict[str, object]:
        """The fields that are set, by their names on the wire."""
        values = {field.encode_name: getattr(self, field.name) for field in msgspec.structs.fields(self)}
        return {name: value for name, value in values.items() if value is not UNSET}


class Campaign(Result, frozen=True, kw_only=True):
    campaign_id: int
    name: str = msgspec.field(name="campaignName")
    type: str
    status: int
    """A `CampaignStatus`."""
    pause_reason: str | None = None
    """Why it paused itself: sound_not_played; None: it did not."""
    user_name: str | None
    """The person in charge."""
    created_at: datetime
    archived_at: datetime | None = None
    """Since when it is archived."""
    contact_count: int
    pending_count: int
    in_call_count: int
    processed_count: int


class CampaignDetail(Campaign, frozen=True, kw_only=True):
    process_status: dict[str, int]
    """Number of contacts by `ProcessStatus` digit."""
    call_status: dict[str, int]
    """Number of contacts by the outcome of their last call."""
    purpose: str
    dialing_mode: str
    queue_id: int | None
    caller_id: str | None
    trunk: str | None
    audio_file: str | None
    abandon_file: str | None
    ring_timeout_sec: int
    max_concurrent_calls: int
    calls_per_second: int
    preset: str
    calling_windows: list[CallingWindow] | None
    retry_rules: dict[str, RetryRule] | None
    contact_cap: FrequencyCap | None = msgspec.field(name="contactCeiling")
    number_cap: FrequencyCap | None = msgspec.field(name="numberCeiling")
    abandonment_cap_percent: float
    machine_detection: str
    recording: str
    recording_announcement: str | None
    """Whether connected calls are recorded: all or off."""
    priority: int
    effective_windows: list[CallingWindow]
    """The windows in force, in the contact's local time."""
    effective_retry_rules: dict[str, RetryRule]
    """The campaign's own rules, or else the defaults."""
    effective_number_caps: list[FrequencyCap] = msgspec.field(name="effectiveNumberCeilings")
    """The campaign's own cap and the preset's caps."""


class CampaignCreated(Done, frozen=True, kw_only=True):
    campaign_id: int
    effective_windows: list[CallingWindow]
    """The windows in force, in the contact's local time."""
    missing_sounds: list[str] = msgspec.field(default_factory=list[str])
    """The settings that name a sound which the switch does not have: the campaign cannot start until it has them."""


class CampaignChanged(Done, frozen=True, kw_only=True):
    effective_windows: list[CallingWindow]
    """The windows in force, in the contact's local time."""
