"""Hold music and announcements of one caller. Pure."""

from dataclasses import dataclass, field
from enum import Enum, auto

from tongdai.queues.prompts.core import Announced
from tongdai.queues.sounds.model import QueueSounds

IDS = 4
"""Playbacks of a caller have ids in turn, so that whoever takes over can stop any of them."""
AT_ONCE = 2
"""How many, with ids in turn, a process may leave: that a key means nothing is said before the next greeting."""


class Kind(Enum):
    MUSIC = auto()
    ANNOUNCEMENT = auto()


@dataclass(slots=True)
class Playing:
    playback_id: str
    kind: Kind
    since: float
    """By the monotonic clock."""
    over_at: float
    """When its end is overdue, by the monotonic clock."""


@dataclass(slots=True)
class HoldAudio:
    """Hold music and announcements of one caller."""

    wanted: bool = False
    """The caller waits, and is to hear something."""
    unknown: bool = False
    """The process before may have left anything playing."""
    sounds: QueueSounds = field(default_factory=QueueSounds)
    music_name: str | None = None
    """The hold music of the queue, by name."""
    class_on: bool = False
    """A class of the switch's music plays."""
    playing: Playing | None = None
    """The playback while the caller waits."""
    named: dict[str, str] = field(default_factory=dict[str, str])
    """Other playbacks that are not over: their names in the core, by id."""
    played: int = 0
    """The number of playbacks so far."""
    music_s: float = 0.0
    """Where to continue in the file of the music."""
    unplayable: bool = False
    """The switch could not play the file of the music."""
    heard: Announced = field(default_factory=Announced)
