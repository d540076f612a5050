"""Where the files of recordings are: a small interface, and a folder on a disk that implements it.

A file is complete from the first instant that it can be found by its key, and durable when `put` returns.
"""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from tongdai.runtime.disk import free_mb

PIECE = 256 * 1024
FOLDER = "recordings"
"""Below the data directory, unless a setting names another folder."""


class Storage(Protocol):
    @property
    def work(self) -> Path:
        """A folder for files that will be put here."""
        ...

    def free_mb(self) -> int: ...

    async def put(self, key: str, file: Path) -> None:
        """Take a file over, in place of one with that key."""
        ...

    async def read(self, key: str, first: int, count: int) -> AsyncGenerator[bytes] | None:
        """So many bytes of a file from `first` on, in pieces; None: there is no such file."""
        ...

    async def delete(self, key: str) -> None:
        """Idempotent."""
        ...


class DiskStorage:
    """Implements `Storage` with a folder; keys are paths in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def work(self) -> Path:
        folder = self._private() / "work"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def free_mb(self) -> int:
        return free_mb(self._private())

    def _private(self) -> Path:
        """The folder, which nobody else may enter."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._folder

    async def put(self, key: str, file: Path) -> None:
        await asyncio.to_thread(self._put, key, file)

    def _put(self, key: str, file: Path) -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        _sync(file)
        file.replace(path)
        for folder in (path.parent, *path.parent.parents):  # those that were made now, too
            _sync(folder)
            if folder == self._folder:
                break

    async def read(self, key: str, first: int, count: int) -> AsyncGenerator[bytes] | None:
        path = self._path(key)
        return _pieces(path, first, count) if await asyncio.to_thread(path.exists) else None

    async def delete(self, key: str) -> None:
        with suppress(FileNotFoundError):
            await asyncio.to_thread(self._path(key).unlink)

    def _path(self, key: str) -> Path:
        path = self._folder / key
        assert ".." not in path.parts, "a key is a path below the folder"
        return path


async def _pieces(path: Path, first: int, count: int) -> AsyncGenerator[bytes]:
    """Opened when the first one is taken: a HEAD takes none."""
    with await asyncio.to_thread(path.open, "rb") as file:
        await asyncio.to_thread(file.seek, first)
        while count > 0 and (piece := await asyncio.to_thread(file.read, min(count, PIECE))):
            count -= len(piece)
            yield piece


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def storage_in(data_dir: str, folder: str | None) -> DiskStorage:
    """The storage by the settings `data_dir` and `recordings_dir`."""
    return DiskStorage(Path(data_dir) / FOLDER if folder is None else Path(folder))
