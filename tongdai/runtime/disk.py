"""Disks that are full, or will be."""

import errno
import os
from pathlib import Path

MB = 1024 * 1024
FULL = frozenset((errno.ENOSPC, errno.EDQUOT))
"""The errors of a full disk."""


def free_mb(folder: Path) -> int:
    """Free space of the disk that a folder is on."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize // MB


def is_full(error: BaseException) -> bool:
    """Whether an error says that the disk is full."""
    return isinstance(error, OSError) and error.errno in FULL
