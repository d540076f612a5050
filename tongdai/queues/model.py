"""Inbound queues. Pure."""

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from msgspec import UNSET, UnsetType

from tongdai.ids import AgentId, CampaignId, QueueId

MAX_NAME = 255
MAX_NUMBER = 32
MAX_WAIT_S = 86400


class Strategy(IntEnum):
    """The strategy by which a queue is managed."""

    NORMAL = 1
    VIP = 2
    BLACKLIST = 3
    DIVERT = 4
    LOCKED = 99


@dataclass(frozen=True, slots=True)
class InboundQueue:
    queue_id: QueueId
    name: str
    number: str | None
    """The number that callers dial to reach the queue."""
    strategy: Strategy
    moh_file: str | None
    """File name of the hold music."""
    max_wait_s: int | None
    """0 and None are no limit."""
    announce_position: bool | None
    agent_selector: str | None


class References(NamedTuple):
    """The agents and campaigns that refer to a queue, by id; the first few when there are many."""

    agents: list[AgentId]
    campaigns: list[CampaignId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The fields of a queue that a request changes; UNSET leaves a field as it is, None clears it."""

    strategy: Strategy | UnsetType = UNSET
    moh_file: str | UnsetType | None = UNSET
    max_wait_s: int | UnsetType | None = UNSET
    announce_position: bool | UnsetType | None = UNSET
