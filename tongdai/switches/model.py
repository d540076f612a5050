"""Switches: the Asterisks and the simulated switch, each led by one process, and what the leaders report."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tongdai.ids import SwitchId

DEFAULT = SwitchId(1)
DEFAULT_NAME = "default"
BEAT_S = 1.0
"""How often a leader writes its heartbeat."""
DEAD_AFTER = timedelta(seconds=10)
"""A leader without a heartbeat for so long counts as not running. The heartbeat of a busy leader may be late by
seconds."""


class Kind(StrEnum):
    ASTERISK = "asterisk"
    SIMULATED = "simulated"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A leader's report on itself and its switch."""

    kind: Kind
    connected: bool
    description: str
    """The name that the switch gives itself."""
    app: str
    """The Stasis application."""
    host: str
    """The host on which the leader runs."""
    live_calls: int
    """The calls of all tenants."""
    placed_10s: int
    """Originates in the last 10 seconds."""


@dataclass(frozen=True, slots=True)
class Switch:
    """A switch as its leader last reported it."""

    switch_id: SwitchId
    name: str
    kind: Kind | None
    """None: nobody has led it yet."""
    description: str | None
    app: str | None
    host: str | None
    connected: bool
    """The state at the last heartbeat."""
    alive_at: datetime | None
    """The last heartbeat; None: there was none."""
    running: bool
    """Whether that is recent, by the database's clock."""
    live_calls: int
    placed_10s: int

    @property
    def up(self) -> bool:
        """Whether its leader runs and is connected with it."""
        return self.running and self.connected
