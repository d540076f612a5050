"""Inbound queues."""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, UnsetType

from tongdai_client.models.base import Done, Result
from tongdai_client.models.inbound.opening_hours import CallerDestination


class Queue(Result, frozen=True, kw_only=True):
    queue_id: int = msgspec.field(name="callinId")
    name: str = msgspec.field(name="callinName")
    strategy: int
    """1 normal, 2 VIP, 3 blacklist, 4 divert, 99 temporarily locked."""
    moh_file_id: str | None = msgspec.field(name="musicinQueue")
    """The file played as music on hold."""
    max_wait_sec: int | None = msgspec.field(name="timeWait")
    """The maximum wait in seconds; 0: no limit."""
    agent_selector: str | None
    announce_position: bool | None = msgspec.field(name="nguongRanhRoi")
    number: str | None = msgspec.field(name="callinNumber")


class QueueCreated(Done, frozen=True, kw_only=True):
    queue_id: int = msgspec.field(name="callinId")


class SkillNeeded(msgspec.Struct, frozen=True):
    """A skill that agents need, at least at a level of 1 to 10."""

    skill: str
    level: int = 1


class QueueSettings(Result, frozen=True, kw_only=True):
    """Settings of a queue beyond those of its own record."""

    max_length: int | None
    """The most callers that wait; None: no limit."""
    when_full: CallerDestination | None
    """Where callers go who arrive when so many wait; None: the call ends."""
    join_empty: bool
    """Whether callers may wait while no agent of the queue is signed in."""
    leave_empty_after_sec: int | None
    """How long callers wait while no agent is signed in any more; None: as long as any."""
    when_empty: CallerDestination | None
    """Where callers go without an agent; None: the call ends."""
    overflow: CallerDestination | None
    """Where callers go after the longest wait (`max_wait_sec`); None: the call ends."""
    divert_to: CallerDestination | None
    """Where callers go while the strategy is 4, divert; None: the call is refused."""
    locked: CallerDestination | None
    """Where callers go while the strategy is 99, locked; None: the call ends."""
    agent_selector: str | None
    """How an idle agent is chosen; None: longest_idle."""
    skills: list[SkillNeeded]
    """Skills that an agent needs, all of them."""
    skills_for_sec: int | None
    """For how long of a wait they are needed; None: always."""
    preferred_agent_days: int | None
    """Callers are offered first to the agent who talked with their number last, within so many days, if that agent
    serves the queue; None: to nobody in particular."""
    preferred_agent_patience_sec: int
    """For how long they wait for that agent alone."""
    recording: str
    recording_announcement: str | None
    """Whether calls are recorded: all or off."""
    inbound_reserve: int | None
    """Idle agents that outbound campaigns leave; None: as many as callers wait."""
    ring_timeout_sec: int
    """How long the phone of an agent rings."""
    auto_pause_after: int | None
    """Missed calls in a row after which an agent is paused; None: never."""
    announce_wait: bool
    """Whether callers who hear their position hear the expected wait too."""
    announce_every_sec: int
    """The least time from one announcement to the next."""
    language: str | None
    """The language of prompts; None: that of the tenant's country."""
    service_level_sec: int
    """The wait up to which a call counts as answered in time."""
    callback_offered: bool
    """Whether callers who wait may ask to be called back."""
    callback_key: str
    """The key by which they ask."""
    callback_mode: str
    """Which side the queue calls first: agent_first or customer_first."""
    callback_expires_sec: int
    """How long a callback holds; not longer than the queue is open."""
    vip_head_start_sec: int
    """Callers of a VIP queue are served as if they had arrived so much earlier."""
    menu_id: int | None
    """The keypad menu that callers of the queue's number hear first; None: none."""


class QueueSettingsChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings to change, all or none; others stay as they are."""

    name: str | UnsetType = msgspec.field(name="callinName", default=UNSET)
    strategy: int | UnsetType = UNSET
    """1 normal, 2 VIP, 3 blacklist, 4 divert, 99 temporarily locked."""
    moh_file_id: str | UnsetType | None = msgspec.field(name="moh_file_id", default=UNSET)
    """The file played as music on hold."""
    max_wait_sec: int | UnsetType | None = msgspec.field(name="max_wait_sec", default=UNSET)
    """The maximum wait in seconds; 0: no limit."""
    announce_position: bool | UnsetType | None = msgspec.field(name="announce_position", default=UNSET)
    number: str | UnsetType | None = msgspec.field(name="callinNumber", default=UNSET)
    """The number that callers dial."""
    max_length: int | UnsetType | None = UNSET
    """The most callers that wait; None: no limit."""
    when_full: CallerDestination | UnsetType | None = UNSET
    """Where callers go who arrive when so many wait; None: the call ends."""
    join_empty: bool | UnsetType = UNSET
    """Whether callers may wait while no agent of the queue is signed in."""
    leave_empty_after_sec: int | UnsetType | None = UNSET
    """How long callers wait while no agent is signed in any more; None: as long as any."""
    when_empty: CallerDestination | UnsetType | None = UNSET
    """Where callers go without an agent; None: the call ends."""
    overflow: CallerDestination | UnsetType | None = UNSET
    """Where callers go after the longest wait (`max_wait_sec`); None: the call ends."""
    divert_to: CallerDestination | UnsetType | None = UNSET
    """Where callers go while the strategy is 4, divert; None: the call is refused."""
    locked: CallerDestination | UnsetType | None = UNSET
    """Where callers go while the strategy is 99, locked; None: the call ends."""
    agent_selector: str | UnsetType | None = UNSET
    """How an idle agent is chosen; None: longest_idle."""
    skills: Sequence[SkillNeeded] | UnsetType = UNSET
    """Skills that an agent needs, all of them."""
    skills_for_sec: int | UnsetType | None = UNSET
    """For how long of a wait they are needed; None: always."""
    preferred_agent_days: int | UnsetType | None = UNSET
    """Callers are offered first to the agent who talked with their number last, within so many days, if that agent
    serves the queue; None: to nobody in particular."""
    preferred_agent_patience_sec: int | UnsetType = UNSET
    """For how long they wait for that agent alone."""
    recording: str | UnsetType = UNSET
    recording_announcement: str | UnsetType | None = UNSET
    """Whether calls are recorded: all or off."""
    inbound_reserve: int | UnsetType | None = UNSET
    """Idle agents that outbound campaigns leave; None: as many as callers wait."""
    ring_timeout_sec: int | UnsetType = UNSET
    """How long the phone of an agent rings."""
    auto_pause_after: int | UnsetType | None = UNSET
    """Missed calls in a row after which an agent is paused; None: never."""
    announce_wait: bool | UnsetType = UNSET
    """Whether callers who hear their position hear the expected wait too."""
    announce_every_sec: int | UnsetType = UNSET
    """The least time from one announcement to the next."""
    language: str | UnsetType | None = UNSET
    """The language of prompts; None: that of the tenant's country."""
    service_level_sec: int | UnsetType = UNSET
    """The wait up to which a call counts as answered in time."""
    callback_offered: bool | UnsetType = UNSET
    """Whether callers who wait may ask to be called back."""
    callback_key: str | UnsetType = UNSET
    """The key by which they ask."""
    callback_mode: str | UnsetType = UNSET
    """Which side the queue calls first: agent_first or customer_first."""
    callback_expires_sec: int | UnsetType = UNSET
    """How long a callback holds; not longer than the queue is open."""
    vip_head_start_sec: int | UnsetType = UNSET
    """Callers of a VIP queue are served as if they had arrived so much earlier."""
    menu_id: int | UnsetType | None = UNSET
    """The keypad menu that callers of the queue's number hear first; None: none."""
