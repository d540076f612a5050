"""The task of the process that mixes, and its result."""

import msgspec

UNREADABLE = 4
"""The exit code when a side is no sound that is expected."""
NO_SOUND = 6
"""The exit code when neither side has any."""
MEMORY_MB, CPU_S = 1024, 600


class MixTask(msgspec.Struct):
    """The argument of the process, in JSON."""

    parent: int
    """The pid of the process that waits."""
    sides: list[str]
    """Files of the customer and of the others; one that does not exist is silence."""
    out: str
    """The file to write."""
    format: str
    """`mp3` or `wav`."""
    memory_mb: int = MEMORY_MB
    cpu_s: int = CPU_S
