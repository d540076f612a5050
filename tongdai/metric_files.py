"""The files in which a process keeps its metrics, so that a full disk never ends it.

prometheus_client maps a file into memory that has a size and no blocks yet. Writing to such a page on a full disk ends
the process (SIGBUS). Here blocks are allocated before a page is written; if there are none, what is new is counted in
memory, where the process itself sees it and `/metrics` does not, until the process is restarted.
"""

import mmap
import os
import struct
from contextlib import suppress
from typing import Any, cast

from prometheus_client import mmap_dict, values

_INITIAL_BYTES = 64 * 1024


class AllocatedDict(mmap_dict.MmapedDict):
    """A file of values whose blocks are allocated."""

    _capacity: int
    _used: int
    _m: Any
    _f: Any

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        super().__init__(filename if read_mode else _allocated(filename), read_mode)

    def _init_value(self, key: str) -> None:
        needed = self._used + struct.calcsize("i") + len(key.encode()) + 8 + struct.calcsize("dd")
        if needed > self._capacity:
            self._grow(2 * self._capacity)
        cast("Any", super())._init_value(key)  # noqa: SLF001 - of the class that this one extends

    def _grow(self, size: int) -> None:
        try:
            os.posix_fallocate(self._f.fileno(), 0, size)
            self._m = mmap.mmap(self._f.fileno(), size)
        except OSError:
            grown = mmap.mmap(-1, size)
            grown[: self._used] = self._m[: self._used]
            self._m = grown
        self._capacity = size


def _allocated(filename: str) -> str:
    """A file of that name with blocks for the first values, or one in memory."""
    with suppress(OSError), open(filename, "a+b") as file:  # noqa: PTH123 - as the library opens it
        try:
            os.posix_fallocate(file.fileno(), 0, _INITIAL_BYTES)
        except OSError:
            os.unlink(filename)  # noqa: PTH108 - an empty file would break /metrics
        else:
            return filename
    descriptor = os.memfd_create(os.path.basename(filename))  # noqa: PTH119
    return f"/proc/self/fd/{descriptor}"


def install() -> None:
    """Have metrics that are created from now on use such files (Linux: elsewhere there is no allocation ahead)."""
    if hasattr(os, "posix_fallocate") and hasattr(os, "memfd_create"):
        cast("Any", values).MmapedDict = AllocatedDict
