"""Processes that read files: what a hostile one does to memory and processor is done to them alone."""

import asyncio
import errno
import gc
import os
import resource
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import IO

import structlog

from tongdai.errors import ApiError, InvalidInput
from tongdai.files.frames import REFUSED, write_frame
from tongdai.files.limits import Limits
from tongdai.runtime import os_process
from tongdai.runtime.disk import is_full
from tongdai.runtime.turns import Turns

log = structlog.get_logger()

FOLDER = "spool"
"""Below the data directory, for files that are being read."""
NICE = 10
"""How much less urgent such a process is than the one that answers requests, from its first instant."""
READERS, READERS_EACH = 2, 1
"""Such processes at once, and those of one tenant."""
CPU_S = 600
"""Seconds of computing after which a file is given up."""
TOO_MUCH = 3
"""The exit code when memory has run out."""

NO_ROOM = 5
"""The exit code when the disk is full."""

turns = Turns(READERS, READERS_EACH)
"""Whoever runs one holds a turn of its tenant."""


def bound(memory_mb: int, cpu_s: int = CPU_S) -> None:
    """Bound this process: allocating more memory ends with a MemoryError, or at once where that cannot be reported."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 5))
    if sys.platform == "linux":
        size = memory_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


@contextmanager
def reading(limits: Limits, parent: int, out: IO[bytes]) -> Generator[None]:
    """Bound this process, a reader's, for the block, which writes frames, and end it after that.

    InvalidInput becomes the last frame. `parent`: the pid of the process that waits for the frames.
    """
    os_process.die_with_parent(signal.SIGKILL, parent)
    bound(limits.memory_mb)
    # Rows are garbage without circles, and a collector that looks for such takes a third of the time.
    gc.disable()
    try:
        try:
            yield
        except InvalidInput as error:
            write_frame(out, REFUSED, error.message.encode())
        out.flush()
    except MemoryError:
        os._exit(TOO_MUCH)  # there is no memory to say it with
    except OSError as error:
        if not is_full(error):
            raise
        os._exit(NO_ROOM)
    # Rows may point into the file, and what is left of a refusal's traceback to them: no taking apart.
    os._exit(0)


def too_much(limits: Limits) -> str:
    """The message for a file of rows that takes more than its reader has."""
    return f"The file takes more than {limits.memory_mb} MB of memory or {CPU_S} s to read: send it in parts, or as CSV"


async def run(module: str, task: str, file: IO[bytes], out: IO[bytes], message: str, refused: int = 0) -> int:
    """Run a module, with one argument, from its beginning to its end; return its exit code, 0 or `refused`.

    InvalidInput, with that message, when the file takes more memory or time than the process has.
    """
    file.seek(0)
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, task, stdin=file, stdout=out)
    with suppress(ProcessLookupError):  # it has ended
        os.setpriority(os.PRIO_PROCESS, process.pid, os.getpriority(os.PRIO_PROCESS, 0) + NICE)
    try:
        code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code in {TOO_MUCH, -signal.SIGABRT, -signal.SIGXCPU}:
        raise InvalidInput(message)
    if code == NO_ROOM:
        raise OSError(errno.ENOSPC, "a reader found the disk full")
    if code not in {0, refused}:
        log.error("reader failed", code=code)
        raise ApiError("System error")
    return code
