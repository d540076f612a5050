"""Disk space for files that clients send: refused before the disk is full, and no tenant has more than its share.

The folder of these files is in the data directory, whose disk the embedded database is on, too. Below `min_free_mb`
uploads are refused, so that calls, which need little, continue; below half of it imports wait as well (engine).
A tenant's files that are being received and read in one API worker have at most `tenant_spool_mb`.
"""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tongdai.errors import InsufficientStorage
from tongdai.ids import TenantId
from tongdai.runtime.disk import MB, free_mb
from tongdai.settings.declarations import Settings

_used: Counter[TenantId] = Counter()
"""Bytes that files of each tenant have in this process."""


def require_room(settings: Settings) -> None:
    """Raise InsufficientStorage when the disk is short of space."""
    free = free_mb(Path(settings.data_dir))
    if free < settings.min_free_mb:
        raise InsufficientStorage(f"The server is short of disk space ({free} MB): nothing was stored")


class Share:
    """The part of its tenant's space that one request has."""

    def __init__(self, settings: Settings, tenant_id: TenantId, *, floor: bool = True) -> None:
        self._settings, self._tenant_id, self._floor = settings, tenant_id, floor
        self.bytes = 0

    def grow_to(self, size: int) -> None:
        """Have so many bytes in all. InsufficientStorage when that is more than the share or the disk has."""
        if self._floor:
            require_room(self._settings)
        more, limit_mb = size - self.bytes, self._settings.tenant_spool_mb
        if _used[self._tenant_id] + more > limit_mb * MB:
            raise InsufficientStorage(f"Uploads of this tenant already have {limit_mb} MB: wait for these")
        _used[self._tenant_id] += more
        self.bytes = size

    def end(self) -> None:
        _used[self._tenant_id] -= self.bytes
        if not _used[self._tenant_id]:
            del _used[self._tenant_id]


@contextmanager
def share_of(settings: Settings, tenant_id: TenantId, *, floor: bool = True) -> Generator[Share]:
    """Within the block the request may have files. InsufficientStorage when the disk is short of space.

    Without `floor` these are taken as long as there is any.
    """
    if floor:
        require_room(settings)
    share = Share(settings, tenant_id, floor=floor)
    try:
        yield share
    finally:
        share.end()
