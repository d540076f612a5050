"""A new cluster for a stopped data directory, which takes the place of its own at once or not at all.

    lock the data directory ─▶ `restore/`: a cluster with a server of its own ─▶ the caller fills it ─▶ stop it
      ─▶ exchange.complete ─▶ exchange.finish ─▶ unlock

While it is locked nothing else starts on the data directory. When the block fails, or the process is killed before
`complete`, the data directory is as it was; after `complete` the next start does the rest (exchange.py). A server that
a killed process leaves behind shuts down by itself, and is waited for before its folder is used again.
"""

import asyncio
import errno
import os
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tongdai.db.embedded import exchange, server
from tongdai.db.embedded.cluster import ensure_folder, write_private
from tongdai.errors import OperatorError

PASSWORD = "postgres.password"  # noqa: S105 - a file's name


@dataclass(slots=True)
class Replacement:
    dsn: str
    """The DSN of an empty database."""
    _beside: Path
    former: Path | None = None
    """Where the former cluster is, once this one is in its place."""

    def put_beside(self, name: str, content: bytes) -> None:
        """Have a file of the data directory replaced with the cluster."""
        write_private(self._beside / name, content)


@asynccontextmanager
async def replacement(data_dir: Path, postgres_bin: Path | None) -> AsyncGenerator[Replacement]:
    """A database that becomes the data directory's when the block ends without an exception.

    Raises OperatorError when the data directory is in use.
    """
    data_dir = ensure_folder(data_dir)
    lock = await server.own(data_dir)
    try:
        scratch = data_dir / exchange.SCRATCH
        if exchange.is_complete(data_dir):
            exchange.finish(data_dir)
        await _discard(scratch)
        (scratch / exchange.BESIDE).mkdir(mode=0o700, parents=True)
        scratch.chmod(0o711)
        try:
            with suppress(FileNotFoundError):
                # One password for both clusters, so that neither needs its own beside it.
                write_private(scratch / PASSWORD, (data_dir / PASSWORD).read_bytes())
            running = await server.start(scratch, postgres_bin)
            try:
                new = Replacement(running.dsn, scratch / exchange.BESIDE)
                yield new
            finally:
                await running.stop()
            if not (data_dir / PASSWORD).exists():
                new.put_beside(PASSWORD, (scratch / PASSWORD).read_bytes())
            exchange.complete(data_dir)
        except BaseException as error:
            full = isinstance(error, Exception) and _was_full(scratch)
            shutil.rmtree(scratch, ignore_errors=True)
            if full:
                raise OperatorError(f"the disk of {data_dir} is full: what was there before is unchanged") from None
            raise
        new.former = exchange.finish(data_dir)
    finally:
        lock.close()


def _was_full(scratch: Path) -> bool:
    """Whether PostgreSQL found the disk full; what it says to its clients may only be that it ended."""
    with suppress(OSError):
        log = (scratch / "postgres.log").read_text(errors="replace")
        return os.strerror(errno.ENOSPC) in log or "Check free disk space" in log
    return False


async def _discard(scratch: Path) -> None:
    """Delete what an interrupted restore left, once its server has ended."""
    if await asyncio.to_thread(scratch.exists):
        (await server.own(scratch)).close()
        shutil.rmtree(scratch)
