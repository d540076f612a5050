"""The beat file: the last beat that was acknowledged, kept in the data directory, outside the database.

`dialing/<switch>.json`, replaced as a whole with each beat. It says of which file it is the content: a copy, as of a
restored data directory, says so of another. Inode numbers are taken again soon, so their generation is in it too, where
the file system has one. A file system that makes inode numbers up at each mount is not asked.
"""

import fcntl
import os
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from tongdai.dialing.model import MISSING, Identity, Remembered

log = structlog.get_logger()

FOLDER = "dialing"
_GET_GENERATION = 0x80087601  # FS_IOC_GETVERSION
_INVENTED = ("fuse", "9p", "virtiofs", "vboxsf")
"""Prefixes of types of file systems whose inode numbers do not last."""


class _Content(msgspec.Struct):
    beat: int
    system_identifier: int | None
    database_oid: int | None
    timeline: int | None
    file: str
    """The file's identity when it was written."""


@dataclass(frozen=True, slots=True)
class Found:
    remembered: Remembered | None
    file: str
    """Identifies the file; MISSING when there is none that can be read."""
    copied: bool


class BeatFile:
    def __init__(self, data_dir: Path, switch: str) -> None:
        self._path = data_dir / FOLDER / f"{switch}.json"
        self._file_system: str | None = None
        """Its type, once it was asked for."""

    def read(self) -> Found:
        try:
            with self._path.open("rb") as file:
                content = msgspec.json.decode(file.read(), type=_Content)
                own = self._identified(file.fileno())
        except FileNotFoundError:
            return Found(None, MISSING, copied=False)
        except (OSError, msgspec.DecodeError) as error:
            log.warning("beat file not read", path=str(self._path), error=str(error))
            return Found(None, MISSING, copied=False)
        identity = Identity(content.system_identifier, content.database_oid, content.timeline)
        return Found(Remembered(content.beat, identity), own, copied=content.file != own)

    def write(self, beat: Remembered) -> None:
        """Replace the file; what is there after a power failure is whole. Raises OSError."""
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        new = self._path.with_suffix(".new")
        with suppress(FileNotFoundError):
            new.unlink()  # its inode may be the present file's
        fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            of = beat.identity
            own = self._identified(fd)
            content = _Content(beat.beat, of.system_identifier, of.database_oid, of.timeline, own)
            os.write(fd, msgspec.json.encode(content))
            os.fsync(fd)
        finally:
            os.close(fd)
        new.replace(self._path)

    def _identified(self, fd: int) -> str:
        if self._file_system is None:
            self._file_system = _type_of_file_system(self._path.parent)
        if self._file_system.startswith(_INVENTED):
            return "unknown"
        generation = bytearray(struct.calcsize("l"))
        if sys.platform == "linux":
            with suppress(OSError):  # a file system without
                fcntl.ioctl(fd, _GET_GENERATION, generation)
        return f"{os.fstat(fd).st_ino}:{int.from_bytes(generation, sys.byteorder)}"


def _type_of_file_system(folder: Path) -> str:
    """By the mount that the folder is on; "" where it cannot be found out."""
    device = folder.stat().st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    with suppress(OSError):
        for line in Path("/proc/self/mountinfo").read_text().splitlines():
            before, _, after = line.partition(" - ")
            if before.split()[2] == wanted:
                return after.split()[0]
    return ""
