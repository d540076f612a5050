"""A reader's process: standard input is the body, a file; standard output gets frames."""

import gc
import os
import signal
import sys
from typing import BinaryIO

import msgspec

from tongdai.errors import InvalidInput
from tongdai.files.process import NO_ROOM, TOO_MUCH, bound
from tongdai.imports.readers import BodyFormat, Limits, read
from tongdai.imports.readers.ipc import CHUNK, REFUSED, TOTALS, encode_chunk, write_frame
from tongdai.runtime import os_process
from tongdai.runtime.disk import is_full


class Task(msgspec.Struct):
    """The one argument, in JSON."""

    body_format: BodyFormat
    limits: Limits
    country: str
    """Numbers are read in it."""
    parent: int
    """The pid of the process that waits for the answer: without it there is nothing to do."""
    updates: bool = False
    """Whether rows update contacts that are there."""


def main() -> None:
    task = msgspec.json.decode(sys.argv[1], type=Task)
    os_process.die_with_parent(signal.SIGKILL, task.parent)
    bound(task.limits.memory_mb)
    # Rows are garbage without circles, and a collector that looks for such takes a third of the time.
    gc.disable()
    out = sys.stdout.buffer
    try:
        _tell(task, out)
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


def _tell(task: Task, out: BinaryIO) -> None:
    chunks = read(sys.stdin.buffer, task.body_format, task.limits, task.country, updates=task.updates)
    while True:
        try:
            write_frame(out, CHUNK, encode_chunk(next(chunks)))
        except StopIteration as end:
            write_frame(out, TOTALS, msgspec.json.encode(end.value))
            out.flush()
            return


if __name__ == "__main__":
    main()
