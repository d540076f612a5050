"""The topics that a live stream has sent, and the event that says what is new. Pure.

There is an event twice a second. It has the topics that changed, and says when each was read: data that did not change
are as young as their last reading, and a reader who hears nothing knows how old they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import msgspec


class Topic(StrEnum):
    QUEUES = "queues"
    AGENTS = "agents"
    CAMPAIGNS = "campaigns"
    ME = "me"
    """The user's own agent, and the call that the agent has."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A topic as it was read."""

    at: datetime
    data: msgspec.Raw
    """JSON, encoded once for all streams that send it, each of which compares it with what it has sent."""


@dataclass(slots=True)
class Sent:
    """The data that one stream has sent."""

    data: dict[Topic, msgspec.Raw] = field(default_factory=dict[Topic, msgspec.Raw])

    def event(self, readings: Mapping[Topic, Reading], now: datetime) -> dict[str, object]:
        """The data of the event of the readings."""
        changed = {topic: one.data for topic, one in readings.items() if self.data.get(topic) != one.data}
        self.data |= changed
        read_at = {str(topic): reading.at for topic, reading in readings.items()}
        return {"now": now, "readAt": read_at, **{str(topic): data for topic, data in changed.items()}}
