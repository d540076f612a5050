"""A reader's process: standard input is the body, a file; standard output gets frames."""

import gc
import os
import resource
import signal
import sys
from typing import BinaryIO

import msgspec

from tongdai import os_process
from tongdai.errors import InvalidInput
from tongdai.imports.readers import BodyFormat, Limits, read
from tongdai.imports.readers.ipc import CHUNK, REFUSED, TOTALS, encode_chunk, write_frame

CPU_S = 600
"""Seconds of computing after which a file is given up."""
TOO_MUCH = 3
"""The exit code when memory has run out."""


class Task(msgspec.Struct):
    """The one argument, in JSON."""

    body_format: BodyFormat
    limits: Limits
    country: str
    """Numbers are read in it."""
    parent: int
    """The pid of the process that waits for the answer: without it there is nothing to do."""


def main() -> None:
    task = msgspec.json.decode(sys.argv[1], type=Task)
    os_process.die_with_parent(signal.SIGKILL, task.parent)
    _bound(task.limits.memory_mb)
    # Rows are garbage without circles, and a collector that looks for such takes a third of the time.
    gc.disable()
    out = sys.stdout.buffer
    try:
        _tell(task, out)
    except InvalidInput as error:
        write_frame(out, REFUSED, error.message.encode())
    except MemoryError:
        os._exit(TOO_MUCH)  # there is no memory to say it with
    out.flush()
    # Rows may point into the file, and what is left of a refusal's traceback to them: no taking apart.
    os._exit(0)


def too_much(limits: Limits) -> str:
    """Why a file is refused whose process ended so, or was ended by SIGABRT or SIGXCPU."""
    return f"The file takes more than {limits.memory_mb} MB of memory or {CPU_S} s to read: send it in parts, or as CSV"


def _tell(task: Task, out: BinaryIO) -> None:
    chunks = read(sys.stdin.buffer, task.body_format, task.limits, task.country)
    while True:
        try:
            write_frame(out, CHUNK, encode_chunk(next(chunks)))
        except StopIteration as end:
            write_frame(out, TOTALS, msgspec.json.encode(end.value))
            return


def _bound(memory_mb: int) -> None:
    """Bound memory: allocating more ends with a MemoryError, or at once where that cannot be reported."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 5))
    if sys.platform == "linux":
        size = memory_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


if __name__ == "__main__":
    main()
