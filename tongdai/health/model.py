"""State of the parts that the work of a tenant needs, by what the database and the disk show. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

WAITS_LONG = timedelta(seconds=60)
"""An import that nobody processes for so long waits long."""


class Part(StrEnum):
    """A thing that the work of a tenant needs, in the order in which faults are to be corrected."""

    DISK = "disk"
    TELEPHONY = "telephony"
    """The process that leads the tenant's switch: it answers callers, dials, and connects agents."""
    SWITCH = "switch"
    """Its connection to the switch."""
    DIALING = "dialing"
    IMPORTS = "imports"


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    """Work is delayed, or soon will be."""
    FAILED = "failed"
    """Work is not done."""
    UNKNOWN = "unknown"
    """Another fault hides it."""


class Reason(StrEnum):
    DISK_LOW = "disk_low"
    DISK_FULL = "disk_full"
    NO_TELEPHONY = "no_telephony"
    NO_SWITCH = "no_switch"
    DIALING_HELD = "dialing_held"
    IMPORTS_WAIT = "imports_wait"


MESSAGES = {
    Reason.DISK_LOW: "The server's disk is nearly full: uploads are refused. Free space, or add a larger disk.",
    Reason.DISK_FULL: "The server's disk is full: imports wait, too. Free space, or add a larger disk.",
    Reason.NO_TELEPHONY: "No process leads the switch: no call is answered or placed. Start tongdai serve, and "
    "read its log.",
    Reason.NO_SWITCH: "The server has no connection to the switch: no call is answered or placed. Start the "
    "Asterisk, and check its address, user and password in the settings.",
    Reason.DIALING_HELD: "Nothing is dialled until an operator releases it: tongdai dialing status tells why.",
    Reason.IMPORTS_WAIT: "Imports wait and none is processed. If that lasts, start tongdai serve, and read its log.",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts that findings are made of."""

    free_mb: int
    """Free space of the disk of the data directory of the process that answers."""
    min_free_mb: int
    """Below this uploads are refused; below half of it imports wait."""
    led: bool
    """Whether a process leads the tenant's switch."""
    connected: bool
    """Whether it was connected to the switch at its last heartbeat."""
    held: bool
    """Whether nothing is dialled."""
    waiting: timedelta | None
    """How long the tenant's import has waited that waits longest while nobody processes it; None: none does."""


@dataclass(frozen=True, slots=True)
class Finding:
    part: Part
    state: State
    reason: Reason | None = None
    """None: it works, or nobody can know."""


def findings(seen: Seen) -> list[Finding]:
    """The state of every part, in the order of Part."""
    return [_disk(seen), _telephony(seen), _switch(seen), _dialing(seen), _imports(seen)]


def worst(found: Sequence[Finding]) -> State:
    """The state of the whole. What is unknown is hidden by a fault that counts itself."""
    states = {one.state for one in found}
    return next((state for state in (State.FAILED, State.WARNING) if state in states), State.OK)


def _disk(seen: Seen) -> Finding:
    if seen.free_mb < seen.min_free_mb / 2:
        return Finding(Part.DISK, State.FAILED, Reason.DISK_FULL)
    if seen.free_mb < seen.min_free_mb:
        return Finding(Part.DISK, State.WARNING, Reason.DISK_LOW)
    return Finding(Part.DISK, State.OK)


def _telephony(seen: Seen) -> Finding:
    if seen.led:
        return Finding(Part.TELEPHONY, State.OK)
    return Finding(Part.TELEPHONY, State.FAILED, Reason.NO_TELEPHONY)


def _switch(seen: Seen) -> Finding:
    if not seen.led:
        return Finding(Part.SWITCH, State.UNKNOWN)
    return Finding(Part.SWITCH, State.OK) if seen.connected else Finding(Part.SWITCH, State.FAILED, Reason.NO_SWITCH)


def _dialing(seen: Seen) -> Finding:
    if seen.held:
        return Finding(Part.DIALING, State.FAILED, Reason.DIALING_HELD)
    return Finding(Part.DIALING, State.OK if seen.led and seen.connected else State.UNKNOWN)


def _imports(seen: Seen) -> Finding:
    if seen.waiting is not None and seen.waiting >= WAITS_LONG:
        return Finding(Part.IMPORTS, State.WARNING, Reason.IMPORTS_WAIT)
    return Finding(Part.IMPORTS, State.OK)
