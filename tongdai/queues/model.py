"""Inbound queues."""

from dataclasses import dataclass
from enum import Enum, IntEnum, auto
from typing import Final, NamedTuple

from tongdai.ids import AgentId, CampaignId, QueueId

MAX_NAME = 255
MAX_NUMBER = 32
MAX_WAIT_S = 86400


class Strategy(IntEnum):
    """How a queue is managed."""

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
    """The number called to reach it."""
    strategy: Strategy
    moh_file: str | None
    """Hold music, a file name."""
    max_wait_s: int | None
    """0 and None: no limit."""
    announce_position: bool | None
    agent_selector: str | None


class Users(NamedTuple):
    """Who refers to a queue, by id; of many the first few."""

    agents: list[AgentId]
    campaigns: list[CampaignId]


class _Keep(Enum):
    KEEP = auto()


KEEP: Final = _Keep.KEEP
"""In a change: leave the field as it is. None would clear it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The fields that a request sends, and no others."""

    strategy: Strategy | _Keep = KEEP
    moh_file: str | _Keep | None = KEEP
    max_wait_s: int | _Keep | None = KEEP
    announce_position: bool | _Keep | None = KEEP
