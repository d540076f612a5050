"""A reader's process: standard input is the body, a file; standard output gets frames."""

import sys

import msgspec

from tongdai.files import process
from tongdai.files.frames import write_all, write_frame
from tongdai.imports.readers import BodyFormat, Limits, read
from tongdai.imports.readers.ipc import CHUNK, TOTALS


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
    looks: bool = False
    """Whether only the columns are asked for, which come instead of the totals."""


def main() -> None:
    task = msgspec.json.decode(sys.argv[1], type=Task)
    out = sys.stdout.buffer
    with process.reading(task.limits, task.parent, out):
        if task.looks:
            from tongdai.imports.readers.look import look  # noqa: PLC0415 - most of these processes read a file

            found = look(sys.stdin.buffer, task.body_format, task.limits)
            write_frame(out, TOTALS, msgspec.json.encode(found))
        else:
            reader = read(sys.stdin.buffer, task.body_format, task.limits, task.country, updates=task.updates)
            write_all(out, reader, CHUNK, TOTALS)


if __name__ == "__main__":
    main()
