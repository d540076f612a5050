"""A reader's process: standard input is the body, a file; standard output gets frames."""

import sys

import msgspec

from tongdai.files import process
from tongdai.files.frames import write_all
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


def main() -> None:
    task = msgspec.json.decode(sys.argv[1], type=Task)
    out = sys.stdout.buffer
    with process.reading(task.limits, task.parent, out):
        reader = read(sys.stdin.buffer, task.body_format, task.limits, task.country, updates=task.updates)
        write_all(out, reader, CHUNK, TOTALS)


if __name__ == "__main__":
    main()
